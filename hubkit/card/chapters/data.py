"""What it learnt from, and how."""

from collections.abc import Iterator, Mapping
from statistics import median
from typing import Any, Final

from hubkit.card.chapters.figures import number
from hubkit.card.facts import Facts
from hubkit.card.metadata import link
from hubkit.card.sections import Bullets, Fold, Section, Table, Words, joined
from hubkit.data import CaptionedImages
from hubkit.escaping import Markdown, code

EXAMPLES: Final = 5
"""Captions that are quoted."""


def data(facts: Facts) -> Iterator[Section]:
    """The dataset at its revision."""
    images = facts.images
    used = [images.sizes[row] for row in (*images.train, *images.holdout)] or [(0, 0)]
    widths, heights = zip(*used, strict=True)
    rows = [
        ("dataset", address(facts)),
        ("revision", code(images.revision)),
        ("licence", code(images.license) if images.license else Markdown("**none stated**")),
        ("pictures to train on", len(images.train)),
        ("held out for the scores, never trained on", len(images.holdout)),
        ("left out, as they could not be used", len(images.skipped)),
        ("width in pixels", f"{min(widths)} to {max(widths)}, median {median(widths):g}"),
        ("height in pixels", f"{min(heights)} to {max(heights)}, median {median(heights):g}"),
        ("trained at", f"{images.source.resolution} pixels, {images.source.crop} crop"),
        *([("language of the captions", joined(images.languages))] if images.languages else []),
        *captions(images),
    ]
    quoted = [images.captions[row] for row in images.train[:EXAMPLES]]
    yield Section(
        "Training data",
        [
            Table(["", ""], rows),
            *([Fold("The first captions", [Bullets(quoted)])] if any(quoted) else []),
            *([Fold("What was left out", [Bullets(images.skipped[:EXAMPLES])])] if images.skipped else []),
        ],
    )


def address(facts: Facts) -> Markdown:
    """The dataset, as a link to its revision where it is a repo."""
    images = facts.images
    if not images.source.repo:
        return code(images.name)
    return Markdown(f"[{code(images.name)}](<{link(facts.hub, images.source.repo, images.revision, 'dataset')}>)")


def captions(images: CaptionedImages) -> Iterator[tuple[str, str]]:
    """How long they are, and how many are the same."""
    told = [images.captions[row] for row in images.train]
    words = [len(caption.split()) for caption in told]
    if any(words):
        yield "words in a caption", f"{min(words)} to {max(words)}, median {median(words):g}"
        yield "captions that differ", f"{len(set(told)):,} of {len(told):,}"


def method(facts: Facts) -> Iterator[Section]:
    """What the method was told, where it was told more than the captions."""
    said: Mapping[str, Any] = facts.recipe.method.facts(facts.images)
    if said:
        rows = [(name, number(value) if isinstance(value, float) else value) for name, value in said.items()]
        yield Section(
            "What it was taught",
            [
                Words("method", {"kind": facts.recipe.method.title}),
                Table(["", ""], rows),
                *([Bullets(facts.model.remarks)] if facts.model.remarks else []),
            ],
        )
