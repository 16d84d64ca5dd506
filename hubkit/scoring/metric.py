"""What scoring asks of a metric."""

from typing import ClassVar, Literal, Protocol

from hubkit.extractors import Extractor
from hubkit.scoring.features import Features
from hubkit.scoring.values import Gate


class Metric(Protocol):
    """What scoring asks of a metric. `value` is pure: drawing, extraction, caching, errors and gates are done here
    for all of them.
    """

    kind: str
    gate: Gate | None
    better: ClassVar[Literal["higher", "lower"]]
    meaning: ClassVar[str]
    """A sentence or two for those who read the card."""
    scale: ClassVar[str]
    resampled: ClassVar[bool]
    """Whether `value` is cheap enough for a jackknife over any number of features."""
    reads_captions: ClassVar[bool]
    panels: ClassVar[tuple[str, ...]]
    """Names of the panels it looks at; one score comes from each."""

    def see(self) -> Extractor:
        """What it wants to see through."""
        ...

    def name(self, extractor: Extractor, n: int) -> str:
        """The number's name with its protocol."""
        ...

    def notes(self, n: int, features: int, cut: int) -> tuple[str, ...]:
        """What a reader must know of a number over `n` pictures with that many features each, `cut` of whose captions
        were too long to be read whole.
        """
        ...

    def value(self, samples: Features, reference: Features) -> float:
        """The number for drawn pictures, held against the held-out ones."""
        ...

    def among(self, reference: Features) -> float | None:
        """The number for real pictures, held against one another: a ceiling or a floor. None where there is none."""
        ...
