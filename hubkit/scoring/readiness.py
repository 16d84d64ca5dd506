"""What the scores will need, asked before the training: what could only fail after it is refused now."""

from collections.abc import Iterator
from typing import Final, Protocol

from hubkit.data import CaptionedImages
from hubkit.errors import RecipeError
from hubkit.scoring.choosing import Asked
from hubkit.scoring.intervals import fewest_for_interval
from hubkit.scoring.metric import Metric, judged
from hubkit.scoring.panels import panels
from hubkit.scoring.scoring import Plan
from hubkit.scoring.searching import Searches

FEWEST_OF_DIAL: Final = 8
"""Held-out captions, below which a choice between weights would be a guess."""


class Whole(Plan, Asked, Protocol):
    """What scoring and choosing ask of a recipe."""


def check_ready(plan: Whole, images: CaptionedImages) -> None:
    """Whether what was held out is enough for the gates, the search for copies and the dial. Raises RecipeError."""
    left = plan.dial.leaves(images) if plan.dial else images
    lacking = [*_gates(plan, left), *_searches(plan, left), *_dial(plan, images)]
    if lacking:
        raise RecipeError(
            f"{images.name} holds {len(images.holdout)} rows out: {'; '.join(lacking)}",
            help="raise data.holdout, bring more pictures, or leave out what cannot be measured",
        )


def _gates(plan: Whole, images: CaptionedImages) -> Iterator[str]:
    """Gates that no number could ever meet."""
    there = {name: len(panel.shots) for name, panel in panels(plan.method, images, plan.samples).items()}
    for metric in (one for one in plan.metrics if one.gate):
        most = max((there.get(name, 0) for name in judged(metric)), default=0)
        if most < (fewest := needed(metric)):
            pictures = "1 picture" if fewest == 1 else f"{fewest} pictures"
            yield f"metrics.{metric.kind}.gate takes {pictures}, and there will be {most}"


def needed(metric: Metric) -> int:
    """Pictures below which its gate cannot be met: a gate that asks for the whole interval wants one to be there."""
    confident = metric.gate is not None and metric.gate.confident
    return max(metric.fewest, fewest_for_interval(of_sets=metric.over_sets) if confident else 0)


def _searches(plan: Whole, images: CaptionedImages) -> Iterator[str]:
    """What is near is measured by held-out pictures."""
    if not images.holdout:
        for metric in (one for one in plan.metrics if isinstance(one, Searches)):
            yield f"metrics.{metric.kind} is measured by held-out pictures, and there are none"


def _dial(plan: Whole, images: CaptionedImages) -> Iterator[str]:
    if plan.dial and (found := len(plan.dial.takes(images).holdout)) < FEWEST_OF_DIAL:
        yield f"the dial chooses by {FEWEST_OF_DIAL} of them at least, and half are {found}"
