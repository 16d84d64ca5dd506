"""score: samples are drawn once, features are extracted once, and every metric is computed from them, base beside
finetuned.
"""

import hashlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, Literal, Protocol

from pydantic import Field

from hubkit.data import CaptionedImages
from hubkit.data.transforms import PREPROCESSING, square
from hubkit.devices import device, free
from hubkit.errors import IntegrityError
from hubkit.extractors import Extractor
from hubkit.families import Family
from hubkit.progress import say, track
from hubkit.sampling import Samples, Shot, draw, study
from hubkit.training import TrainedModel
from hubkit.values import Record, Settings, fingerprint, sha256_of, write_atomically

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

FORMAT: Final = 1
EXTRACTED_AT_ONCE: Final = 16
GROUPS: Final = 20
"""Of the delete-a-group jackknife."""
FEW_FEATURES: Final = 256
"""Up to so many features any metric is cheap enough for a jackknife."""
CONFIDENT: Final = 1.96
"""Standard errors around a difference that cover it in 95 of 100 cases."""
HOLDOUT_SEEDS: Final = 10_000
"""Seeds of the held-out captions begin here, those of the card's pictures at 0."""


class Gate(Settings):
    """What a score must meet for the model to be published. A score that is not finite meets no gate."""

    better_than: Literal["base"] | None = Field(None, description="Better than the base model's score.")
    within: float | None = Field(None, ge=0, description="At most this much worse than the base model's score.")
    at_least: float | None = Field(None, description="At least this.")
    at_most: float | None = Field(None, description="At most this.")

    def problems(self) -> Iterator[tuple[str, str]]:
        """What is wrong between the keys of this table."""
        if not self.model_fields_set:
            yield "", "demands nothing: say one of better_than, within, at_least, at_most"
        if self.better_than and self.within is not None:
            yield "within", "contradicts better_than = 'base': a score is either better, or at most so much worse"
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            yield "at_least", f"contradicts at_most = {self.at_most}: no score is both"


class Sample(Record):
    """One picture that was drawn: its prompt, its seed, and the file, relative to the run folder."""

    prompt: str
    seed: int
    file: str
    sha256: str


class Score(Record):
    """One number, with everything that makes it comparable, and the base's number beside it."""

    metric: str = Field(description="Name with its protocol, such as 'fid@122' or 'fd[mini-clip]'.")
    kind: str = Field(description="Of the metric in the recipe.")
    value: float
    base: float
    difference_error: float | None = Field(
        None, description="Standard error of value - base, where the metric has one."
    )
    better: Literal["higher", "lower"]
    n: int
    scale: str = Field(description="Unit in words, such as '100 * cosine'.")
    extractor: str
    extractor_revision: str
    settings: dict[str, str | int | float]
    reference: dict[str, str | int] = Field(
        description="Repo, revision, split and rows the samples are compared to; empty without one."
    )
    notes: tuple[str, ...] = ()
    gate: str | None = Field(None, description="The gate in words.")
    gate_met: bool | None = None


class Scores(Record):
    """What the scoring stage leaves behind: the pictures of both models from the same prompts and seeds, and the
    scores.
    """

    finetuned: tuple[Sample, ...] = Field(description="The card's pictures: subjects x templates, in this order.")
    base: tuple[Sample, ...] = Field(description="The same prompts and seeds drawn by the base.")
    templates: tuple[str, ...]
    subjects: tuple[str, ...]
    scores: tuple[Score, ...]
    sampling: dict[str, str | int | float] = Field(
        description="Steps, guidance scale, scheduler, size: how every picture was drawn."
    )

    @property
    def unmet(self) -> tuple[Score, ...]:
        """The scores whose gate is not met."""
        return tuple(score for score in self.scores if score.gate_met is False)


@dataclass(frozen=True)
class Features:
    """What a metric sees of a set of pictures: their features (N, D), and those of their prompts where the extractor
    knows words.
    """

    images: "Tensor"
    captions: "Tensor | None" = None

    def without(self, group: int) -> "Features":
        """All but every twentieth picture, beginning with `group`."""
        import torch

        kept = torch.arange(len(self.images)) % GROUPS != group
        return Features(self.images[kept], None if self.captions is None else self.captions[kept])


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


@dataclass(frozen=True)
class Drawn:
    """The pictures of one model: the card's, and those of the held-out captions."""

    study: Sequence[Path]
    holdout: Sequence[Path]


def score(
    model: Family, metrics: Sequence[Metric], samples: Samples, trained: TrainedModel, images: CaptionedImages,
    folder: Path,
) -> Scores:  # fmt: skip
    """Draw the same prompts from the same seeds with the base and with the finetuned, and compute every metric on
    both.
    """
    made_from = fingerprint(FORMAT, model, list(metrics), samples, sorted(trained.weights.items()), images)
    if (done := Scores.load(folder / "scores.json", made_from)) and all(
        (folder / one.file).is_file() for one in done.finetuned
    ):
        return done
    rows = images.holdout[: samples.holdout]
    shots = [Shot(images.captions[row], samples.seed + HOLDOUT_SEEDS + number) for number, row in enumerate(rows)]
    key = fingerprint(samples, sorted(trained.weights.items()), images.revision, rows)[:12]
    resolution = images.source.resolution
    pictures = {
        who: draw_both(model, weights, shots, samples, resolution, folder / "samples" / key / who)
        for who, weights in (("base", model.fetch()), ("finetuned", trained.folder))
    }
    reference = [square(images.picture(row).open(), images.source, None) for row in images.holdout] if rows else []
    shelf = Shelf(folder / "features")
    scores = [
        measure(metric, shelf, [shot.prompt for shot in shots], pictures, reference, images, samples)
        for metric in metrics
        if rows
    ]
    for one in scores:
        say(f"{one.metric}: base {one.base:.4g} | finetuned {one.value:.4g} ({verdict(one)}, n = {one.n})")
    found = Scores(
        finetuned=recorded(study(samples), pictures["finetuned"].study, folder),
        base=recorded(study(samples), pictures["base"].study, folder),
        templates=samples.templates,
        subjects=samples.subjects,
        scores=tuple(scores),
        sampling=samples.facts(resolution),
    )
    found.save(folder / "scores.json", made_from)
    return found


def draw_both(
    model: Family, weights: Path, shots: Sequence[Shot], samples: Samples, resolution: int, folder: Path
) -> Drawn:  # fmt: skip
    """The card's pictures and the held-out captions' pictures of one model."""
    pipeline = model.pipeline(weights, device=device())
    drawn = Drawn(
        draw(pipeline, study(samples), samples, resolution, folder / "study"),
        draw(pipeline, shots, samples, resolution, folder / "holdout"),
    )
    del pipeline
    free()
    return drawn


def measure(
    metric: Metric, shelf: "Shelf", prompts: Sequence[str], pictures: Mapping[str, Drawn], reference: "Sequence[Image]",
    images: CaptionedImages, samples: Samples,
) -> Score:  # fmt: skip
    """One metric on both models, with the standard error of their difference and the gate."""
    extractor = metric.see()
    captions = shelf.captions(extractor, prompts) if metric.reads_captions else None
    real = Features(shelf.images(extractor, reference))
    finetuned = Features(shelf.images(extractor, opened(pictures["finetuned"].holdout)), captions)
    base = Features(shelf.images(extractor, opened(pictures["base"].holdout)), captions)
    n = len(prompts)
    held_out = {
        "dataset": images.name,
        "revision": images.revision,
        "split": f"{images.source.split}, held out by seed",
        "rows": len(reference),
        "preparation": PREPROCESSING,
    }
    drawing = {"first_seed": samples.seed + HOLDOUT_SEEDS, "prompts": "held-out captions"}
    measured = Score(
        metric=metric.name(extractor, n),
        kind=metric.kind,
        value=metric.value(finetuned, real),
        base=metric.value(base, real),
        difference_error=difference_error(metric, finetuned, base, real),
        better=metric.better,
        n=n,
        scale=metric.scale,
        extractor=extractor.source,
        extractor_revision=extractor.revision,
        settings={**samples.facts(images.source.resolution), **drawing, "resize": extractor.preprocessing},
        reference={} if metric.reads_captions else held_out,
        notes=metric.notes(n, finetuned.images.shape[1], extractor.truncated(prompts) if metric.reads_captions else 0),
    )
    return gated(metric.gate, measured)


def difference_error(metric: Metric, finetuned: Features, base: Features, real: Features) -> float | None:
    """The standard error of `value - base` by a delete-a-group jackknife over held-out rows (Kott, 2001).

    Both models draw the same prompts from the same latents, so a group is left out of both at once, and of the
    reference rows it belongs to.
    A bootstrap would not do: rows drawn twice bring back the small-sample bias of a distance between distributions.
    None where there are too few rows, or where forty values take too long.
    """
    rows, features = finetuned.images.shape
    if rows < 2 * GROUPS or (features > FEW_FEATURES and not metric.resampled):
        return None
    left_out = [
        metric.value(finetuned.without(group), real.without(group))
        - metric.value(base.without(group), real.without(group))
        for group in range(GROUPS)
    ]
    centre = sum(left_out) / GROUPS
    return math.sqrt((GROUPS - 1) / GROUPS * sum((value - centre) ** 2 for value in left_out))


def verdict(score: Score) -> str:
    """What the difference to the base amounts to, in words."""
    if not math.isfinite(score.value) or not math.isfinite(score.base):
        return "not a number"
    difference = score.value - score.base
    if score.difference_error is None:
        return "not tested"
    if abs(difference) <= CONFIDENT * score.difference_error:
        return "no measurable change"
    return "better" if (difference > 0) == (score.better == "higher") else "worse"


def gated(gate: Gate | None, score: Score) -> Score:
    """The score with its gate judged. A comparison with something that is not a number is False, so such a score
    meets no gate.
    """
    if gate is None:
        return score
    sign = 1.0 if score.better == "higher" else -1.0
    ahead = sign * (score.value - score.base)
    demands: list[tuple[str, Callable[[], bool]]] = []
    if gate.better_than is not None:
        demands.append(("better than the base", lambda: ahead > 0))
    if gate.within is not None:
        demands.append((f"at most {gate.within:g} worse than the base", lambda: ahead >= -(gate.within or 0.0)))
    if gate.at_least is not None:
        demands.append((f"at least {gate.at_least:g}", lambda: score.value >= (gate.at_least or 0.0)))
    if gate.at_most is not None:
        demands.append((f"at most {gate.at_most:g}", lambda: score.value <= (gate.at_most or 0.0)))
    met = math.isfinite(score.value) and all(demand() for _, demand in demands)
    return score.model_copy(update={"gate": " and ".join(words for words, _ in demands), "gate_met": met})


@dataclass(frozen=True)
class Shelf:
    """Features that were extracted before, by the hash of what was looked at and of who looked."""

    folder: Path

    def images(self, extractor: Extractor, images: "Sequence[Image]") -> "Tensor":
        """Features of pictures, (N, D). Raises IntegrityError where one is not finite."""
        identity = [f"{image.size} {hashlib.sha256(image.tobytes()).hexdigest()}" for image in images]
        return self._kept(extractor, identity, lambda part: extractor.images([images[number] for number in part]))

    def captions(self, extractor: Extractor, captions: Sequence[str]) -> "Tensor":
        """Features of captions, (N, D)."""
        return self._kept(
            extractor, list(captions), lambda part: extractor.captions([captions[number] for number in part])
        )

    def _kept(self, extractor: Extractor, identity: Sequence[str], extract: "Callable[[range], Tensor]") -> "Tensor":
        import torch
        from safetensors.torch import load_file, save

        key = fingerprint(FORMAT, extractor.name, extractor.revision, extractor.preprocessing, list(identity))
        path = self.folder / f"{key}.safetensors"
        if path.is_file():
            known: Tensor = load_file(path)["features"]
            return known
        starts = range(0, len(identity), EXTRACTED_AT_ONCE)
        parts = [
            extract(range(start, min(start + EXTRACTED_AT_ONCE, len(identity))))
            for start in track(starts, f"looking through {extractor.name}", len(starts))
        ]
        features = torch.cat(parts).float().contiguous()
        if bad := [number for number, row in enumerate(features) if not torch.isfinite(row).all()]:
            raise IntegrityError(f"{extractor.name} gives picture {bad[0]} features that are not finite")
        write_atomically(path, save({"features": features}))
        return features


def opened(files: Sequence[Path]) -> "list[Image]":
    """The saved PNGs as 8-bit RGB."""
    from PIL import Image

    images = []
    for file in files:
        with Image.open(file, formats=("PNG",)) as image:
            images.append(image.convert("RGB"))
    return images


def recorded(shots: Sequence[Shot], files: Sequence[Path], folder: Path) -> tuple[Sample, ...]:
    """The pictures with their prompts, seeds and hashes."""
    return tuple(
        Sample(prompt=shot.prompt, seed=shot.seed, file=str(file.relative_to(folder)), sha256=sha256_of(file))
        for shot, file in zip(shots, files, strict=True)
    )
