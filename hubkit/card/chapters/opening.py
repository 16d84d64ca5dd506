"""What one sees first: the author's words, what it is, its pictures, and how it stands against its base."""

import math
from collections.abc import Iterator
from typing import Final

from hubkit.card.chapters.figures import count, interval, number
from hubkit.card.facts import Facts
from hubkit.card.metadata import link
from hubkit.card.sections import Part, Plain, Words
from hubkit.escaping import Markdown, code, inline
from hubkit.scoring import Score, verdict

WHICH: Final = {False: "The first subjects of the recipe, none picked out", True: "Subjects that the author chose"}
"""What the first pictures are; `[card] pictures` names an order."""


def opening(facts: Facts) -> Iterator[Part]:
    """Everything above the first heading."""
    said = facts.recipe.card
    if said.new_version:
        page = Markdown(f"[{code(said.new_version)}](<{link(facts.hub, said.new_version)}>)")
        yield Words("superseded", {"model": page})
    if said.description:
        yield Plain(said.description)
    yield what(facts)
    if trigger := facts.recipe.method.trigger:
        yield Words("trigger", {"trigger": code(trigger)})
    if picture := facts.plots.get("first"):
        yield from (picture, Words("first", {"which": WHICH[bool(said.pictures)]}))
    yield from headline(facts)
    if facts.accepted:
        yield Words("accepted", {"refusals": "; ".join(facts.scores.refusals), "reason": facts.accepted})
    if facts.is_rehearsal:
        yield Words("rehearsal", {"resolution": facts.images.source.resolution})


def what(facts: Facts) -> Words:
    """One line: what it is, and what it was made from."""
    title = facts.recipe.method.title
    return Words(
        "opening",
        {
            "method": Markdown(f"{inline(title[:1].upper() + title[1:])}"),
            "base": code(facts.model.base),
            "dataset": code(facts.dataset),
            "pictures": count(len(facts.images.train), "picture"),
            "steps": count(facts.model.steps, "step"),
            "resolution": facts.images.source.resolution,
            "seen": seen(facts),
        },
    )


def headline(facts: Facts) -> Iterator[Words]:
    """The score that says most."""
    yield from map(beside_base, leading(facts.scores.scores)[:1])


def beside_base(score: Score) -> Words:
    """One score beside the base's, and what that amounts to."""
    around = interval(score.difference_interval)
    said = {
        "on": ", on captions and pictures the training never saw" if score.panel == "holdout" else "",
        "score": in_short(score),
        "interval": Markdown(f"; 95 % interval of the difference {inline(around)}" if around else ""),
        "better": score.better,
        "n": count(score.n, "picture"),
    }
    return Words("against_base", said)


def seen(facts: Facts) -> Markdown:
    """What a training too short for one epoch has not seen; nothing where it saw every picture."""
    pictures, examples = len(facts.images.train), facts.model.examples
    return Markdown(f" It saw {count(examples, 'example')}, and so not all of them." if examples < pictures else "")


def leading(scores: tuple[Score, ...]) -> list[Score]:
    """The scores that say most: those with a gate first."""
    return sorted((score for score in scores if not score.withheld), key=lambda score: score.gate is None)


def in_short(score: Score) -> Markdown:
    """One score in a few words."""
    if not (math.isfinite(score.value) and math.isfinite(score.base)):
        return Markdown(f"{inline(score.metric)} not a number")
    return Markdown(
        f"{inline(score.metric)} {number(score.base)} → **{number(score.value)}** ({inline(verdict(score))})"
    )
