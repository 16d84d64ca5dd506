"""What scoring asks of a metric."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol

from pydantic import Field

from hubkit.extractors import Extractor
from hubkit.scoring.features import Features
from hubkit.scoring.values import Gate, Score
from hubkit.values import Settings

if TYPE_CHECKING:
    from torch import Tensor

OverRows = Callable[["Tensor", "Tensor"], float]
"""The number over some of the rows: which of the drawn pictures stay, (N,), and which of the real ones, (M,), bool."""


class Measure(Settings):
    """What most metrics have in common: a gate that judges all of their panels, nothing to note and nothing to warn
    of.
    """

    ungated: ClassVar[tuple[str, ...]] = ()
    aims_at_real: ClassVar[bool] = False
    over_sets: ClassVar[bool] = False

    gate: Gate | None = Field(None, description="What the score must meet for the model to be published.")

    def notes(self, drawn: Features, cut: int) -> tuple[str, ...]:
        """Nothing to note."""
        return ()

    def worries(self, score: Score) -> Iterator[str]:
        """Nothing to warn of."""
        yield from ()


class Metric(Protocol):
    """What scoring asks of a metric. `value` is pure: drawing, extraction, caching, errors and gates are done here
    for all of them.
    """

    kind: str
    gate: Gate | None
    better: ClassVar[Literal["higher", "lower"]]
    over_sets: ClassVar[bool]
    """Whether its number is of a set as a whole (`parts` gives `OverRows`) rather than a mean over pictures."""
    aims_at_real: ClassVar[bool]
    """Whether a model that draws what it was shown comes out where real pictures do."""
    asks: ClassVar[str]
    """What it measures, in a phrase for those who have never heard of it."""
    meaning: ClassVar[str]
    """A sentence or two for those who read the card."""
    scale: ClassVar[str]
    reads_captions: ClassVar[bool]
    fewest: ClassVar[int]
    """Pictures below which the number would say more of their number than of the model: it is withheld."""
    compares_sets: ClassVar[bool]
    """Whether two sets of real pictures, put in, say how much of the number is chance."""
    panels: ClassVar[tuple[str, ...]]
    """Names of the panels it looks at; one score comes from each."""
    ungated: ClassVar[tuple[str, ...]]
    """Those of them that its gate does not judge: they stand beside the others for comparison."""

    def see(self) -> Extractor:
        """What it wants to see through."""
        ...

    def name(self, extractor: Extractor, n: int) -> str:
        """The number's name with its protocol."""
        ...

    def notes(self, drawn: Features, cut: int) -> tuple[str, ...]:
        """What a reader must know of a number over these drawn pictures, `cut` of whose captions were too long to be
        read whole.
        """
        ...

    def worries(self, score: Score) -> Iterator[str]:
        """What ought to worry a reader of its number beside the base's, in words, with the threshold."""
        ...

    def value(self, samples: Features, reference: Features) -> float:
        """The number for drawn pictures, held against the held-out ones."""
        ...

    def parts(self, samples: Features, reference: Features) -> "Tensor | OverRows":
        """What its interval is made from: where `value` is a mean over pictures, the number of each, (N,), float64;
        otherwise the number over some of the rows, as a function that is cheap to call forty times.
        """
        ...

    def among(self, reference: Features, others: Features | None) -> float | None:
        """The number for real pictures: a ceiling or a floor. None where there is none.

        `reference` are those the drawn ones are held against, with the prompts where each has a real picture of its
        own, the first of them; `others` are as many of the training's as were drawn, where the metric compares sets.
        """
        ...


def judged(metric: Metric) -> set[str]:
    """Names of the panels that its gate judges."""
    return {*metric.panels} - {*metric.ungated}
