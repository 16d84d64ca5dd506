"""Which weights to publish, of several that might be: the Pareto front of style against prompt, and its knee."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Merits:
    """What one candidate is worth on both axes; on each, more is better."""

    style: float
    prompt: float
    pickable: bool = True
    """The base is held against the others, but it is not what anybody would publish."""

    @property
    def finite(self) -> bool:
        """Whether both were measured."""
        return math.isfinite(self.style) and math.isfinite(self.prompt)


def front(candidates: Sequence[Merits]) -> tuple[bool, ...]:
    """For each, whether none is better on one axis without being worse on the other. What was not measured is not."""
    return tuple(one.finite and not any(_dominates(other, one) for other in candidates) for one in candidates)


def knee(candidates: Sequence[Merits]) -> int | None:
    """The number of the candidate where the front bends most; None where none was measured that may be picked.

    With both axes scaled to the front's own extent, it is the point farthest beyond the line through the front's two
    ends (Das, 1999, On characterizing the "knee" of the Pareto curve based on Normal-Boundary Intersection). Where the
    front is hollow, that is one of its ends; of equals, the one with more style.
    """
    on_front = [number for number, is_on in enumerate(front(candidates)) if is_on]
    eligible = [number for number in on_front if candidates[number].pickable]
    styles = [candidates[number].style for number in on_front]
    prompts = [candidates[number].prompt for number in on_front]

    def beyond(number: int) -> tuple[float, float]:
        one = candidates[number]
        return _scaled(one.style, styles) + _scaled(one.prompt, prompts), one.style

    return max(eligible, key=beyond, default=None)


def _dominates(one: Merits, other: Merits) -> bool:
    no_worse = one.style >= other.style and one.prompt >= other.prompt
    return no_worse and (one.style > other.style or one.prompt > other.prompt)


def _scaled(value: float, among: Sequence[float]) -> float:
    """From 0, the least, to 1, the most; 1 where all are the same."""
    low, high = min(among), max(among)
    return (value - low) / (high - low) if high > low else 1.0
