"""Panels: sets of prompts and seeds that both models draw, and the real pictures they are held against."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, ClassVar, Final, Protocol

from hubkit.data import CaptionedImages, Source
from hubkit.data.pull import open_row
from hubkit.data.transforms import square
from hubkit.randomness import permutation
from hubkit.sampling import Samples, Shot
from hubkit.scoring.features import Look

if TYPE_CHECKING:
    from PIL.Image import Image

TRAINED_ON: Final = "training"
"""The panel of captions that were trained on."""
MOST_TRAINED_ON: Final = 64
"""Its pictures, at most. It stands beside the held-out ones for comparison, and costs as much to draw."""
OF_CAPTIONS: Final = ("holdout", TRAINED_ON)
"""Names of the panels that every method has."""
HOLDOUT_SEEDS: Final = 10_000
"""Seeds of the held-out captions begin here, those of the card's pictures at 0."""
TRAINING_SEEDS: Final = 1_000_000
"""Seeds of the training captions begin here."""


@dataclass(frozen=True)
class Panel:
    """Pictures that both models draw from the same seeds; `name` tells the metrics which it is."""

    name: str
    words: str
    """What its prompts are, for the card: 'held-out captions'."""
    shots: tuple[Shot, ...]
    texts: tuple[str, ...]
    """What each picture ought to show, for metrics that read: the prompt, with a trained token in the words it
    stands for.
    """
    rows: tuple[int, ...]
    """Dataset rows of the real pictures the drawn ones are held against; where `paired`, row k is shot k's own."""
    paired: bool
    base_shots: tuple[Shot, ...] | None = None
    """What the base draws where the finetuned's prompts would mean nothing to it: same seeds, other words."""

    @property
    def shots_of_base(self) -> tuple[Shot, ...]:
        """What the base draws."""
        return self.shots if self.base_shots is None else self.base_shots


@dataclass(frozen=True)
class Laid:
    """A panel with all its pictures laid out to be looked at."""

    panel: Panel
    base: Sequence[Look]
    finetuned: Sequence[Look]
    real: Sequence[Look]
    """Those the drawn ones are held against, row by row of the panel's rows."""
    others: Sequence[Look] = ()
    """As many real pictures of the training, where a metric compares sets."""
    training: Sequence[Look] = ()
    """Those that are searched, where a metric searches, and after them their mirrors where the training saw such."""
    training_rows: Sequence[int] = ()
    """Dataset rows of those."""


class Shows(Protocol):
    """What scoring asks of a method: the panels that show what was taught, and what ought to have stayed."""

    offers: ClassVar[tuple[str, ...]]
    """Names of its panels."""

    def panels(self, images: CaptionedImages, samples: Samples) -> Sequence[Panel]:
        """Beyond the captions' own; none where the captions say it all."""
        ...

    def plain(self, prompt: str) -> str:
        """A prompt as a scorer may read it, which never heard of a token that was learnt."""
        ...


def panels(method: Shows, images: CaptionedImages, samples: Samples) -> dict[str, Panel]:
    """Every panel there is to look at, by name."""
    own = [
        of_captions("holdout", "held-out captions", images, images.holdout, samples, HOLDOUT_SEEDS),
        of_captions(TRAINED_ON, "training captions", images, some_trained_on(images), samples, TRAINING_SEEDS),
    ]
    return {panel.name: panel for panel in (*own, *method.panels(images, samples)) if panel.shots}


def some_trained_on(images: CaptionedImages) -> list[int]:
    """Rows of the training, drawn by the seed: those of a dataset may be sorted."""
    order = permutation(images.source.seed, "training panel", 0, len(images.train))
    return [images.train[place] for place in order[:MOST_TRAINED_ON]]


def of_captions(
    name: str, words: str, images: CaptionedImages, rows: Sequence[int], samples: Samples, first_seed: int
) -> Panel:  # fmt: skip
    """The captions of rows as prompts, `samples.holdout` at most, each from a seed of its own."""
    captions = [images.captions[row] for row in rows[: samples.holdout]]
    shots = [Shot(caption, samples.seed + first_seed + number) for number, caption in enumerate(captions)]
    return Panel(name, words, tuple(shots), tuple(captions), tuple(rows), paired=True)


def real_pictures(images: CaptionedImages, rows: Sequence[int]) -> list[Look]:
    """The rows' pictures, prepared as the training saw them but with nothing left to chance."""
    return [_look(f"row {row} of {images.name}", images, row, mirrored=False) for row in rows]


def mirrored_pictures(images: CaptionedImages, rows: Sequence[int]) -> list[Look]:
    """The same, mirrored."""
    return [_look(f"row {row} of {images.name}, mirrored", images, row, mirrored=True) for row in rows]


def _look(name: str, images: CaptionedImages, row: int, *, mirrored: bool) -> Look:
    identity = _identity(images.source, images.revision, row, mirrored=mirrored)
    return Look(identity, name, partial(_prepared, images.source, images.revision, row, mirrored=mirrored))


@cache  # many metrics and candidates look at the same pictures, and decoding them to know them takes long
def _identity(source: Source, revision: str, row: int, *, mirrored: bool) -> str:
    """The hash of the pixels that are looked at."""
    image = _prepared(source, revision, row, mirrored=mirrored)
    return hashlib.sha256(f"{image.size}".encode() + image.tobytes()).hexdigest()


def _prepared(source: Source, revision: str, row: int, *, mirrored: bool) -> "Image":
    from PIL import ImageOps

    image = square(open_row(source, revision, row), source, None)
    return ImageOps.mirror(image) if mirrored else image
