"""What it draws beside its base, and how to draw with it."""

from collections.abc import Iterator
from typing import Final

from hubkit.card.chapters.figures import size
from hubkit.card.facts import Facts
from hubkit.card.sections import Code, Gallery, Part, Picture, Section, Words, joined
from hubkit.escaping import Markdown, code

NEEDED: Final = ("diffusers", "transformers", "accelerate", "safetensors", "torch")
"""Packages that loading and drawing take."""


def before_and_after(facts: Facts) -> Iterator[Section]:
    """Every sample in pairs, and the gallery of those that the Hub shows large."""
    sampling = [f"{key.replace('_', ' ')} {value}" for key, value in facts.scores.sampling.items()]
    yield Section(
        "Before and after",
        [
            *pairs(facts),
            Words("drawn_with", {"sampling": joined(sampling)}),
            *([Gallery()] if facts.gallery else []),
        ],
    )


def pairs(facts: Facts) -> Iterator[Part]:
    """Those that are not on top of the card already; none where all are."""
    if grid := facts.plots.get("before-after"):
        yield from (grid, Words("pairs", {"which": which(facts)}))


def which(facts: Facts) -> str:
    """What the pairs are. The card's author may have chosen the subjects; nobody chose pictures by how they look."""
    whose = "subjects that the author chose" if facts.recipe.card.pictures else "the recipe's first subjects"
    return f"Together with those on top, this is what came out for {whose}"


def usage(facts: Facts) -> Iterator[Section]:
    """The code that was executed, and the picture it gave."""
    checker = "usage_checked" if facts.safety_checker else "usage_unchecked"
    yield Section(
        "How to use it",
        [
            *([Words("usage_local")] if facts.is_rehearsal else []),
            Code(facts.snippet, "python"),
            *template(facts),
            Words("usage_licence", {"licence": code(facts.licence.name or facts.licence.id or "none stated")}),
            Picture("images/usage.png", facts.proof.prompt),
            Words("usage", {"prompt": facts.proof.prompt, "seed": facts.proof.seed}),
            Words("usage_install"),
            Code(" \\\n  ".join(["pip install", *needed(facts)]), "sh"),
            *download(facts),
            Words(checker),
            *([Words("usage_fp16")] if facts.recipe.publish.fp16 else []),
        ],
    )


def download(facts: Facts) -> Iterator[Part]:
    """How much is fetched."""
    if facts.weights_bytes:
        parts = joined(sorted({path.partition("/")[0] for path in facts.model.weights}))
        yield Words("usage_size", {"size": size(facts.weights_bytes), "parts": parts})


def template(facts: Facts) -> Iterator[Part]:
    """What to put around a subject: what the prompt study found, or else what it was looked at with."""
    study = facts.scores.study
    if study and study.needed:
        yield Words("template_needed", {"template": code(study.winner)})
    elif study and study.counted:
        yield Words("template_not_needed")
    elif len(facts.scores.templates) > 1:
        yield Words("usage_templates", {"templates": templates(facts)})


def needed(facts: Facts) -> Iterator[str]:
    """The packages that the code imports or rests on; a build of one's own, such as +cpu, is on no index."""
    versions = facts.model.versions
    yield from (f"{name}=={versions[name].partition('+')[0]}" if name in versions else name for name in NEEDED)


def templates(facts: Facts) -> Markdown:
    """The prompt templates of the samples."""
    return joined([f"“{template}”" for template in facts.scores.templates])
