"""One metric on one panel: what it sees of both models' pictures, and what it makes of that."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hubkit.data import CaptionedImages
from hubkit.data.transforms import PREPROCESSING
from hubkit.extractors import Extractor
from hubkit.randomness import permutation
from hubkit.sampling import Sampler
from hubkit.scoring.bench import Bench, Drawn
from hubkit.scoring.features import Features
from hubkit.scoring.intervals import spread
from hubkit.scoring.metric import Metric
from hubkit.scoring.panels import Panel, real_pictures
from hubkit.scoring.searching import Searches, pictures_to_search, rows_to_search, searched
from hubkit.scoring.values import Score


@dataclass(frozen=True)
class View:
    """All that a metric sees of a panel, through one extractor. Nothing more is drawn or extracted for the score."""

    metric: Metric
    panel: Panel
    extractor: Extractor
    base: Features
    finetuned: Features
    real: Features
    others: Features | None
    """As many real pictures of the training, for metrics that compare sets."""
    files: tuple[str, ...]
    """Of the finetuned model's pictures, relative to the run folder."""
    cut: int
    """How many of the texts are longer than the extractor reads."""


def view(metric: Metric, panel: Panel, bench: Bench, base: Drawn, finetuned: Drawn, images: CaptionedImages) -> View:
    """Look at a panel. All processes must call it alike."""
    extractor = metric.see()
    texts = bench.read(extractor, panel.texts) if metric.reads_captions else None
    return View(
        metric,
        panel,
        extractor,
        base=Features(bench.see(extractor, bench.looks(base[panel.name])), texts),
        finetuned=Features(bench.see(extractor, bench.looks(finetuned[panel.name])), texts),
        real=Features(
            bench.see(extractor, real_pictures(images, compared(metric, panel, images))),
            texts if panel.paired else None,
            paired=panel.paired,
            training=bench.see(extractor, pictures_to_search(images, metric.at_most))
            if isinstance(metric, Searches)
            else None,
        ),
        others=of_training(bench, extractor, images, len(panel.shots)) if metric.compares_sets else None,
        files=tuple(one.file for one in finetuned[panel.name]),
        cut=extractor.truncated(panel.texts) if metric.reads_captions else 0,
    )


def compared(metric: Metric, panel: Panel, images: CaptionedImages) -> tuple[int, ...]:
    """Rows of the real pictures that a panel's are held against: its own; for a search always held-out ones, whose
    distances to the training are the measure.
    """
    return images.holdout[: metric.at_most] if isinstance(metric, Searches) else panel.rows


def of_training(bench: Bench, extractor: Extractor, images: CaptionedImages, count: int) -> Features:
    """Real pictures that the training saw, drawn by a seed: rows of a dataset may be sorted."""
    order = permutation(images.source.seed, "others", 0, len(images.train))[:count]
    return Features(bench.see(extractor, real_pictures(images, [images.train[place] for place in order])))


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
        **(numbers(seen) if not few else {"value": math.nan, "base": math.nan}),
        withheld=f"{n} pictures are too few for this number: it takes {metric.fewest}" if few else "",
        better=metric.better,
        n=n,
        scale=metric.scale,
        extractor=extractor.source,
        extractor_revision=extractor.revision,
        settings=dict(protocol(panel, extractor, sampler, images)),
        reference={} if metric.reads_captions else reference(compared(metric, panel, images), images),
        notes=metric.notes(n, seen.finetuned.images.shape[1], seen.cut),
    )
    if not isinstance(metric, Searches):
        return found
    return searched(found, seen.finetuned, seen.real, seen.files, rows_to_search(images, metric.at_most))


def numbers(seen: View) -> dict[str, Any]:
    """The value of both models, with intervals, and that of real pictures."""
    metric = seen.metric
    return {
        "value": metric.value(seen.finetuned, seen.real),
        "base": metric.value(seen.base, seen.real),
        "real": metric.among(seen.real, seen.others),
        **vars(spread(metric, seen.finetuned, seen.base, seen.real, seen.panel.texts)),
    }


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
