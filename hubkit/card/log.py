"""The training in a few lines, from its journal."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import fmean
from typing import Any, Final

from pydantic import Field

from hubkit.values import Record

LINES: Final = 20
"""At most."""


class Logged(Record):
    """A stretch of the training."""

    step: int = Field(description="Its last.")
    loss: float = Field(description="Mean over its steps.")
    learning_rate: float = Field(description="At its last step.")


def logged(rows: Sequence[Mapping[str, Any]]) -> tuple[Logged, ...]:
    """Stretches of equal length, but for one step, from the rows of a `train.jsonl` (step, loss, learning_rate)."""
    count = min(LINES, len(rows))
    ends = [number * len(rows) // count for number in range(count + 1)] if count else []
    return tuple(
        Logged(
            step=rows[end - 1]["step"],
            loss=fmean(row["loss"] for row in rows[start:end]),
            learning_rate=rows[end - 1]["learning_rate"],
        )
        for start, end in pairwise(ends)
    )
