"""score: samples are drawn once, features are extracted once, and every metric is computed from them, base beside
finetuned.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from hubkit.data import CaptionedImages
from hubkit.families import Family
from hubkit.processes import turn
from hubkit.progress import say
from hubkit.sampling import Samples, Shot
from hubkit.scoring.bench import Bench, Drawn, Weights
from hubkit.scoring.checks import failures, warned
from hubkit.scoring.gates import judge, verdict
from hubkit.scoring.keeping import FEATURES, PICTURES, keep
from hubkit.scoring.measuring import View, for_search, lay, measure, view, with_others
from hubkit.scoring.metric import Metric
from hubkit.scoring.panels import Laid, Panel, Shows, panels
from hubkit.scoring.searching import copies
from hubkit.scoring.study import CARD, PromptStudy, Seen, lay_drawn, see, shots_of_study, studied
from hubkit.scoring.values import Dial, Scores, Study, Took
from hubkit.training import TrainedModel
from hubkit.values import fingerprint, sha256_of

FORMAT: Final = 7
TOOK: Final = "scoring.json"
"""In a run folder: how long it took."""


class Plan(Protocol):
    """What scoring asks of a recipe."""

    @property
    def model(self) -> Family:
        """The base."""
        ...

    @property
    def method(self) -> Shows:
        """What shows what was taught."""
        ...

    @property
    def metrics(self) -> Sequence[Metric]:
        """What is measured."""
        ...

    @property
    def samples(self) -> Samples:
        """What is drawn, and how."""
        ...

    @property
    def study(self) -> PromptStudy | None:
        """Whether templates are held against one another, and how."""
        ...


@dataclass(frozen=True)
class Looked:
    """What both models drew, and what the metrics see of it: all that the numbers are computed from."""

    base: Drawn
    finetuned: Drawn
    laid: Sequence[Laid]
    views: Sequence[View]
    study: Seen | None


def score(
    plan: Plan, trained: TrainedModel, images: CaptionedImages, folder: Path, dial: Dial | None = None
) -> Scores:  # fmt: skip
    """Draw the same prompts from the same seeds with the base and with the finetuned, and compute every metric on
    both. Other processes of a launch call `look` meanwhile, with the same arguments. `dial` is what the weights were
    held against before.
    """
    if done := scored(plan, trained, images, folder, dial):
        return done
    began = time.monotonic()
    looked = look(plan, trained, images, folder)
    rows = keep(looked.laid, looked.views, looked.study, folder)
    scores = [warned(measure(seen, plan.samples, images), seen.metric, seen.cut) for seen in looked.views]
    found = Scores(
        finetuned=looked.finetuned[CARD],
        base=looked.base[CARD],
        templates=plan.samples.templates,
        subjects=plan.samples.subjects,
        scores=scores,
        sampling=plan.samples.facts(images.source.resolution),
        study=studied(looked.study) if looked.study else None,
        dial=dial,
        failures=(*failures(plan.metrics, scores, rows), *copies(scores, plan.metrics)),
        measurements={name: sha256_of(folder / name) for name in (PICTURES, FEATURES)},
    )
    found = judge(found, plan.metrics, None)
    tell(found)
    key = made_from(plan, trained, images, dial)
    weights = fingerprint(sorted(trained.weights.items()))
    before = Took.load(folder / TOOK, weights)  # of the same pictures, some were drawn then
    seconds = time.monotonic() - began + (before.seconds if before else 0.0)
    Took(seconds=seconds, pictures=len(rows), processes=turn()[1]).save(folder / TOOK, weights)
    found.save(folder / "scores.json", key)
    return found


def scored(
    plan: Plan, trained: TrainedModel, images: CaptionedImages, folder: Path, dial: Dial | None = None
) -> Scores | None:  # fmt: skip
    """The scores of exactly this, where they and the card's pictures are there already."""
    done = Scores.load(folder / "scores.json", made_from(plan, trained, images, dial))
    there = [one.file for one in (*done.finetuned, *done.base)] + list(done.measurements) if done else []
    return done if all((folder / name).is_file() for name in there) else None


def made_from(plan: Plan, trained: TrainedModel, images: CaptionedImages, dial: Dial | None) -> str:
    """What decides the scores."""
    weights = sorted(trained.weights.items())
    return fingerprint(
        FORMAT, plan.model, plan.method, list(plan.metrics), plan.samples, plan.study, weights, images, dial
    )


def look(plan: Plan, trained: TrainedModel, images: CaptionedImages, folder: Path) -> Looked:
    """Draw all there is to draw, and look at it. Shared by the processes of a launch, which all must call it."""
    bench = Bench(plan.model, plan.samples, images.source.resolution, folder)
    shown = panels_of(plan, images)
    base = bench.draw(Weights.of_base(plan.model), shots_of(plan, shown, base=True))
    finetuned = bench.draw(Weights.of_trained(trained), shots_of(plan, shown, base=False))
    laid = {panel.name: lay(panel, base, finetuned, images, bench) for panel in shown}
    for name in {name for metric in plan.metrics if metric.compares_sets for name in metric.panels} & laid.keys():
        laid[name] = with_others(laid[name], images)
    views = [
        view(metric, for_search(metric, laid[name], images), bench)
        for metric in plan.metrics
        for name in laid
        if name in metric.panels
    ]
    seen = see(plan.study, plan.samples, plan.method, bench, (base, finetuned), images) if plan.study else None
    shown_on_card = [lay_drawn(name, base, finetuned, bench, seen) for name in shots_of_study(plan.study, plan.samples)]
    return Looked(base, finetuned, [*shown_on_card, *laid.values()], views, seen)


def study_of(plan: Plan, study: PromptStudy, weights: Weights, images: CaptionedImages, folder: Path) -> Study:
    """The prompt study alone, of any model of the plan's family; what it draws is kept in `folder`."""
    bench = Bench(plan.model, plan.samples, images.source.resolution, folder)
    shots = shots_of_study(study, plan.samples)
    drawn = bench.draw(Weights.of_base(plan.model), shots), bench.draw(weights, shots)
    return studied(see(study, plan.samples, plan.method, bench, drawn, images))


def panels_of(plan: Plan, images: CaptionedImages) -> list[Panel]:
    """Those that some metric looks at."""
    looked_at = {name for metric in plan.metrics for name in metric.panels}
    return [panel for name, panel in panels(plan.method, images, plan.samples).items() if name in looked_at]


def shots_of(plan: Plan, shown: Sequence[Panel], *, base: bool) -> dict[str, Sequence[Shot]]:
    """Everything one model draws: the card's pictures, those of the prompt study, and those of each panel."""
    return {
        **shots_of_study(plan.study, plan.samples),
        **{panel.name: panel.shots_of_base if base else panel.shots for panel in shown},
    }


def tell(found: Scores) -> None:
    """The scores, to the person who waits."""
    for one in found.scores:
        if one.withheld:
            say(f"{one.metric}: {one.withheld}")
            continue
        say(f"{one.metric}: base {one.base:.4g} | finetuned {one.value:.4g} ({verdict(one)}, n = {one.n})")
    if found.study:
        say(f"prompt study: {found.study.verdict}")
