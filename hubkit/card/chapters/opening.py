"""What one sees first: the author's words, what it is, its pictures, and how it stands against its base."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

from hubkit.card.chapters.figures import BETTER, count, interval, number
from hubkit.card.chapters.scores import real
from hubkit.card.facts import Facts
from hubkit.card.metadata import link
from hubkit.card.sections import Part, Plain, Table, Words
from hubkit.escaping import Markdown, code, inline
from hubkit.metrics import METRICS
from hubkit.scoring import TRAINED_ON, Score, verdict

WHICH: Final = {False: "The recipe's first subjects, not hand-picked", True: "Subjects that the author chose"}
"""What the first pictures are; `[card] pictures` names an order."""
UNSEEN: Final = "on captions and pictures the training never saw"
TOKENLESS: Final = "from the same noise; for these numbers the base drew without the token"
TWINS: Final = "from the same prompts and noise"
"""What the scores above the first heading are of."""
CHANGES: Final = frozenset({"better", "worse"})
HEADLINES: Final = 4
"""Scores above the first heading, at most."""


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
    yield from headline(facts.scores.scores, facts.recipe.method.trigger)
    if facts.accepted:
        yield Words("accepted", {"refusals": "; ".join(facts.scores.refusals), "reason": facts.accepted})
    if facts.is_rehearsal:
        yield Words("rehearsal", {"resolution": facts.images.source.resolution})


def what(facts: Facts) -> Words:
    """One line: what it is, and what it was made from."""
    return Words(
        "opening",
        {
            "method": facts.recipe.method.title,
            "base": repo(facts.hub, facts.model.base, facts.model.base_revision),
            "dataset": code(facts.dataset),
            "pictures": count(len(facts.images.train), "picture"),
            "steps": count(facts.model.steps, "step"),
            "resolution": facts.images.source.resolution,
            "seen": seen(facts),
        },
    )


def repo(where: str, name: str, revision: str) -> Markdown:
    """A model by its id, linked at its commit."""
    return Markdown(f"[{code(name)}](<{link(where, name, revision)}>)")


def seen(facts: Facts) -> Markdown:
    """What a training too short for one epoch has not seen; nothing where it saw every picture."""
    pictures, examples = len(facts.images.train), facts.model.examples
    return Markdown(f" It saw {count(examples, 'example')}, and so not all of them." if examples < pictures else "")


def headline(scores: Sequence[Score], trigger: str | None) -> Iterator[Part]:
    """The scores that say most, good or bad. Where a method taught a token, `trigger`, the base drew without it."""
    if shown := leading(scores):
        unseen = all(one.panel == "holdout" for one in shown)
        header = [UNSEEN if unseen else TOKENLESS if trigger else TWINS, "base", "this model", "real pictures", ""]
        kinds = Counter(one.kind for one in shown)
        yield Table(
            header,
            [in_short(one, told=kinds[one.kind] > 1 or one.panel == TRAINED_ON) for one in shown],
            numbers=range(1, 4),
        )
        yield Words("headline")


def leading(scores: Sequence[Score]) -> list[Score]:
    """The scores that a gate judged, and whatever became worse; the first two where that is nothing."""
    known = [one for one in scores if not one.withheld]
    telling = [one for one in known if one.gate is not None or (verdict(one) == "worse" and not is_beside(one))]
    return sorted(telling or known[:2], key=lambda one: one.gate is None)[:HEADLINES]


def is_beside(score: Score) -> bool:
    """Whether it only stands beside another for comparison."""
    metric: Any = METRICS[score.kind]
    return score.panel in metric.ungated


def in_short(score: Score, *, told: bool = False) -> list[Any]:
    """One line: what it asks, and what became of it; with the prompts where they have to be `told`."""
    metric: Any = METRICS[score.kind]
    of = f", {inline(score.settings.get('prompts', score.panel))}" if told else ""
    return [
        Markdown(f"{metric.asks} ({score.kind}{of}) {BETTER[score.better]}"),
        number(score.base),
        Markdown(f"**{number(score.value)}**"),
        real(score),
        amounts_to(score, metric),
    ]


def amounts_to(score: Score, metric: Any) -> str:
    """What the difference comes to, how sure that is, and whether it leads to where real pictures are."""
    said = verdict(score)
    if said not in CHANGES:
        return said
    around = interval(score.difference_interval).replace(" ", "")
    told = f"{said}: {score.value - score.base:+.3g} ({around})"
    nearer = score.real is not None and abs(score.value - score.real) < abs(score.base - score.real)
    return f"{told}; nearer to real pictures" if said == "worse" and metric.aims_at_real and nearer else told
