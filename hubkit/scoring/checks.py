"""What forbids publishing whatever the gates say, and what ought to worry a reader.

The thresholds are proposals, calibrated on no real model: each stands beside what it judges.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Final

from hubkit.scoring.keeping import Row
from hubkit.scoring.values import Score

MOST_BLANK: Final = 0.01
MOST_CUT: Final = 0.05
LEAST_OF_DIVERSITY: Final = 0.8
"""Of the base's."""
MOST_LOST_OF_PROMPT: Final = 1.0
"""Points of CLIP-score."""


def failures(scores: Sequence[Score], rows: Sequence[Row]) -> tuple[str, ...]:
    """Why such a model must not be published, in words."""
    return tuple(_failures(scores, [row for row in rows if row.model == "finetuned"]))


def _failures(scores: Sequence[Score], rows: Sequence[Row]) -> Iterator[str]:
    for one in (one for one in scores if not one.withheld):
        for whose, value in (("the model's", one.value), ("the base's", one.base)):
            if not math.isfinite(value):
                yield f"{whose} {one.metric} is not a number ({value})"
    blank = sum(row.blank for row in rows)
    if blank > MOST_BLANK * len(rows):
        yield f"{blank} of {len(rows)} pictures have but one colour (at most {MOST_BLANK:.0%} may)"


def warned(score: Score, cut: int) -> Score:
    """The score with all that ought to worry a reader of it, each with its threshold; `cut` of its texts were cut."""
    return score.model_copy(update={"warnings": (*score.warnings, *_warnings(score, cut))})


def _warnings(score: Score, cut: int) -> Iterator[str]:
    difference = score.difference_interval
    if score.kind == "kid" and difference and difference.low <= 0 <= difference.high:
        yield "no measurable change: the 95 % interval of the difference to the base covers 0"
    if score.kind == "clip-score" and difference and difference.high < -MOST_LOST_OF_PROMPT:
        yield f"the pictures fit their prompts less than the base's, by surely more than {MOST_LOST_OF_PROMPT:g} point"
    if score.kind == "div" and score.value < LEAST_OF_DIVERSITY * score.base:
        yield f"less than {LEAST_OF_DIVERSITY:g} of the base's diversity is left"
    if cut > MOST_CUT * score.n:
        yield f"{cut} of {score.n} texts were cut (more than {MOST_CUT:.0%})"
