"""What is another than in the release before."""

from collections.abc import Iterator
from typing import Final

from hubkit.card.facts import Facts
from hubkit.card.sections import Made, Section, Words
from hubkit.escaping import code
from hubkit.publishing import Past, told

SHOWN: Final = 7
"""Digits of a commit."""


def changes(facts: Facts) -> Iterator[Section]:
    """Scores, interface, data, recipe and versions side by side; nothing for a first release."""
    before, found = facts.before, facts.changes
    if before is None or before.lock is None or found is None:
        return
    names = (name(before), facts.recipe.publish.version or "this release")
    made = Made(told(before.lock, found, names))
    yield Section("What is new", [Words("changes", {"before": code(names[0])}), made])


def name(past: Past) -> str:
    """Its tag, or its commit."""
    return past.tag or past.commit[:SHOWN]
