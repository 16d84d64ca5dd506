"""Which words around a subject draw it best, and what they cost: the prompt study."""

from collections.abc import Iterator
from typing import Any, Final

from hubkit.card.chapters.figures import measured, share
from hubkit.card.facts import Facts
from hubkit.card.sections import Bullets, Fold, Section, Table, Words, joined
from hubkit.escaping import Markdown, code
from hubkit.scoring import Study, Template

HEADER: Final = ("template", "pairs won", "first", "identity", "base's identity", "style", "base's style", "gained",
                 "added")  # fmt: skip


def prompts(facts: Facts) -> Iterator[Section]:
    """Templates side by side, best first, with their pictures; nothing where nobody asked."""
    study, sheet = facts.scores.study, facts.plots.get("prompts")
    if study is None:
        return
    yield Section(
        "Prompts",
        [
            Words("prompts", {"verdict": sentence(study.verdict)}),
            *([sheet] if sheet else []),
            Table(HEADER, [row(one, study) for one in study.templates], numbers=range(1, len(HEADER))),
            Words("prompts_meaning"),
            Fold("How the study was made", [Table(["", ""], [*protocol(study)]), Bullets(study.notes)]),
        ],
    )


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
        measured(one.base_identity),
        measured(one.style),
        measured(one.base_style),
        measured(one.gain),
        measured(one.interaction),
    ]


def protocol(study: Study) -> Iterator[tuple[str, Any]]:
    """Everything that makes the study comparable."""
    counts = len(study.subjects), len(study.templates), study.seeds
    yield "subjects x templates x initial latents", " x ".join(map(str, counts))
    yield "seen through", Markdown(f"{code(study.extractor)} at {code(study.extractor_revision)}")
    yield "held against", joined([f"{key} {value}" for key, value in study.reference.items()])
    yield "what counts", joined(study.counted)
    yield "where its scales begin and end", joined([f"{key} {value:.4g}" for key, value in study.anchors.items()])
    yield "intervals", study.intervals_by
