"""Every number of a score in a card, traced to the lock."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError

from hubkit.card.chapters.opening import headline, in_short
from hubkit.card.chapters.scores import meaning, protocol, row, table
from hubkit.card.checking.held import Held
from hubkit.card.checking.marks import Grid, Marks, marks_of
from hubkit.card.edits import split
from hubkit.card.metadata import arguments, type_of
from hubkit.card.plots import scores_in_words
from hubkit.card.sections import Part, Table
from hubkit.errors import Fault, IntegrityError
from hubkit.metrics import METRICS
from hubkit.publishing import LockedScore
from hubkit.scoring import Score

CODE: Final = "HK1040"
HELP: Final = "if somebody changed it, take the edit out; else publish the run again"
NUMBER: Final = re.compile(r"(?<![\w.])[-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?", re.IGNORECASE)
MARKS_OF_A_TABLE: Final = frozenset({"base", "this model"})
"""Headings by which a table of scores is known: that of all of them, and the one above the first heading."""
ALL: Final = "score"
"""The first heading of the table that holds all of them."""


def number_faults(held: Held, marks: Marks, edited: Sequence[str]) -> Iterator[Fault]:
    """Numbers that are not the lock's: in the table of scores, in the metadata, and beside the name of a score in
    `edited`, the sections of hubkit's that people changed; scores that are missing. Raises IntegrityError for a lock
    without sense.
    """
    scores = scores_of(held)
    yield from _of_tables(scores, marks, held)
    yield from _of_words(scores, marks, edited)
    yield from _of_index(scores, held)


def scores_of(held: Held) -> list[Score]:
    """The lock's scores, as they were when the card was written. Raises IntegrityError."""
    try:
        return [_score(one) for one in held.lock.scores]
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(map(str, first["loc"]))
        raise IntegrityError(
            f"the scores in the lock of {held.where} cannot be read: {key}: {first['msg']}",
            help="it was made by another version of hubkit",
            code="HK1010",
        ) from None


def _score(locked: LockedScore) -> Score:
    said = {key: value for key, value in locked.model_dump().items() if key in Score.model_fields}
    if said.get("kind") not in METRICS:
        raise IntegrityError(
            f"the lock has a score {locked.metric[:80]!r} of a kind that this hubkit does not know",
            help="it was made by another version of hubkit",
            code="HK1010",
        )
    for key in ("value", "base"):
        said[key] = math.nan if said[key] is None else said[key]
    return Score.model_validate(said)


def _of_tables(scores: Sequence[Score], marks: Marks, held: Held) -> Iterator[Fault]:
    """The rows of the tables of scores, cell by cell against those that would be written now."""
    left = _cells([table(scores)] if scores else [])
    on_top = _cells(headline(scores, held.lock.interface.trigger))
    for grid in marks.grids:
        if set(grid.header) >= MARKS_OF_A_TABLE:
            yield from _of_grid(grid, left if grid.header[0] == ALL else on_top)
    for one in left:
        yield _fault(f"the lock has a score {one[ALL]!r}, which no table shows", "README.md")


def _of_grid(grid: Grid, left: list[Mapping[str, str]]) -> Iterator[Fault]:
    """The rows of one table; those that are found are taken out of `left`."""
    name = grid.header[0]
    for line, cells in grid.rows:
        said = dict(zip(grid.header, cells, strict=False))
        expected = _nearest(said, [one for one in left if one.get(name) == said.get(name)])
        if expected is None:
            yield _fault(f"the table has a score {cells[0]!r}, which the lock has not", f"README.md:{line}")
            continue
        left.remove(expected)
        for key, cell in said.items():
            if cell != expected.get(key):
                what = f"{key!r} of {cells[0]} is {cell!r}"
                yield _fault(f"{what}; by the lock it is {expected.get(key)!r}", f"README.md:{line}")


def _cells(parts: Iterable[Part]) -> list[Mapping[str, str]]:
    """What stands in the rows of the tables among them, by the headings."""
    grids = [grid for part in parts for grid in marks_of(part.render()).grids]
    return [dict(zip(grid.header, cells, strict=True)) for grid in grids for _line, cells in grid.rows]


def _nearest(said: Mapping[str, Any], those: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Of several with one name, as on several panels, the one that differs least."""
    return min(those, key=lambda one: sum(said.get(key) != one.get(key) for key in {**said, **one}), default=None)


def _fault(message: str, where: str = "README.md:1") -> Fault:
    return Fault(CODE, message, where, HELP)


def _of_words(scores: Sequence[Score], marks: Marks, edited: Sequence[str]) -> Iterator[Fault]:
    """Numbers beside the name of a score, in the sections of hubkit's that people edited."""
    changed = {mark.text for text in edited for mark in marks_of(text).paragraphs}
    for mark in marks.paragraphs:
        named = [score for score in scores if score.metric in mark.text]
        if named and mark.text in changed:
            known = {number for score in named for number in _numbers(_told(score), scores)}
            for number in _numbers(mark.text, scores):
                if number not in known:
                    names = ", ".join(score.metric for score in named)
                    yield Fault(
                        CODE, f"{number!r} stands beside {names}; the lock has no such number", mark.where, HELP
                    )


def _told(score: Score) -> str:
    """All that a card says of a score."""
    said = Table(["", ""], [protocol(score), [meaning([score]), ""], in_short(score)])
    return " ".join([*row(score), said.render(), scores_in_words([score])])


def _numbers(text: str, scores: Sequence[Score]) -> list[str]:
    """The numbers in a text, but for those in the names of scores."""
    for score in sorted(scores, key=lambda one: -len(one.metric)):
        text = text.replace(score.metric, " ")
    return NUMBER.findall(text)


def _of_index(scores: Sequence[Score], held: Held) -> Iterator[Fault]:
    """The metadata's `model-index`, unrounded and with everything that makes a number comparable."""
    left: list[Mapping[str, Any]] = [
        {
            "name": score.metric,
            "type": type_of(score),
            "value": score.value,
            **arguments(score),
            "dataset.revision": held.lock.data.revision,
        }
        for score in scores
        if math.isfinite(score.value)
    ]
    for result, metric in _results(split(held.card)[0].get("model-index")):
        said = {
            **{key: value for key, value in metric.items() if key != "args"},
            **_mapping(metric.get("args")),
            "dataset.revision": _mapping(result.get("dataset")).get("revision"),
        }
        name = str(metric.get("name"))
        expected = _nearest(said, [one for one in left if one["name"] == name])
        if expected is None:
            yield _fault(f"model-index has a score {name!r}, which the lock has not")
            continue
        left.remove(expected)
        for key in {**expected, **said}:
            if said.get(key) != expected.get(key):
                what = f"model-index: {key!r} of {name} is {said.get(key)!r}"
                yield _fault(f"{what}; by the lock it is {expected.get(key)!r}")
    for one in left:
        yield _fault(f"the lock has a score {one['name']!r}, which model-index has not")


def _results(index: Any) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Each metric with the result it belongs to; whatever has another shape is passed over."""
    for model in index if isinstance(index, list) else ():
        for result in _list(_mapping(model).get("results")):
            for metric in _list(_mapping(result).get("metrics")):
                yield _mapping(result), _mapping(metric)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
