"""What one sees first: the author's words, what it is, its pictures, and how it stands against its base."""

import math
from collections.abc import Iterator
from typing import Final

from hubkit.card.chapters.figures import number
from hubkit.card.facts import Facts
from hubkit.card.metadata import is_rehearsal
from hubkit.card.sections import Gallery, Part, Plain, Words, joined
from hubkit.escaping import Markdown, code, inline
from hubkit.scoring import Score, verdict

IN_SHORT: Final = 3
"""Scores that stand in the opening line."""


def opening(facts: Facts) -> Iterator[Part]:
    """Everything above the first heading."""
    if facts.recipe.card.description:
        yield Plain(facts.recipe.card.description)
    if is_rehearsal(facts.recipe):
        yield Words("rehearsal", {"resolution": facts.images.source.resolution})
    if facts.accepted:
        yield Words("accepted", {"reason": facts.accepted})
    yield Words(
        "opening",
        {
            "base": code(facts.model.base),
            "dataset": code(facts.dataset),
            "pictures": len(facts.images.train),
            "steps": f"{facts.model.steps:,}",
            "resolution": facts.images.source.resolution,
        },
    )
    if trigger := facts.recipe.method.trigger:
        yield Words("trigger", {"trigger": code(trigger)})
    if facts.gallery:
        yield Gallery()
    if facts.scores.scores:
        yield Words("against_base", {"scores": joined([in_short(score) for score in leading(facts.scores.scores)])})


def leading(scores: tuple[Score, ...]) -> list[Score]:
    """The scores that say most: those with a gate first."""
    return sorted(scores, key=lambda score: score.gate is None)[:IN_SHORT]


def in_short(score: Score) -> Markdown:
    """One score in a few words."""
    if not (math.isfinite(score.value) and math.isfinite(score.base)):
        return Markdown(f"{inline(score.metric)} not a number")
    return Markdown(
        f"{inline(score.metric)} {number(score.base)} → **{number(score.value)}** ({inline(verdict(score))})"
    )
