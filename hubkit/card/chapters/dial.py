"""How much of what was learnt is in the published weights: the style dial."""

from collections.abc import Iterator
from typing import Any

from hubkit.card.chapters.figures import number
from hubkit.card.facts import Facts
from hubkit.card.sections import Section, Table, Words
from hubkit.escaping import Markdown, code, inline
from hubkit.scoring import Candidate, Dial


def dial(facts: Facts) -> Iterator[Section]:
    """The candidates beside one another, and why one was taken; nothing where there was no choice."""
    found, picture = facts.scores.dial, facts.plots.get("dial")
    if found is None:
        return
    said = {"prompts": found.prompts, "rule": code(found.pick), "reason": found.reason}
    header = ["weights", *(found.names[kind] for kind in kinds(found)), "none better in both", "taken"]
    rows = [row(one, found) for one in found.candidates]
    yield Section(
        "Style dial",
        [
            Words("dial", said),
            *([picture] if picture else []),
            Table(header, rows, numbers=range(1, 1 + len(kinds(found)))),
        ],
    )


def kinds(found: Dial) -> list[str]:
    """The metrics that were looked at: the two axes first."""
    return list(dict.fromkeys([found.style, found.prompt, *found.names]))


def row(one: Candidate, found: Dial) -> list[Any]:
    """One line of the table; the one that was taken stands out."""
    name = inline(one.name)
    values = [figure(one, kind) for kind in kinds(found)]
    return [Markdown(f"**{name}**") if one.picked else name, *values, mark(one.front), mark(one.picked)]


def figure(one: Candidate, kind: str) -> str:
    """A value, with the standard error of its difference to what the training leaves, where that is known."""
    error = one.errors.get(kind)
    return number(one.values.get(kind)) + (f" ± {error:.2g}" if error else "")


def mark(holds: bool) -> str:  # noqa: FBT001 - a cell that says whether
    """A cell that says whether."""
    return "✓" if holds else ""
