"""Curves and scores as pictures. The same numbers give the same bytes."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any, Final

from hubkit.escaping import one_line
from hubkit.metrics import METRICS
from hubkit.scoring import AVERAGE, Candidate, Dial, Interval, Score

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH: Final = 7.2
"""Inches, at `DPI` pixels each: what a card's column holds."""
DPI: Final = 120
BASE: Final = "#8a8f98"
FINETUNED: Final = "#c2410c"
REAL: Final = "#2563eb"
FAINT: Final = "#d6d9de"
INK: Final = "#24292f"
STYLE: Final[Any] = {
    "font.size": 9.0, "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": BASE,
    "axes.labelcolor": INK, "text.color": INK, "xtick.color": INK, "ytick.color": INK, "svg.hashsalt": "hubkit",
    "text.usetex": False, "text.parse_math": False,
}  # fmt: skip
"""Texts of strangers stand in the pictures: none is read as mathematics."""

WINDOW: Final = 50
"""The bold line of a loss is the mean of a fiftieth of the steps before each."""


def save_loss(rows: Sequence[Mapping[str, float]], place: Path) -> None:
    """The loss of every step (rows of `train.jsonl`: step, loss), and its running mean."""
    import numpy as np

    steps = np.array([row["step"] for row in rows])
    losses = np.array([row["loss"] for row in rows])
    window = max(1, len(losses) // WINDOW)
    sums = np.cumsum(np.concatenate([[0.0], losses]))
    ends = np.arange(1, len(losses) + 1)
    starts = np.maximum(0, ends - window)
    with _figure(height=2.4) as (figure, save):
        axes = figure.subplots()
        mean, words = (sums[ends] - sums[starts]) / (ends - starts), f"mean of {window} steps"
        if window > 1:
            axes.plot(steps, losses, color=FAINT, linewidth=0.7, label="each step")
        axes.plot(steps, mean, color=FINETUNED, linewidth=1.6, label=words if window > 1 else "each step")
        low, high = np.quantile(losses, [0.0, 0.995])
        high = max(high, mean.max())
        axes.set_ylim(max(0.0, low - 0.1 * (high - low)), high + 0.1 * (high - low) + 1e-12)
        axes.set_xlabel("training step")
        axes.set_ylabel("loss")
        axes.legend(frameon=False, loc="upper right")
        save(place)


def loss_in_words(rows: Sequence[Mapping[str, float]]) -> str:
    """What the curve shows, for those who do not see it: its running mean, at both ends."""
    window = max(1, len(rows) // WINDOW)
    first, last = (fmean(row["loss"] for row in part) for part in (rows[:window], rows[-window:]))
    steps = "steps" if window == 1 else f"steps, as the mean of {window}"
    return f"The training loss over {len(rows):,} {steps}: from {first:.3g} to {last:.3g}"


def drawable(scores: Sequence[Score]) -> list[Score]:
    """The scores that are numbers, and of which there is something to see: of none of many there is not."""
    return [
        score
        for score in scores
        if math.isfinite(score.value) and math.isfinite(score.base) and (score.value or score.base)
    ]


def save_scores(drawn: Sequence[Score], place: Path) -> None:
    """Each score on an axis of its own: the base, the finetuned, their 95 % intervals, and what real pictures score."""
    with _figure(height=0.25 + 0.85 * len(drawn)) as (figure, save):
        for axes, score in zip(figure.subplots(len(drawn), squeeze=False)[:, 0], drawn, strict=True):
            _one_score(axes, score)
        save(place)


def scores_in_words(scores: Sequence[Score]) -> str:
    """What the picture shows, for those who do not see it."""
    return "; ".join(f"{score.metric}: base {score.base:.4g}, this model {score.value:.4g}" for score in scores)


def save_dial(dial: Dial, place: Path) -> None:
    """The candidates by style and prompt, on both more to the right and higher is better; the front joined."""
    drawn = [one for one in dial.candidates if all(math.isfinite(value) for value in _merits(dial, one))]
    front = sorted(_merits(dial, one) for one in drawn if one.front)
    with _figure(height=3.4) as (figure, save):
        axes = figure.subplots()
        axes.plot(*zip(*front, strict=True), color=FAINT, linewidth=1.4, zorder=1) if front else None
        for one in drawn:
            style, prompt = _merits(dial, one)
            colour = FINETUNED if one.picked else BASE
            axes.plot([style], [prompt], "o", color=colour, markersize=9 if one.picked else 6)
            words = f"{one_line(one.name)} (taken)" if one.picked else one_line(one.name)
            axes.annotate(words, (style, prompt), (7, 5), textcoords="offset points", color=colour, fontsize=8)
        for kind, invert in ((dial.style, axes.invert_xaxis), (dial.prompt, axes.invert_yaxis)):
            metric: Any = METRICS[kind]
            if metric.better == "lower":
                invert()
        axes.margins(x=0.2, y=0.15)
        axes.set_xlabel(f"{one_line(dial.names[dial.style])}: nearer to the style →")
        axes.set_ylabel(f"{one_line(dial.names[dial.prompt])}: nearer to the prompt →")
        save(place)


def dial_in_words(dial: Dial) -> str:
    """What the picture shows, for those who do not see it."""
    style, prompt = dial.names[dial.style], dial.names[dial.prompt]
    points = "; ".join("{}: {:.4g}, {:.4g}".format(one.name, *_merits(dial, one)) for one in dial.candidates)
    return f"{style} and {prompt} of each candidate: {points}"


def of_steps(dial: Dial) -> list[Candidate]:
    """The base and what the training left at each step whose weights were kept; none of fewer than three, which make no
    curve.
    """
    found = [one for one in dial.candidates if one.step == 0 or one.position == AVERAGE]
    return sorted(found, key=lambda one: one.step) if len(found) > 2 else []  # noqa: PLR2004


def save_steps(dial: Dial, by_step: Sequence[Candidate], place: Path) -> None:
    """Both axes of the dial over the steps of the training, from the base on."""
    with _figure(height=3.6) as (figure, save):
        for axes, kind in zip(figure.subplots(2, sharex=True), (dial.style, dial.prompt), strict=True):
            axes.plot([one.step for one in by_step], [one.values.get(kind, math.nan) for one in by_step],
                      "o-", color=FINETUNED, linewidth=1.6, markersize=4)  # fmt: skip
            axes.set_title(one_line(dial.names[kind]), fontsize=9, loc="left")
        axes.set_xlabel("training step; at 0 the base")
        save(place)


def steps_in_words(dial: Dial, by_step: Sequence[Candidate]) -> str:
    """What it shows, for those who do not see it."""
    points = "; ".join("step {}: {:.4g}, {:.4g}".format(one.step, *_merits(dial, one)) for one in by_step)
    return f"{dial.names[dial.style]} and {dial.names[dial.prompt]} over the training, from the base on: {points}"


def _merits(dial: Dial, one: Candidate) -> tuple[float, float]:
    return one.values.get(dial.style, math.nan), one.values.get(dial.prompt, math.nan)


def _one_score(axes: "Axes", score: Score) -> None:
    for height, value, interval, colour, name in (
        (1, score.base, score.base_interval, BASE, "base"),
        (0, score.value, score.interval, FINETUNED, "finetuned"),
    ):
        low, high = _ends(interval, value)
        axes.plot([low, high], [height, height], color=colour, linewidth=5, alpha=0.35, solid_capstyle="round")
        axes.plot([value], [height], "o", color=colour, markersize=6)
        axes.annotate(f"{value:.4g}", (value, height), (0, 6), textcoords="offset points", ha="center", fontsize=8)
        axes.annotate(
            name, (0, height), (-6, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
            ha="right", va="center", color=colour,
        )  # fmt: skip
    metric: Any = METRICS[score.kind]
    if score.real is not None and metric.aims_at_real:
        axes.axvline(score.real, color=REAL, linestyle=":", linewidth=1.2)
        axes.annotate(
            "real pictures", (score.real, 1.55), (4, 0), textcoords="offset points", va="center", color=REAL, fontsize=7
        )  # beside its line: above it stands a number of the base's, where the two are the same
    axes.set_ylim(-0.6, 1.7)
    axes.margins(x=0.12)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.tick_params(labelsize=7)
    axes.set_title(f"{one_line(score.metric)}   ({score.better} is better)", fontsize=9, loc="left", pad=11)


def _ends(interval: Interval | None, value: float) -> tuple[float, float]:
    return (value, value) if interval is None else (interval.low, interval.high)


@contextmanager
def _figure(*, height: float) -> "Iterator[tuple[Figure, Callable[[Path], None]]]":
    """A figure in the house's style, and how to save it: nothing of the machine or the time is in the file."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, height), dpi=DPI, layout="constrained")
        yield figure, lambda place: figure.savefig(place, format="png", metadata={"Software": None})
