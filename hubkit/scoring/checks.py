"""What forbids publishing whatever the gates say, and what ought to worry a reader.

The thresholds are proposals, calibrated on no real model: each stands beside what it judges.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from hubkit.scoring.keeping import Row
from hubkit.scoring.metric import Metric, judged
from hubkit.scoring.values import Score

MOST_BLANK: Final = 0.01
MOST_REPEATED: Final = 0.01
MOST_CUT: Final = 0.05


def failures(metrics: Sequence[Metric], scores: Sequence[Score], rows: Sequence[Row]) -> tuple[str, ...]:
    """Why such a model must not be published, in words."""
    drawn: dict[str, list[Row]] = {}
    for row in rows:
        if row.model == "finetuned":
            drawn.setdefault(row.panel, []).append(row)
    return (*_without_number(metrics, scores), *_not_finite(scores), *_unsound(drawn))


def _without_number(metrics: Sequence[Metric], scores: Sequence[Score]) -> Iterator[str]:
    """A gate that nothing was measured for: it must not pass for one that is met."""
    for metric in metrics:
        if metric.gate and not any(one.kind == metric.kind and one.panel in judged(metric) for one in scores):
            yield f"{metric.kind} has a gate and no score: there were no pictures for it to judge"


def _not_finite(scores: Sequence[Score]) -> Iterator[str]:
    for one in (one for one in scores if not one.withheld):
        for whose, value in (("the model's", one.value), ("the base's", one.base)):
            if not math.isfinite(value):
                yield f"{whose} {one.metric} is not a number ({value})"


def _unsound(drawn: Mapping[str, Sequence[Row]]) -> Iterator[str]:
    """Pictures that show nothing, and pictures that come again from other noise."""
    for panel, rows in drawn.items():
        blank, repeated = sum(row.blank for row in rows), sum(row.repeated and not row.blank for row in rows)
        if blank > MOST_BLANK * len(rows):
            yield f"{blank} of {len(rows)} {panel} pictures have but one colour (at most {MOST_BLANK:.0%} may)"
        if repeated > MOST_REPEATED * len(rows):
            yield (
                f"{repeated} of {len(rows)} {panel} pictures are another of them again, though drawn from other noise"
                f" (at most {MOST_REPEATED:.0%} may)"
            )


def warned(score: Score, metric: Metric, cut: int) -> Score:
    """The score with all that ought to worry a reader of it, each with its threshold; `cut` of its texts were cut."""
    worries = [] if score.withheld else [*metric.worries(score)]
    if cut > MOST_CUT * score.n:
        worries.append(f"{cut} of {score.n} texts were cut (more than {MOST_CUT:.0%})")
    return score.model_copy(update={"warnings": (*score.warnings, *worries)})
