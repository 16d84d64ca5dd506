"""How good it is, beside its base, and how sure one can be."""

import math
from collections.abc import Iterator, Sequence
from typing import Any, Final

from hubkit.card.chapters.figures import interval, number
from hubkit.card.facts import Facts
from hubkit.card.sections import Bullets, Fold, Section, Table, Words, joined
from hubkit.escaping import Markdown, code, inline
from hubkit.metrics import METRICS
from hubkit.scoring import Score, verdict

BETTER: Final = {"higher": "↑", "lower": "↓"}
"""Which way is better."""
WITHOUT: Final = Markdown(" Where a prompt holds the token, the base drew it without: it does not know it.")


def scores(facts: Facts) -> Iterator[Section]:
    """Every score beside the base's, and what it means."""
    found = facts.scores.scores
    if not found:
        return
    plot = facts.plots.get("scores")
    yield Section(
        "Scores",
        [
            Words("scores", {"panels": panels(found), "token": WITHOUT if facts.recipe.method.trigger else ""}),
            *([plot] if plot else []),
            table(found),
            Bullets([*map(meaning, found)]),
            *warnings(found),
            Fold("How each number was made", [Table(["score", "how"], [*map(protocol, found)])]),
        ],
    )


def panels(found: Sequence[Score]) -> str:
    """What was drawn for the scores: each set of prompts, and how many pictures."""
    words = {(score.settings.get("prompts", "held-out captions"), score.n): None for score in found}
    return "; ".join(f"{prompts}, n = {n:,}" for prompts, n in words)


def table(found: Sequence[Score]) -> Table:
    """Base and finetuned side by side, with what can be known of the difference."""
    header = ["score", "base", "finetuned", "difference", "95 % interval of the difference", "real pictures", "n",
              "verdict"]  # fmt: skip
    return Table(header, [row(score) for score in found], numbers=range(1, 7))


def row(score: Score) -> list[str]:
    """One line of the table."""
    difference = score.value - score.base
    return [
        f"{score.metric} {BETTER[score.better]}",
        "" if score.withheld else number(score.base),
        "" if score.withheld else number(score.value),
        f"{difference:+.3g}" if math.isfinite(difference) else "",
        interval(score.difference_interval),
        number(score.real),
        str(score.n),
        verdict(score),
    ]


def meaning(score: Score) -> Markdown:
    """What a number is, in a sentence or two, with its paper and its gate."""
    metric: Any = METRICS[score.kind]
    gate = inline(score.gate)
    met = {None: "", True: f" Gate: {gate}; met.", False: f" Gate: {gate}; **not met**."}[score.gate_met]
    said = {"metric": score.metric, "sentence": metric.meaning, "paper": Markdown(metric.paper), "gate": Markdown(met)}
    return Markdown(Words("meaning", said).render())


def warnings(found: Sequence[Score]) -> Iterator[Bullets]:
    """What ought to worry a reader."""
    worries = [
        Markdown(f"⚠ {joined([score.metric, worry])}")
        for score in found
        for worry in (score.withheld, *score.warnings)
        if worry
    ]
    if worries:
        yield Bullets(worries)


def protocol(score: Score) -> list[Any]:
    """Everything that makes the number comparable."""
    rows = [
        ("scale", score.scale),
        ("seen through", Markdown(f"{code(score.extractor)} at {code(score.extractor_revision)}")),
        ("held against", joined([f"{key} {value}" for key, value in score.reference.items()]) or "the prompts alone"),
        ("drawn with", joined([f"{key} {value}" for key, value in score.settings.items()])),
        ("intervals", score.intervals_by),
        ("to note", joined(score.notes)),
    ]
    return [score.metric, joined([Markdown(f"**{name}** {joined([value])}") for name, value in rows if value])]
