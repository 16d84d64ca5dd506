"""What a difference to the base amounts to, and whether a score meets what the recipe demands."""

import math
from collections.abc import Callable
from typing import Final

from hubkit.scoring.values import Gate, Score

CONFIDENT: Final = 1.96
"""Standard errors around a difference that cover it in 95 of 100 cases."""


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
