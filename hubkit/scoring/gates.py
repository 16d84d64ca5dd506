"""What a difference to the base amounts to, and whether a score meets what the recipe demands."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hubkit.scoring.metric import Metric, judged
from hubkit.scoring.values import Gate, Interval, Score, Scores


def verdict(score: Score) -> str:
    """What the difference to the base amounts to, in words."""
    if score.withheld:
        return "withheld"
    if not math.isfinite(score.value) or not math.isfinite(score.base):
        return "not a number"
    interval = score.difference_interval
    if interval is None or not (math.isfinite(interval.low) and math.isfinite(interval.high)):
        return "not tested"
    if interval.low <= 0 <= interval.high:
        return "no measurable change"
    return "better" if (interval.low > 0) == (score.better == "higher") else "worse"


@dataclass(frozen=True)
class Rival:
    """A score of the last release, as gates compare with it."""

    value: float
    half: float | None
    """Half the width of its interval, where it has one."""
    protocol: Mapping[str, Any]
    """How it was measured."""


@dataclass(frozen=True)
class Standing:
    """What the target holds when gates are judged. No `release` where there is none yet: the base stands in."""

    release: str | None = None
    """Its tag, or its commit."""
    same: bool = False
    """Whether it holds the very weights that are judged."""
    rivals: Mapping[tuple[str, str], Rival] = field(default_factory=dict)
    """By the metric's kind and the panel."""


@dataclass(frozen=True)
class Lead:
    """By how much a score is ahead of what it must meet, in its own direction, and by how much at least in 95 of 100
    cases: nan where nobody knows, which is ahead of nothing.
    """

    value: float
    low: float


@dataclass(frozen=True)
class Demand:
    """One thing a gate demands, and whether it is met; None while nobody knows."""

    words: str
    met: bool | None


def judge(found: Scores, metrics: Sequence[Metric], standing: Standing | None) -> Scores:
    """The scores with their gates judged; without `standing`, those on the release wait until it is known.

    Where the release is this model itself, its gates stay as they were judged before it was released.
    """
    if standing and standing.same and all(one.gate_met is not None for one in found.scores if one.gate):
        return found
    gates = {(metric.kind, name): metric.gate for metric in metrics for name in judged(metric)}
    scores = tuple(gated(gates.get((one.kind, one.panel)), one, standing) for one in found.scores)
    compared = any(gate and gate.on_release for gate in gates.values())
    release = standing.release if standing and compared else None
    return found.model_copy(update={"scores": scores, "release": release})


def gated(gate: Gate | None, score: Score, standing: Standing | None = None) -> Score:
    """The score with its gate judged. A comparison with something that is not a number is False, so such a score
    meets no gate.
    """
    if gate is None:
        return score
    demanded = [*_absolute(gate, score), *_on_base(gate, score), *_on_release(gate, score, standing)]
    words = " and ".join(demand.words for demand in demanded)
    rival = standing and gate.on_release and standing.rivals.get((score.kind, score.panel))
    return score.model_copy(
        update={
            "gate": f"{words}, with its whole 95 % interval" if gate.confident else words,
            "gate_met": _all(math.isfinite(score.value), *(demand.met for demand in demanded)),
            "released": rival.value if rival else None,
        }
    )


def protocol(score: Mapping[str, Any]) -> dict[str, Any]:
    """How a number was measured: two that differ in any of it do not compare."""
    keys = ("metric", "extractor", "extractor_revision", "scale", "n", "settings", "reference")
    return {key: score.get(key) for key in keys}


def _absolute(gate: Gate, score: Score) -> Iterator[Demand]:
    nan = Interval(low=math.nan, high=math.nan)
    interval = score.interval or nan
    if (least := gate.at_least) is not None:
        yield Demand(f"at least {least:g}", _ahead(gate, Lead(score.value - least, interval.low - least)))
    if (most := gate.at_most) is not None:
        yield Demand(f"at most {most:g}", _ahead(gate, Lead(most - score.value, most - interval.high)))


def _on_base(gate: Gate, score: Score) -> Iterator[Demand]:
    lead = lead_over_base(score)
    if gate.better_than == "base":
        yield Demand("better than the base", _ahead(gate, lead, strictly=True))
    if gate.within is not None:
        yield Demand(f"at most {gate.within:g} worse than the base", _ahead(gate, lead, by=-gate.within))


def _on_release(gate: Gate, score: Score, standing: Standing | None) -> Iterator[Demand]:
    if not gate.on_release:
        return
    said = "better than" if gate.within_release is None else f"at most {gate.within_release:g} worse than"
    if standing is None:
        yield Demand(f"{said} the last release", None)
        return
    if standing.same:
        yield Demand(f"{said} the last release, which is this very model", met=True)
        return
    rival = standing.rivals.get((score.kind, score.panel))
    if rival is None:
        none = f"{standing.release} has no such score" if standing.release else "there is no release yet"
        yield Demand(f"{said} the base ({none})", _past(gate, lead_over_base(score)))
        return
    now = protocol(score.model_dump(mode="json"))
    if changed := sorted(key for key in now if now[key] != rival.protocol.get(key)):
        yield Demand(f"{said} {standing.release} (which was measured otherwise: {', '.join(changed)})", met=False)
        return
    lead = lead_over_release(score, rival)
    yield Demand(f"{said} {standing.release} ({rival.value:.4g})", _past(gate, lead))


def lead_over_base(score: Score) -> Lead:
    """Both models drew from the same latents: their difference has an interval of its own."""
    sign = _sign(score)
    interval = score.difference_interval
    low = min(sign * interval.low, sign * interval.high) if interval else math.nan
    return Lead(sign * (score.value - score.base), low)


def lead_over_release(score: Score, rival: Rival) -> Lead:
    """The release's pictures are not at hand, so nothing is paired: the two intervals are added as of independent
    numbers, which is too wide rather than too narrow.
    """
    lead = _sign(score) * (score.value - rival.value)
    if score.interval is None or rival.half is None:
        return Lead(lead, math.nan)
    return Lead(lead, lead - math.hypot((score.interval.high - score.interval.low) / 2, rival.half))


def _past(gate: Gate, lead: Lead) -> bool:
    """Whether it is ahead of the release, or of what stands in for it."""
    if gate.within_release is None:
        return _ahead(gate, lead, strictly=True)
    return _ahead(gate, lead, by=-gate.within_release)


def _ahead(gate: Gate, lead: Lead, *, by: float = 0.0, strictly: bool = False) -> bool:
    reached = lead.low if gate.confident else lead.value
    return reached > by if strictly else reached >= by


def _sign(score: Score) -> float:
    return 1.0 if score.better == "higher" else -1.0


def _all(*met: bool | None) -> bool | None:
    """False where one is; else None where one is not known."""
    return False if False in met else None if None in met else True
