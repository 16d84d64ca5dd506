"""score: samples are drawn once, features are extracted once, and every metric is computed from them, base beside
finetuned.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hubkit.data import CaptionedImages
from hubkit.data.transforms import PREPROCESSING
from hubkit.devices import device, free
from hubkit.extractors import Extractor
from hubkit.families import Family
from hubkit.progress import say
from hubkit.sampling import Samples, Shot, draw, study
from hubkit.scoring.features import Features, Shelf, opened
from hubkit.scoring.gates import gated, verdict
from hubkit.scoring.intervals import difference_error
from hubkit.scoring.metric import Metric
from hubkit.scoring.panels import Panel, Shows, panels, real_pictures
from hubkit.scoring.values import Sample, Score, Scores
from hubkit.training import TrainedModel
from hubkit.values import fingerprint, sha256_of

FORMAT: Final = 2
STUDY: Final = "study"
"""Where the card's pictures lie, beside those of the panels."""

Drawn = Mapping[str, Sequence[Path]]
"""One model's pictures, by panel."""


def score(
    model: Family, method: Shows, metrics: Sequence[Metric], samples: Samples, trained: TrainedModel,
    images: CaptionedImages, folder: Path,
) -> Scores:  # fmt: skip
    """Draw the same prompts from the same seeds with the base and with the finetuned, and compute every metric on
    both.
    """
    made_from = fingerprint(FORMAT, model, method, list(metrics), samples, sorted(trained.weights.items()), images)
    if (done := Scores.load(folder / "scores.json", made_from)) and all(
        (folder / one.file).is_file() for one in done.finetuned
    ):
        return done
    looked_at = {name for metric in metrics for name in metric.panels}
    shown = [panel for name, panel in panels(method, images, samples).items() if name in looked_at]
    key = fingerprint(method, samples, sorted(trained.weights.items()), images.revision, images.holdout)[:12]
    resolution = images.source.resolution
    place = folder / "samples" / key
    base = draw_all(model, model.fetch(), shots_of(shown, samples, base=True), samples, resolution, place / "base")
    finetuned = draw_all(
        model, trained.folder, shots_of(shown, samples, base=False), samples, resolution, place / "finetuned"
    )
    bench = Bench(Shelf(folder / "features"), base, finetuned, images, samples)
    scores = [bench.measure(metric, panel) for metric in metrics for panel in shown if panel.name in metric.panels]
    for one in scores:
        say(f"{one.metric}: base {one.base:.4g} | finetuned {one.value:.4g} ({verdict(one)}, n = {one.n})")
    found = Scores(
        finetuned=recorded(study(samples), finetuned[STUDY], folder),
        base=recorded(study(samples), base[STUDY], folder),
        templates=samples.templates,
        subjects=samples.subjects,
        scores=tuple(scores),
        sampling=samples.facts(resolution),
    )
    found.save(folder / "scores.json", made_from)
    return found


def shots_of(shown: Sequence[Panel], samples: Samples, *, base: bool) -> dict[str, Sequence[Shot]]:
    """Everything one model draws: the card's pictures, and those of each panel."""
    return {STUDY: study(samples), **{panel.name: panel.shots_of_base if base else panel.shots for panel in shown}}


def draw_all(
    model: Family, weights: Path, wanted: Mapping[str, Sequence[Shot]], samples: Samples, resolution: int, folder: Path
) -> Drawn:  # fmt: skip
    """All pictures of one model."""
    pipeline = model.pipeline(weights, device=device())
    drawn = {name: draw(pipeline, shots, samples, resolution, folder / name) for name, shots in wanted.items()}
    del pipeline
    free()
    return drawn


@dataclass(frozen=True)
class Bench:
    """Where metrics are computed: the pictures of both models, and the shelf of their features."""

    shelf: Shelf
    base: Drawn
    finetuned: Drawn
    images: CaptionedImages
    samples: Samples

    def measure(self, metric: Metric, panel: Panel) -> Score:
        """One metric on both models, with the standard error of their difference and the gate."""
        extractor = metric.see()
        texts = self.shelf.captions(extractor, panel.texts) if metric.reads_captions else None
        real = Features(self.shelf.images(extractor, real_pictures(self.images, panel.rows)))
        finetuned = Features(self.shelf.images(extractor, opened(self.finetuned[panel.name])), texts)
        base = Features(self.shelf.images(extractor, opened(self.base[panel.name])), texts)
        n = len(panel.shots)
        cut = extractor.truncated(panel.texts) if metric.reads_captions else 0
        measured = Score(
            metric=metric.name(extractor, n) + (f" {panel.name}" if len(metric.panels) > 1 else ""),
            kind=metric.kind,
            panel=panel.name,
            value=metric.value(finetuned, real),
            base=metric.value(base, real),
            difference_error=difference_error(metric, finetuned, base, real),
            real=metric.among(real),
            better=metric.better,
            n=n,
            scale=metric.scale,
            extractor=extractor.source,
            extractor_revision=extractor.revision,
            settings=dict(self.protocol(panel, extractor)),
            reference={} if metric.reads_captions else self.reference(panel),
            notes=metric.notes(n, finetuned.images.shape[1], cut),
        )
        return gated(metric.gate, measured)

    def protocol(self, panel: Panel, extractor: Extractor) -> Iterator[tuple[str, str | int | float]]:
        """How the pictures were drawn and looked at."""
        yield from self.samples.facts(self.images.source.resolution).items()
        yield "first_seed", panel.shots[0].seed
        yield "prompts", panel.words
        yield "resize", extractor.preprocessing

    def reference(self, panel: Panel) -> dict[str, str | int]:
        """The real pictures of a panel."""
        held_out = panel.rows == self.images.holdout[: len(panel.rows)]
        return {
            "dataset": self.images.name,
            "revision": self.images.revision,
            "split": f"{self.images.source.split}, {'held out by seed' if held_out else 'trained on'}",
            "rows": len(panel.rows),
            "preparation": PREPROCESSING,
        }


def recorded(shots: Sequence[Shot], files: Sequence[Path], folder: Path) -> tuple[Sample, ...]:
    """The pictures with their prompts, seeds and hashes."""
    return tuple(
        Sample(prompt=shot.prompt, seed=shot.seed, file=str(file.relative_to(folder)), sha256=sha256_of(file))
        for shot, file in zip(shots, files, strict=True)
    )
