"""How good it is, beside its base, and how sure one can be."""

import math
from collections.abc import Iterator, Sequence
from typing import Any, Final

from hubkit.card.chapters.figures import BETTER, interval, number
from hubkit.card.facts import Facts
from hubkit.card.sections import Bullets, Fold, Section, Table, Words, joined
from hubkit.escaping import Markdown, code, inline
from hubkit.metrics import METRICS
from hubkit.scoring import Score, verdict

WITHOUT: Final = Markdown(", but that the base drew without the token, which it does not know")


def scores(facts: Facts) -> Iterator[Section]:
    """Every score beside the base's, and what it means."""
    found = facts.scores.scores
    if not found:
        return
    plots = [facts.plots[name] for name in ("scores", "steps") if name in facts.plots]
    yield Section(
        "Scores",
        [
            Words("scores", {"panels": panels(found), "token": WITHOUT if facts.recipe.method.trigger else ""}),
            *plots,
            table(found),
            *warnings(found),
            Words("scores_columns"),
            Bullets([*meanings(found)]),
            Fold("How each number was made", [Table(["score", "how"], [*map(protocol, found)])]),
        ],
    )


def panels(found: Sequence[Score]) -> str:
    """What was drawn for the scores: each set of prompts, and how many pictures."""
    words = {(score.settings.get("prompts", "held-out captions"), score.n): None for score in found}
    return ", ".join(f"{prompts} ({n:,})" for prompts, n in words)


def table(found: Sequence[Score]) -> Table:
    """Base and finetuned side by side, with what can be known of the difference."""
    header = ["score", "base", "this model", "difference (95 % interval)", "verdict", "real pictures", "n"]
    return Table(header, [row(score) for score in found], numbers=(1, 2, 3, 5, 6))


def row(score: Score) -> list[str]:
    """One line of the table."""
    return [
        f"{score.metric} {BETTER[score.better]}",
        "" if score.withheld else number(score.base),
        "" if score.withheld else number(score.value),
        difference(score),
        verdict(score),
        real(score),
        str(score.n),
    ]


def real(score: Score) -> str:
    """What real pictures score, where that is where a good model comes out."""
    metric: Any = METRICS[score.kind]
    return number(score.real) if metric.aims_at_real else ""


def difference(score: Score) -> str:
    """To the base, with where it lies in 95 of 100 cases: '-2.8 (-3.45…-2.14)'."""
    found, around = score.value - score.base, interval(score.difference_interval).replace(" ", "")
    if not math.isfinite(found):
        return ""
    return f"{found:+.3g} ({around})" if around else f"{found:+.3g}"


def meanings(found: Sequence[Score]) -> Iterator[Markdown]:
    """What each number is, once for all panels it was measured on."""
    yield from (meaning([one for one in found if one.kind == kind]) for kind in dict.fromkeys(map(_kind, found)))


def _kind(score: Score) -> str:
    return score.kind


def meaning(those: Sequence[Score]) -> Markdown:
    """What a number is, in a sentence or two, with its paper and its gate."""
    metric: Any = METRICS[those[0].kind]
    said = {
        "metric": joined([score.metric for score in those]),
        "sentence": Markdown(inline(metric.meaning, longest=None)),
        "paper": Markdown(metric.paper),
        "gate": Markdown("".join(gate(score) for score in those)),
    }
    return Markdown(Words("meaning", said).render())


def gate(score: Score) -> str:
    """What was demanded of it, and whether it was met."""
    if score.gate is None:
        return ""
    met = {True: "met", False: "**not met**", None: "judged when it is published"}[score.gate_met]
    return f" Gate: {inline(score.gate)}; {met}."


def warnings(found: Sequence[Score]) -> Iterator[Bullets]:
    """What ought to worry a reader."""
    worries = [
        Markdown(f"⚠ **{inline(score.metric)}**: {inline(worry)}")
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
    return [score.metric, joined([Markdown(f"**{name}** {inline(said)}") for name, said in rows if said])]
