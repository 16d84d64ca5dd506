"""One metric on one panel: what it sees of both models' pictures, and what it makes of that."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from hubkit.data import CaptionedImages
from hubkit.data.transforms import PREPROCESSING
from hubkit.extractors import Extractor
from hubkit.randomness import permutation
from hubkit.sampling import Sampler
from hubkit.scoring.bench import Bench, Drawn
from hubkit.scoring.features import Features, Look
from hubkit.scoring.intervals import spread
from hubkit.scoring.metric import Metric
from hubkit.scoring.panels import Laid, Panel, real_pictures
from hubkit.scoring.searching import Searches, nearest, pictures_to_search, rows_to_search, searched
from hubkit.scoring.values import Score

if TYPE_CHECKING:
    from torch import Tensor


class Eyes(Protocol):
    """What sees a panel: the bench, or what it left behind."""

    def through(self, metric: Metric) -> Extractor:
        """What a metric looks through."""
        ...

    def see(self, extractor: Extractor, looks: Sequence[Look]) -> "Tensor":
        """Features of pictures, (N, D)."""
        ...

    def read(self, extractor: Extractor, captions: Sequence[str]) -> "Tensor":
        """Features of captions, (N, D)."""
        ...


@dataclass(frozen=True)
class Sight:
    """What a metric sees of a panel: all that its numbers are computed from."""

    metric: Metric
    texts: Sequence[str]
    """What each picture ought to show; pictures of equal texts belong together."""
    base: Features
    finetuned: Features
    real: Features
    others: Features | None
    """As many real pictures of the training, for metrics that compare sets."""

    def numbers(self) -> dict[str, Any]:
        """The value of both models, with intervals, and that of real pictures."""
        metric = self.metric
        return {
            "value": metric.value(self.finetuned, self.real),
            "base": metric.value(self.base, self.real),
            "real": metric.among(self.real, self.others),
            **vars(spread(metric, self.finetuned, self.base, self.real, self.texts)),
        }


@dataclass(frozen=True)
class View(Sight):
    """The same with the pictures, and with what they were looked at through. Nothing more is drawn or extracted for the
    score.
    """

    laid: Laid
    extractor: Extractor
    cut: int
    """How many of the texts are longer than the extractor reads."""

    @property
    def panel(self) -> Panel:
        """What was drawn."""
        return self.laid.panel


def lay(panel: Panel, base: Drawn, finetuned: Drawn, images: CaptionedImages, bench: Bench) -> Laid:
    """All pictures of a panel."""
    return Laid(
        panel, bench.looks(base[panel.name]), bench.looks(finetuned[panel.name]), real_pictures(images, panel.rows)
    )


def for_search(metric: Metric, laid: Laid, images: CaptionedImages) -> Laid:
    """A panel as a metric that searches the training sees it; as it is for any other."""
    if not isinstance(metric, Searches):
        return laid
    rows = rows_to_search(images, metric.at_most)
    return replace(
        laid,
        real=real_pictures(images, compared(metric, laid.panel, images)),
        training=pictures_to_search(images, rows),
        training_rows=rows,
    )


def with_others(laid: Laid, images: CaptionedImages) -> Laid:
    """A panel with as many real pictures that the training saw, drawn by a seed: rows of a dataset may be sorted."""
    order = permutation(images.source.seed, "others", 0, len(images.train))[: len(laid.panel.shots)]
    return replace(laid, others=real_pictures(images, [images.train[place] for place in order]))


def view(metric: Metric, laid: Laid, eyes: Eyes) -> View:
    """Look at a panel. All processes must call it alike."""
    extractor, panel = eyes.through(metric), laid.panel
    texts = eyes.read(extractor, panel.texts) if metric.reads_captions else None
    training = eyes.see(extractor, laid.training) if isinstance(metric, Searches) else None

    def seen(looks: Sequence[Look], captions: "Tensor | None", *, paired: bool = False) -> Features:
        found = eyes.see(extractor, looks)
        near = None if training is None else nearest(found, training, laid.training_rows)
        return Features(found, captions, paired, near)

    return View(
        metric,
        panel.texts,
        base=seen(laid.base, texts),
        finetuned=seen(laid.finetuned, texts),
        real=seen(laid.real, texts if panel.paired else None, paired=panel.paired),
        others=Features(eyes.see(extractor, laid.others)) if metric.compares_sets and laid.others else None,
        laid=laid,
        extractor=extractor,
        cut=extractor.truncated(panel.texts) if metric.reads_captions else 0,
    )


def compared(metric: Metric, panel: Panel, images: CaptionedImages) -> tuple[int, ...]:
    """Rows of the real pictures that a panel's are held against: its own; for a search always held-out ones, whose
    distances to the training are the measure.
    """
    return images.holdout[: metric.at_most] if isinstance(metric, Searches) else panel.rows


def measure(seen: View, sampler: Sampler, images: CaptionedImages) -> Score:
    """The metric of both models, with their intervals and that of their difference; its gate is not judged yet.

    With too few pictures it is withheld: nan, which meets no gate.
    """
    metric, panel, extractor = seen.metric, seen.panel, seen.extractor
    n = len(panel.shots)
    few = n < metric.fewest
    found = Score(
        metric=metric.name(extractor, n) + (f" {panel.name}" if len(metric.panels) > 1 else ""),
        kind=metric.kind,
        panel=panel.name,
        **(seen.numbers() if not few else {"value": math.nan, "base": math.nan}),
        withheld=f"{n} pictures are too few for this number: it takes {metric.fewest}" if few else "",
        better=metric.better,
        n=n,
        scale=metric.scale,
        extractor=extractor.source,
        extractor_revision=extractor.revision,
        settings=dict(protocol(panel, extractor, sampler, images)),
        reference={} if metric.reads_captions else reference(compared(metric, panel, images), images),
        notes=metric.notes(seen.finetuned, seen.cut),
    )
    return searched(found, seen.finetuned, seen.real, seen.laid)


def protocol(
    panel: Panel, extractor: Extractor, sampler: Sampler, images: CaptionedImages
) -> Iterator[tuple[str, str | int | float]]:
    """How the pictures were drawn and looked at."""
    yield from sampler.facts(images.source.resolution).items()
    yield "first_seed", panel.shots[0].seed
    yield "prompts", panel.words
    yield "resize", extractor.preprocessing


def reference(rows: tuple[int, ...], images: CaptionedImages) -> dict[str, str | int]:
    """The real pictures of a panel."""
    held_out = rows == images.holdout[: len(rows)]
    return {
        "dataset": images.name,
        "revision": images.revision,
        "split": f"{images.source.split}, {'held out by seed' if held_out else 'trained on'}",
        "split_hash": images.split,
        "rows": len(rows),
        "preparation": PREPROCESSING,
    }
