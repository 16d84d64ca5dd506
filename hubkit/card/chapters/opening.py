"""What one sees first: the author's words, what it is, its pictures, and how it stands against its base."""

import math
from collections.abc import Iterator
from typing import Final

from hubkit.card.chapters.figures import count, number
from hubkit.card.facts import Facts
from hubkit.card.sections import Gallery, Part, Plain, Words, joined
from hubkit.escaping import Markdown, code, inline
from hubkit.scoring import Score, verdict

IN_SHORT: Final = 3
"""Scores that stand in the opening line."""


def opening(facts: Facts) -> Iterator[Part]:
    """Everything above the first heading."""
    if facts.recipe.card.description:
        yield Plain(facts.recipe.card.description)
    if facts.is_rehearsal:
        yield Words("rehearsal", {"resolution": facts.images.source.resolution})
    if facts.accepted:
        yield Words("accepted", {"refusals": "; ".join(facts.scores.refusals), "reason": facts.accepted})
    yield Words(
        "opening",
        {
            "base": code(facts.model.base),
            "dataset": code(facts.dataset),
            "pictures": count(len(facts.images.train), "picture"),
            "steps": count(facts.model.steps, "step"),
            "resolution": facts.images.source.resolution,
            "seen": seen(facts),
        },
    )
    if trigger := facts.recipe.method.trigger:
        yield Words("trigger", {"trigger": code(trigger)})
    if facts.gallery:
        yield Gallery()
    if facts.scores.scores:
        shown = leading(facts.scores.scores)
        unseen = all(score.panel == "holdout" for score in shown)
        on = ", on captions and pictures the training never saw" if unseen else ""
        yield Words("against_base", {"on": on, "scores": joined([in_short(score) for score in shown])})


def seen(facts: Facts) -> Markdown:
    """What a training too short for one epoch has not seen; nothing where it saw every picture."""
    pictures, examples = len(facts.images.train), facts.model.examples
    return Markdown(f" It saw {count(examples, 'example')}, and so not all of them." if examples < pictures else "")


def leading(scores: tuple[Score, ...]) -> list[Score]:
    """The scores that say most: those with a gate first."""
    return sorted((score for score in scores if not score.withheld), key=lambda score: score.gate is None)[:IN_SHORT]


def in_short(score: Score) -> Markdown:
    """One score in a few words."""
    if not (math.isfinite(score.value) and math.isfinite(score.base)):
        return Markdown(f"{inline(score.metric)} not a number")
    return Markdown(
        f"{inline(score.metric)} {number(score.base)} → **{number(score.value)}** ({inline(verdict(score))})"
    )
