"""pick: draw and measure the weights that might be published, and take one of them."""

import math
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from hubkit.data import CaptionedImages
from hubkit.errors import IntegrityError
from hubkit.families import Family
from hubkit.processes import meet, turn
from hubkit.progress import say
from hubkit.sampling import Samples
from hubkit.scoring.bench import Bench, Drawn, Weights
from hubkit.scoring.dial import AVERAGE, BASE, StyleDial
from hubkit.scoring.gates import verdict
from hubkit.scoring.keeping import keep_dial
from hubkit.scoring.measuring import View, for_search, lay, measure, view
from hubkit.scoring.metric import Metric
from hubkit.scoring.mixing import Mixture, write
from hubkit.scoring.panels import Laid, Panel, Shows, panels
from hubkit.scoring.picking import Merits, front, knee
from hubkit.scoring.values import Candidate, Dial, Score, upwards
from hubkit.training import TrainedModel, Training
from hubkit.values import fingerprint

FORMAT: Final = 3
PLACE: Final = "picked"
"""Where in the run folder the picked weights lie, when they are not those that the training left."""

Scored = Mapping[Mixture, Mapping[str, Score]]
"""The scores of each candidate by the metric's kind; as `base`, each has the value of what the training leaves."""


class Asked(Protocol):
    """What the dial asks of a recipe."""

    @property
    def model(self) -> Family:
        """The base."""
        ...

    @property
    def method(self) -> Shows:
        """What shows what was taught."""
        ...

    @property
    def training(self) -> Training:
        """How long, and which weights were kept."""
        ...

    @property
    def metrics(self) -> Sequence[Metric]:
        """What is measured; the dial's axes are among them."""
        ...

    @property
    def samples(self) -> Samples:
        """How pictures are drawn."""
        ...

    @property
    def dial(self) -> StyleDial | None:
        """What is held against one another; None takes what the training leaves."""
        ...


@dataclass(frozen=True)
class Chosen:
    """What is scored and published from here on."""

    model: TrainedModel
    images: CaptionedImages
    """The dataset without the held-out rows that the choice was made on."""
    dial: Dial | None = None
    """What the weights were held against."""


def pick(asked: Asked, trained: TrainedModel, images: CaptionedImages, folder: Path) -> Chosen:
    """The weights to score and to publish. Without `[dial]` they are what the training left.

    All processes of a launch must call it alike.
    """
    if asked.dial is None:
        return Chosen(trained, images)
    left = asked.dial.leaves(images)
    made_from = fingerprint(
        FORMAT, asked.model, asked.method, list(asked.metrics), asked.samples, asked.dial,
        asked.training.milestone_every, sorted(trained.weights.items()), images,
    )  # fmt: skip
    if done := picked(folder, made_from):
        return Chosen(done[0], left, done[1])
    choice = Choice(asked, asked.dial, trained, asked.dial.takes(images), folder)
    found = choice.made()
    taken = choice.take(found.picked)
    if turn()[0] == 0:
        say(f"{found.picked.name} is taken: {found.reason}")
        taken.save(folder / "picked.json", made_from)
        found.save(folder / "dial.json", made_from)
    meet()
    return Chosen(taken, left, found)


def picked(folder: Path, made_from: str | None = None) -> tuple[TrainedModel, Dial] | None:
    """What was taken before, if it was taken of the same, and is whole."""
    from hubkit.training.facts import whole

    found, taken = Dial.load(folder / "dial.json", made_from), TrainedModel.load(folder / "picked.json", made_from)
    if found is None or taken is None or not all((folder / name).is_file() for name in found.measurements):
        return None
    taken = taken.model_copy(update={"folder": folder / taken.folder.name})
    return (taken, found) if whole(taken) else None


@dataclass(frozen=True)
class Choice:
    """The candidates, drawn and measured alike."""

    asked: Asked
    dial: StyleDial
    trained: TrainedModel
    images: CaptionedImages
    """The dataset with the dial's own held-out rows."""
    folder: Path

    def made(self) -> Dial:
        """All candidates beside one another, and which is taken."""
        shown = self.panels()
        drawn = {mixture: self.draw(mixture, shown) for mixture in self.mixtures()}
        reference = drawn[self.last]
        seen = {mixture: self.views(pictures, reference, shown) for mixture, pictures in drawn.items()}
        named = {mixture.name: (views, mixture.position == BASE) for mixture, views in seen.items()}
        kept = keep_dial(named, self.folder)
        scores = {
            mixture: {one.metric.kind: measure(one, self.asked.samples, self.images) for one in views}
            for mixture, views in seen.items()
        }
        return decided(self.dial, scores, self.last).model_copy(update={"measurements": kept})

    @property
    def bench(self) -> Bench:
        """Where they are drawn and looked at."""
        return Bench(self.asked.model, self.asked.samples, self.images.source.resolution, self.folder)

    @property
    def last(self) -> Mixture:
        """What the training leaves."""
        return Mixture(self.asked.training.steps, AVERAGE)

    def mixtures(self) -> Iterator[Mixture]:
        """The base, what was kept on the way, and the positions of the last step."""
        yield Mixture(0, BASE)
        yield from (Mixture(step, AVERAGE) for step in self.steps() if step != self.last.step)
        yield from (Mixture(self.last.step, position) for position in sorted(self.dial.positions))

    def steps(self) -> list[int]:
        """Those whose weights were kept, in order. Raises IntegrityError where the last one's were not."""
        from hubkit.training.milestones import kept_steps

        steps = kept_steps(self.folder, self.asked.training)
        if self.last.step not in steps:
            raise IntegrityError(
                "the weights of the last step are no longer there for the dial to mix",
                help="leave `[dial]` out, or train again: `hubkit train` with another name",
            )
        return steps

    def panels(self) -> dict[str, Panel]:
        """The first panel of each of the dial's metrics, with prompts and seeds of the dial's own, by metric."""
        there = panels(self.asked.method, self.images, self.dial.draws(self.asked.samples))
        return {metric.kind: there[metric.panels[0]] for metric in self.metrics}

    @property
    def metrics(self) -> list[Metric]:
        """Those the dial looks at."""
        return [metric for metric in self.asked.metrics if metric.kind in self.dial.kinds]

    def draw(self, mixture: Mixture, shown: Mapping[str, Panel]) -> Drawn:
        """The pictures of one candidate; its weights lie on disk only so long."""
        base = mixture.position == BASE
        wanted = {panel.name: panel.shots_of_base if base else panel.shots for panel in shown.values()}
        with self.weights(mixture) as weights:
            return self.bench.draw(weights, wanted)

    def views(self, pictures: Drawn, reference: Drawn, shown: Mapping[str, Panel]) -> list[View]:
        """What the dial's metrics see of one candidate, beside what the training leaves."""
        return [
            view(metric, self.laid(metric, shown[metric.kind], reference, pictures), self.bench)
            for metric in self.metrics
        ]

    def laid(self, metric: Metric, panel: Panel, reference: Drawn, pictures: Drawn) -> Laid:
        """What a metric sees of a candidate's pictures."""
        return for_search(metric, lay(panel, reference, pictures, self.images, self.bench), self.images)

    @contextmanager
    def weights(self, mixture: Mixture) -> Iterator[Weights]:
        """A candidate's weights, for as long as they are needed."""
        if mixture.position == BASE:
            yield Weights.of_base(self.asked.model)
        elif mixture == self.last:
            yield Weights.of_trained(self.trained)
        else:
            place = self.folder / ".candidate"
            self.write(mixture, place)
            name = f"step-{mixture.step:08d}-dial-{mixture.position:g}"
            yield Weights(
                name, place, fingerprint(sorted(self.trained.weights.items()), mixture.step, mixture.position)
            )
            if turn()[0] == 0:
                shutil.rmtree(place)

    def write(self, mixture: Mixture, place: Path) -> None:
        """The first process writes; the others wait for it."""
        from hubkit.training.milestones import milestone

        if turn()[0] == 0:
            write(self.asked.model, mixture, milestone(self.folder, mixture.step), place)
        meet()

    def take(self, candidate: Candidate) -> TrainedModel:
        """The candidate as what is scored and published from here on."""
        from hubkit.training.facts import weight_hashes

        mixture = Mixture(candidate.step, candidate.position)
        if mixture == self.last:
            return self.trained
        place = self.folder / PLACE
        self.write(mixture, place)
        return self.trained.model_copy(
            update={"folder": place, "weights": weight_hashes(place), "taken": candidate.name}
        )


def decided(dial: StyleDial, scores: Scored, last: Mixture) -> Dial:
    """Which of the candidates is taken, and why. Where the rule finds none, it is what the training leaves."""
    mixtures = list(scores)
    merits = [_merits(dial, mixture, scores[mixture]) for mixture in mixtures]
    number, reason = _ruled(dial, scores, merits, last)
    measured = scores[last]
    return Dial(
        candidates=tuple(
            Candidate(
                name=mixture.name,
                step=mixture.step,
                position=mixture.position,
                values={kind: score.value for kind, score in scores[mixture].items()},
                errors={kind: score.difference_error for kind, score in scores[mixture].items()},
                front=is_on,
                picked=place == number,
            )
            for place, (mixture, is_on) in enumerate(zip(mixtures, front(merits), strict=True))
        ),
        pick=dial.pick,
        reason=reason,
        style=dial.style,
        prompt=dial.prompt,
        names={kind: score.metric for kind, score in measured.items()},
        prompts=measured[dial.prompt].n,
        first_seed=int(measured[dial.prompt].settings["first_seed"]),
    )


def _merits(dial: StyleDial, mixture: Mixture, scores: Mapping[str, Score]) -> Merits:
    return Merits(_upwards(scores[dial.style]), _upwards(scores[dial.prompt]), pickable=mixture.position != BASE)


def _upwards(score: Score) -> float:
    return upwards(score.value, score.better)


def _ruled(dial: StyleDial, scores: Scored, merits: Sequence[Merits], last: Mixture) -> tuple[int, str]:
    """The number of the candidate that the rule takes, and why."""
    mixtures = list(scores)
    if dial.pick == "last":
        return mixtures.index(last), "it is what the training leaves, as the recipe says"
    if dial.pick == "knee":
        number = knee(merits)
        reason = f"{dial.style} against {dial.prompt} bends most there"
    else:
        kind = dial.pick.removeprefix("best:")
        known = [
            number for number, mixture in enumerate(mixtures)
            if mixture.position != BASE and math.isfinite(scores[mixture][kind].value)
        ]  # fmt: skip
        number = max(known, key=lambda one: _upwards(scores[mixtures[one]][kind]), default=None)
        reason = f"its {kind} is the best"
    if number is None:
        return mixtures.index(last), "nothing could be measured, so it is what the training leaves"
    if mixtures[number] != last:
        reason += "; " + _beside_last(dial, scores[mixtures[number]])
    return number, reason


def _beside_last(dial: StyleDial, scores: Mapping[str, Score]) -> str:
    """How it compares with what the training leaves, in words."""
    said = (f"{kind}: {verdict(scores[kind])}" for kind in dict.fromkeys((dial.style, dial.prompt)))
    return f"beside what the training leaves, {', '.join(said)}"
