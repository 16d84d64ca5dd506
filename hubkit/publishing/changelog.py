"""What changed from one release to the next, as Markdown, from their locks alone. Every text in a lock is a stranger's.

It stands in the card, on the page of a workflow's run and in what `hubkit changelog` prints.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from hubkit.escaping import Markdown, code, inline, table
from hubkit.publishing.changes import Change, Changes, ScoreChange, changes
from hubkit.publishing.lock import Lock, LockedScore
from hubkit.publishing.versions import Version, demanded

MOST: Final = 40
"""Rows of a table that are shown."""

MISSING: Final = "none"


def changelog(old: Lock, new: Lock, names: tuple[str, str], level: int = 2) -> Markdown:
    """Markdown that begins with what a reader must know first; headings are of `level`.

    `names` are what the two are called: their tags, or their commits.
    """
    found = changes(old, new)
    head = f"{'#' * level} {inline(names[1])} after {inline(names[0])}"
    parts = [head, in_a_sentence(old, found), *_accepted(new), *_sections(found, names, "#" * (level + 1))]
    return Markdown("\n\n".join(parts) + "\n")


def told(old: Lock, found: Changes, names: tuple[str, str], level: int = 3) -> Markdown:
    """The same of changes that are known, without a heading of its own; those within are of `level`."""
    return Markdown("\n\n".join([in_a_sentence(old, found), *_sections(found, names, "#" * level)]))


def in_a_sentence(old: Lock, found: Changes) -> Markdown:
    """What matters most of the changes, and the least version that they may have."""
    return Markdown(_weightiest(found) + _least(old, found))


def _weightiest(found: Changes) -> str:
    if found.interface:
        return f"**Code that loads the model may break**: {', '.join(inline(one.what) for one in found.interface)}."
    if found.weights:
        return "The weights are new; code that loads the model need not change."
    return "Nothing that is recorded has changed." if found.is_empty else "The weights are the same."


def _least(old: Lock, found: Changes) -> str:
    version = Version.parse(old.version or "")
    if version is None or found.is_empty:
        return ""
    return f" The least that may follow {inline(version.tag)} is {inline(version.bumped(demanded(version, found)[0]))}."


def _accepted(new: Lock) -> Iterator[str]:
    if new.accepted:
        yield f"It was published though a gate was not met: {inline(new.accepted)}"


def _sections(found: Changes, names: tuple[str, str], mark: str) -> Iterator[str]:
    """Tables of what is another now; those that would be empty are left out."""
    scores = [one for one in found.scores if one.before or one.after]
    if scores:
        yield f"{mark} Scores\n\n" + _table(
            ("score", *names, "difference", "", "n"), [*map(_score, scores)], range(1, 4)
        )
    for title, part in (
        ("Interface", found.interface),
        ("Made from", found.sources),
        ("Recipe", found.recipe),
        ("Versions", found.versions),
    ):
        if part:
            yield f"{mark} {title}\n\n" + _table(("", *names), [*map(_change, part)])


def _change(one: Change) -> Sequence[Markdown]:
    return code(one.what), inline(one.before), inline(one.after)


def _score(one: ScoreChange) -> Sequence[str]:
    there = [score for score in (one.before, one.after) if score]
    numbers = " → ".join(dict.fromkeys(str(score.n) for score in there))
    difference = MISSING if one.difference is None else f"{one.difference:+.4g}"
    panels = {score.panel for score in there if not one.metric.endswith(f" {score.panel}")} - {""}
    name = Markdown(f"{code(one.metric)} {inline(', '.join(panels))}".strip())
    return name, _value(one.before), _value(one.after), difference, one.verdict, numbers


def _value(score: LockedScore | None) -> str:
    """A score with its interval, where it has one."""
    if score is None or score.value is None:
        return MISSING if score is None else "not a number"
    reach = score.interval
    if reach is None or reach.low is None or reach.high is None:
        return f"{score.value:.4g}"
    return f"{score.value:.4g} ({reach.low:.4g} to {reach.high:.4g})"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], numbers: range = range(0)) -> str:
    more = f"\n\nand {len(rows) - MOST} more" if len(rows) > MOST else ""
    return table(header, rows[:MOST], numbers) + more
