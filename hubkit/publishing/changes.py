"""What differs between two releases, from their locks alone."""

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

from hubkit.publishing.lock import Interface, Lock, LockedInterval, LockedScore
from hubkit.values import Record

NOT_SET: Final = "not set"
SHOWN: Final = 12
"""Digits of a hash or a commit."""
FREE: Final = frozenset({"scheduler", "feature_extractor"})
"""Components that code which loads a model chooses itself, or that only serve another."""


class Change(Record):
    """One thing that is another now."""

    what: str
    before: str
    after: str


class ScoreChange(Record):
    """One score in both releases; one side is None where only the other has it."""

    metric: str
    before: LockedScore | None
    after: LockedScore | None
    verdict: str

    @property
    def difference(self) -> float | None:
        """After minus before; None where one of them is missing or not a number."""
        values = [one.value for one in (self.before, self.after) if one is not None and one.value is not None]
        return values[1] - values[0] if len(values) == 2 else None  # noqa: PLR2004 - both sides


class Changes(Record):
    """The difference of two releases."""

    interface: tuple[Change, ...]
    """What may break code that loads the model."""
    weights: bool
    """Whether the weights are other ones."""
    sources: tuple[Change, ...]
    """Base, dataset and extractors."""
    recipe: tuple[Change, ...]
    versions: tuple[Change, ...]
    """Of hubkit and the libraries."""
    scores: tuple[ScoreChange, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs that a lock tells of."""
        parts = (self.interface, self.sources, self.recipe, self.versions)
        return not self.weights and not any(parts) and all(one.verdict == SAME for one in self.scores)


def changes(old: Lock, new: Lock) -> Changes:
    """What is another in `new` than it was in `old`."""
    return Changes(
        interface=tuple(_differences(_interface(old.interface), _interface(new.interface))),
        weights=old.weights != new.weights,
        sources=tuple(_differences(_sources(old), _sources(new))),
        recipe=tuple(_differences(_recipe(old), _recipe(new))),
        versions=tuple(_differences(old.versions, new.versions)),
        scores=tuple(_scores(old, new)),
    )


def _differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    """The keys whose values differ, in the order of the newer."""
    for key in [*new, *(key for key in old if key not in new)]:
        if old.get(key) != new.get(key):
            yield Change(what=key, before=_said(old.get(key)), after=_said(new.get(key)))


def _said(value: Any) -> str:
    return NOT_SET if value is None else str(value)


def _interface(of: Interface) -> dict[str, Any]:
    return {
        "pipeline": of.pipeline,
        **{f"{name} class": said for name, said in of.components.items() if name not in FREE},
        **{f"{name} architecture": said[:SHOWN] for name, said in of.architecture.items()},
        "prediction type": of.prediction_type,
        "tokenizer": of.tokenizer and of.tokenizer[:SHOWN],
        "resolution": of.resolution,
        "trigger": of.trigger,
        "licence": of.license,
    }


def _sources(of: Lock) -> dict[str, Any]:
    return {
        "base": f"{of.base.repo} at {of.base.revision[:SHOWN]}",
        "dataset": f"{of.data.repo} at {of.data.revision[:SHOWN]}",
        "pictures": of.data.rows,
        "pictures held out": of.data.held_out,
        **{f"extractor {name}": revision[:SHOWN] for name, revision in of.extractors.items()},
    }


def _recipe(of: Lock) -> dict[str, Any]:
    """The recipe's keys, dotted; what is a revision stands among the sources, and where it goes is not its making."""
    tables = {key: value for key, value in of.recipe.tables.items() if key != "publish"}
    return {key: value for key, value in _flat("", tables) if not key.endswith(".revision")}


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Nested tables as dotted keys; tables in an array go by their kinds."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _flat(f"{prefix}.{key}" if prefix else key, item)
    elif isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        for number, item in enumerate(value):
            yield from _flat(f"{prefix}.{item.get('kind', number)}", item)
    else:
        yield prefix, value


SAME: Final = "the same"


def _scores(old: Lock, new: Lock) -> Iterator[ScoreChange]:
    then = {(one.metric, one.panel): one for one in old.scores}
    now = {(one.metric, one.panel): one for one in new.scores}
    for key in [*now, *(key for key in then if key not in now)]:
        before, after = then.get(key), now.get(key)
        yield ScoreChange(metric=key[0], before=before, after=after, verdict=verdict(before, after))


def verdict(before: LockedScore | None, after: LockedScore | None) -> str:
    """What the difference of a score between two releases amounts to, in words."""
    if before is None or after is None:
        return "new" if before is None else "no longer measured"
    return _compared(before, after)


def _compared(before: LockedScore, after: LockedScore) -> str:
    if before.value is None or after.value is None:
        return "not a number"
    if other := _other_circumstances(before, after):
        return f"not comparable: another {other}"
    if before.value == after.value:
        return SAME
    reach = _reach(before.interval, after.interval)
    if reach is None:
        return "not tested"
    if abs(after.value - before.value) <= reach:
        return "no measurable change"
    return "better" if (after.value > before.value) == (after.better == "higher") else "worse"


def _other_circumstances(before: LockedScore, after: LockedScore) -> str:
    """What keeps two numbers from being compared; empty where nothing does."""
    for what in ("n", "extractor_revision", "settings", "reference", "scale"):
        if getattr(before, what, None) != getattr(after, what, None):
            return what.replace("_", " ")
    return ""


def _reach(one: LockedInterval | None, other: LockedInterval | None) -> float | None:
    """How far two values lie apart by chance in 95 of 100 cases. Both have drawn the same prompts, so this is more."""
    halves = [interval.half for interval in (one, other) if interval and interval.half is not None]
    return math.hypot(*halves) if len(halves) == 2 else None  # noqa: PLR2004 - both
