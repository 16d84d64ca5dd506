"""Which words around a subject draw it best, and what they cost: the prompt study."""

from collections.abc import Iterator
from typing import Any, Final

from hubkit.card.chapters.figures import measured, share
from hubkit.card.facts import Facts
from hubkit.card.pictures import best_other
from hubkit.card.sections import Bullets, Fold, Part, Picture, Section, Table, Words, joined
from hubkit.escaping import Markdown, code
from hubkit.scoring import Study, Template

HEADER: Final = ("template", "pairs won", "first", "identity", "style", "gained", "added")


def prompts(facts: Facts) -> Iterator[Section]:
    """Templates side by side, best first, with their pictures; nothing where nobody asked."""
    study, sheet, pairs = facts.scores.study, facts.plots.get("prompts"), facts.plots.get("with-template")
    if study is None:
        return
    yield Section(
        "Prompts",
        [
            Words("prompts", {"verdict": sentence(study.verdict)}),
            *without_and_with(study, pairs),
            Table(HEADER, [row(one, study) for one in study.templates], numbers=range(1, len(HEADER))),
            Words("prompts_meaning", {"merit": merit(study), "real": held_out(study)}),
            *([Fold("Every subject in every template", [sheet])] if sheet else []),
            Fold("The base's numbers", [of_base(study)]),
            Fold("How the study was made", [Table(["", ""], [*protocol(study)]), Bullets(study.notes)]),
        ],
    )


def without_and_with(study: Study, pairs: Picture | None) -> Iterator[Part]:
    """What the words of a template do, in pictures."""
    if pairs:
        yield from (pairs, Words("with_template", {"template": code(best_other(study))}))


def merit(study: Study) -> Markdown:
    """By what a picture beats another; nothing where there was nothing to tell them apart by."""
    return Markdown(f", by {joined(study.counted, ' and ')}" if study.counted else "")


def held_out(study: Study) -> str:
    """Which real pictures the style is held against, as the study's reference says it."""
    return str(study.reference.get("split", "")).rpartition(", ")[2] or "held out"


def sentence(words: str) -> str:
    """Words as a sentence of their own."""
    return f"{words[:1].upper()}{words[1:].removesuffix('.')}."


def row(one: Template, study: Study) -> list[Any]:
    """One line of the table; the recommended template stands out."""
    name = code(one.template)
    return [
        Markdown(f"**{name}**") if one.template == study.winner else name,
        share(one.wins),
        f"{one.leads:.0%}",
        measured(one.identity),
        measured(one.style),
        measured(one.gain),
        measured(one.interaction),
    ]


def of_base(study: Study) -> Table:
    """What the base made of the same prompts, from the same noise."""
    rows = [[code(one.template), measured(one.base_identity), measured(one.base_style)] for one in study.templates]
    return Table(["template", "base's identity", "base's style"], rows, numbers=(1, 2))


def protocol(study: Study) -> Iterator[tuple[str, Any]]:
    """Everything that makes the study comparable."""
    counts = len(study.subjects), len(study.templates), study.seeds
    yield "subjects x templates x initial latents", " x ".join(map(str, counts))
    yield "seen through", Markdown(f"{code(study.extractor)} at {code(study.extractor_revision)}")
    yield "held against", joined([f"{key} {value}" for key, value in study.reference.items()])
    yield "what counts", joined(study.counted)
    yield "where its scales begin and end", joined([f"{key} {value:.4g}" for key, value in study.anchors.items()])
    yield "intervals", study.intervals_by
