"""What a card says, chapter by chapter, from the facts of a run."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from hubkit.card.escaping import Markdown, code
from hubkit.card.metadata import Licence, is_rehearsal, of_release
from hubkit.card.pictures import in_words
from hubkit.card.sections import Bullets, Code, Part, Picture, Section, Table, Words, joined
from hubkit.data import CaptionedImages
from hubkit.metrics import METRICS
from hubkit.recipe import Recipe
from hubkit.scoring import Sample, Score, Scores, verdict
from hubkit.training import TrainedModel

MINUTE: Final = 60
HOUR: Final = 3600
KIBI: Final = 1024


@dataclass(frozen=True)
class Facts:
    """Everything a card may speak of."""

    recipe: Recipe
    images: CaptionedImages
    model: TrainedModel
    scores: Scores
    model_id: str
    snippet: str
    proof: Sample
    gallery: Sequence[tuple[Sample, str]]
    """Samples and the paths of their pictures in the release."""
    safety_checker: bool
    """Whether the pipeline brings its base's."""

    @property
    def dataset(self) -> str:
        """The dataset's name as a card gives it."""
        return self.images.name

    @property
    def licence(self) -> Licence:
        """What the release comes under."""
        model = self.model
        base = Licence(model.base_license, model.base_license_name, model.base_license_link)
        return of_release(base, self.images.license)


def card(facts: Facts) -> Section:
    """The whole card below its metadata."""
    stamp = [Words("rehearsal", {"resolution": facts.images.source.resolution})] if is_rehearsal(facts.recipe) else []
    opening = Words(
        "opening",
        {
            "base": code(facts.model.base),
            "dataset": code(facts.dataset),
            "pictures": len(facts.images.train),
            "steps": facts.model.steps,
            "resolution": facts.images.source.resolution,
        },
    )
    return Section(
        facts.recipe.name,
        [*stamp, opening, *gallery(facts)],
        [before_and_after(facts), usage(facts), *scores(facts), training(facts), data(facts), licence(facts),
         limitations(facts), reproduction(facts)],
    )  # fmt: skip


def gallery(facts: Facts) -> Iterator[Part]:
    """The pictures that stand alone, over their prompts."""
    pictures = [Markdown(Picture(path, sample.prompt).render()) for sample, path in facts.gallery]
    if pictures:
        yield Table(pictures, [[sample.prompt for sample, _ in facts.gallery]])


def before_and_after(facts: Facts) -> Section:
    """The grid."""
    sampling = facts.scores.sampling
    return Section(
        "Before and after",
        [
            Picture("images/before-after.png", in_words(facts.scores)),
            Words("before_and_after", {"sampling": joined([f"{key} = {value}" for key, value in sampling.items()])}),
        ],
    )


def usage(facts: Facts) -> Section:
    """The code that was executed, and the picture it gave."""
    return Section(
        "Usage",
        [
            Code(facts.snippet, "python"),
            Picture("images/usage.png", facts.proof.prompt),
            Words("usage", {"prompt": facts.proof.prompt, "seed": facts.proof.seed}),
            Words("usage_checked" if facts.safety_checker else "usage_unchecked"),
            *([Words("usage_fp16")] if facts.recipe.publish.fp16 else []),
        ],
    )


BETTER: Final = {"higher": "↑", "lower": "↓"}
"""Which way is better."""


def scores(facts: Facts) -> Iterator[Section]:
    """Every score beside the base's, and what it means."""
    found = facts.scores.scores
    if not found:
        return
    table = Table(
        ["score", "base", "finetuned", "difference", "n", "verdict"],
        [score_row(score) for score in found],
        numbers=range(1, 5),
    )
    yield Section("Scores", [Words("scores", {"n": found[0].n}), table, Bullets([*map(meaning, found)])])


def score_row(score: Score) -> list[str]:
    """One line of the table."""
    error = f" ± {score.difference_error:.2g}" if score.difference_error is not None else ""
    return [
        f"{score.metric} {BETTER[score.better]}",
        number(score.base),
        number(score.value),
        f"{score.value - score.base:+.3g}{error}" if math.isfinite(score.value - score.base) else "",
        str(score.n),
        verdict(score),
    ]


def meaning(score: Score) -> Markdown:
    """What a number is, with its paper, what it was seen through, what it was held against, and its gate."""
    metric: Any = METRICS[score.kind]
    gate = {None: "none", True: f"{score.gate}: met", False: f"{score.gate}: not met"}[score.gate_met]
    return Markdown(
        Words(
            "meaning",
            {
                "metric": score.metric,
                "sentence": metric.meaning,
                "paper": Markdown(metric.paper),
                "scale": score.scale,
                "extractor": code(score.extractor),
                "revision": code(score.extractor_revision),
                "reference": joined([f"{key} {value}" for key, value in score.reference.items()])
                or Markdown("the prompts themselves"),
                "notes": joined(score.notes) or Markdown("none"),
                "gate": gate,
            },
        ).render()
    )


def training(facts: Facts) -> Section:
    """How it was trained: what was set, and what was measured."""
    model, recipe = facts.model, facts.recipe
    measured = [
        ("base", Markdown(f"{code(model.base)} at {code(model.base_revision)}")),
        ("steps", f"{model.steps:,}"),
        ("examples seen", f"{model.examples:,}"),
        ("weights trained", f"{model.parameters_trained:,}"),
        ("loss, first and last", f"{model.first_loss:.4g}, {model.final_loss:.4g}"),
        ("time", duration(model.seconds)),
        ("examples per second", f"{model.examples_per_second:.2f}"),
        ("peak memory", size(model.peak_memory_bytes)),
        ("hardware", f"{model.processes} x {model.device}"),
        ("versions", joined([f"{name} {version}" for name, version in sorted(model.versions.items())])),
    ]
    return Section(
        "Training",
        [Words("training"), Table(["measured", ""], measured)],
        [Section("Settings", [Table(["setting", "value"], [*settings(recipe)])])],
    )


def settings(recipe: Recipe) -> Iterator[tuple[str, str]]:
    """Every hyperparameter, defaults too, by its name in the recipe."""
    for table in ("method", "training"):
        yield from flat(table, getattr(recipe, table).model_dump(mode="json"))


def flat(prefix: str, values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Nested tables as dotted keys."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from flat(f"{prefix}.{key}", value)
        else:
            yield f"{prefix}.{key}", "not set" if value is None else str(value)


def data(facts: Facts) -> Section:
    """What it learnt from."""
    images = facts.images
    widths, heights = zip(*images.sizes, strict=True) if images.sizes else ((0,), (0,))
    rows = [
        ("dataset", code(facts.dataset)),
        ("revision", code(images.revision)),
        ("pictures the training saw", len(images.train)),
        ("held out for the scores, never trained on", len(images.holdout)),
        ("left out as unreadable", len(images.skipped)),
        ("width in pixels", f"{min(widths)} to {max(widths)}, median {median(widths):g}"),
        ("height in pixels", f"{min(heights)} to {max(heights)}, median {median(heights):g}"),
        ("trained at", f"{images.source.resolution} pixels, {images.source.crop} crop"),
        ("licence", images.license or "none stated"),
    ]
    return Section("Data", [Table(["fact", ""], rows)])


def licence(facts: Facts) -> Section:
    """Whose terms the weights and the pictures come under."""
    base = facts.model.base_license_name or facts.model.base_license
    shared = facts.licence.id
    of_base = Words("licence_base", {"base": code(facts.model.base), "licence": code(base or "")})
    of_data = Words("licence_data", {"dataset": code(facts.dataset), "licence": code(facts.images.license or "")})
    return Section(
        "Licence",
        [
            of_base if base else Words("licence_base_missing", {"base": code(facts.model.base)}),
            of_data if facts.images.license else Words("licence_data_missing", {"dataset": code(facts.dataset)}),
            *([Words("licence_shared", {"licence": code(shared)})] if shared != facts.model.base_license else []),
        ],
    )


def limitations(facts: Facts) -> Section:
    """What a reader must not expect, each for a reason that is in the facts."""
    said = {
        "pictures": len(facts.images.train),
        "dataset": code(facts.dataset),
        "resolution": facts.images.source.resolution,
        "base": code(facts.model.base),
    }
    found = facts.scores.scores
    measured = Words("limits_scores", {"n": found[0].n}) if found else Words("limits_no_scores")
    safety = Words("limits_checked" if facts.safety_checker else "limits_unchecked")
    rest = {"measured": Markdown(measured.render()), "safety": Markdown(safety.render())}
    return Section("Limitations", [Words("limits", {**said, **rest})])


def reproduction(facts: Facts) -> Section:
    """How to make it again."""
    own = [] if facts.images.source.repo else [Words("reproduction_own_pictures", {"folder": facts.dataset})]
    version = facts.model.versions.get("hubkit-publisher", "")
    alike = Words("reproduction_cpu" if facts.model.device.startswith("CPU") else "reproduction_gpu")
    return Section("How to reproduce", [Words("reproduction", {"version": version}), alike, *own])


def number(value: float) -> str:
    """Four digits; the full value stands in the lock."""
    return f"{value:.4g}" if math.isfinite(value) else "not a number"


def duration(seconds: float) -> str:
    """In the units a person would use."""
    whole = round(seconds)
    if whole < MINUTE:
        return f"{seconds:.1f} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE} s"
    return f"{whole // HOUR} h {whole % HOUR // MINUTE} min"


def size(count: float) -> str:
    """Bytes in the unit that fits."""
    for unit in ("B", "KiB", "MiB"):
        if count < KIBI:
            return f"{count:.4g} {unit}"
        count /= KIBI
    return f"{count:.4g} GiB"
