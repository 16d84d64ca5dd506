"""The card's pictures, made of what was drawn: single samples, and base beside finetuned from the same seeds."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hubkit.escaping import one_line
from hubkit.scoring import Sample, Scores

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont, ImageFont

SHOWN: Final = 6
"""Samples that stand alone, and subjects of the grid."""

FIRST: Final = 3
"""Pairs at the top of the card."""

COLUMNS: Final = 4
"""Pairs in a row of the grid, at most."""

CELL: Final = 160
"""Side of a picture in the grid, in pixels."""

LINE: Final = 20
"""Height of a line of the grid's writing, in pixels."""

GAP: Final = 6
QUALITY: Final = 92
"""Of the grid's WebP, of 100: no difference is seen, at a tenth of the bytes."""
INK: Final = (40, 40, 40)
PAPER: Final = (255, 255, 255)


@dataclass(frozen=True)
class Twins:
    """What both models drew of one prompt, from the same latents."""

    base: Sample
    finetuned: Sample


def chosen(scores: Scores, first: Sequence[str] = ()) -> list[Twins]:
    """The samples that stand alone: a subject each, the subjects in `first` before the others.

    They are of the template that won the prompt study; without one, a template each in turn, the last one first: the
    templates of a recipe begin with the bare subject, so the last shows best what was learnt.
    """
    numbered = list(enumerate(scores.subjects))
    order = {subject: place for place, subject in enumerate(first)}
    rows = [row for row, subject in sorted(numbered, key=lambda one: order.get(one[1], len(order)))][:SHOWN]
    study, templates = scores.study, len(scores.templates)
    if study and study.finetuned:
        places = [row * len(study.columns) + study.columns.index(study.winner) for row in rows]
        return [Twins(study.base[place], study.finetuned[place]) for place in places]
    places = [row * templates + (templates - 1 - row) % templates for row in rows]
    return [Twins(scores.base[place], scores.finetuned[place]) for place in places]


def save_first(run: Path, shown: Sequence[Twins], place: Path) -> None:
    """The first of the chosen in a row: the base's left, the finetuned's right."""
    drawn = [Pair(one.finetuned.prompt, opened(run, one.base), opened(run, one.finetuned)) for one in shown[:FIRST]]
    save_pairs(drawn, ("base", "finetuned"), len(drawn), place)


def first_in_words(shown: Sequence[Twins]) -> str:
    """What that row shows, for those who do not see it."""
    prompts = ", ".join(f"“{one.finetuned.prompt}”" for one in shown[:FIRST])
    return f"Left the base, right this model, from the same noise: {prompts}"


def save_sample(run: Path, sample: Sample, place: Path) -> None:
    """One sample as a PNG that holds pixels and nothing else."""
    with opened(run, sample) as picture:
        picture.save(place, "PNG", optimize=True)


@dataclass(frozen=True)
class Pair:
    """Two pictures from the same prompt and seed, and the prompt."""

    prompt: str
    left: "Image"
    right: "Image"


def save_grid(run: Path, scores: Scores, place: Path) -> None:
    """Pairs of pictures from the same seed, the base's left and the finetuned's right, under their prompts.

    A row holds a subject with all its templates; with one template, several subjects.
    """
    numbers = pairs(scores)
    columns = min(len(scores.templates), COLUMNS) if len(scores.templates) > 1 else min(len(numbers), COLUMNS - 1)
    shown = [
        Pair(scores.finetuned[number].prompt, opened(run, scores.base[number]), opened(run, scores.finetuned[number]))
        for number in numbers
    ]
    save_pairs(shown, ("base", "finetuned"), columns, place)


def save_pairs(shown: Sequence[Pair], titles: tuple[str, str], columns: int, place: Path) -> None:
    """Pairs of pictures under their prompts, `columns` in a row; over each column the two titles."""
    from PIL import Image, ImageDraw

    width, height = 2 * CELL + 4 * GAP, CELL + LINE + 2 * GAP
    rows = -(-len(shown) // columns)
    sheet = Image.new("RGB", (columns * width, LINE + GAP + rows * height), PAPER)
    pen = ImageDraw.Draw(sheet)
    for column in range(columns):
        write(pen, (column * width + GAP, GAP), titles[0], CELL)
        write(pen, (column * width + CELL + 2 * GAP, GAP), titles[1], CELL)
    for number, pair in enumerate(shown):
        row, column = divmod(number, columns)
        left, top = column * width + GAP, LINE + GAP + row * height
        write(pen, (left, top), pair.prompt, width - GAP)
        for offset, picture in ((0, pair.left), (CELL + GAP, pair.right)):
            sheet.paste(fitted(picture), (left + offset, top + LINE))
    sheet.save(place, "WEBP", quality=QUALITY, method=6)


def pairs(scores: Scores) -> list[int]:
    """The numbers of the samples in the grid: the first subjects, each with the first templates."""
    templates = len(scores.templates)
    subjects = range(min(SHOWN, len(scores.subjects)))
    return [subject * templates + template for subject in subjects for template in range(min(COLUMNS, templates))]


def in_words(scores: Scores) -> str:
    """What the grid shows, for those who do not see it."""
    prompts = ", ".join(f"“{scores.finetuned[number].prompt}”" for number in pairs(scores))
    return f"Pairs of pictures from the same seeds, the base's left and the finetuned's right: {prompts}"


def opened(run: Path, sample: Sample) -> "Image":
    """A picture of a run."""
    from PIL import Image

    return Image.open(run / sample.file, formats=("PNG",)).convert("RGB")


def fitted(picture: "Image") -> "Image":
    """In the size of a grid's cell."""
    from PIL import Image

    return picture.resize((CELL, CELL), Image.Resampling.LANCZOS)


@cache
def font() -> "ImageFont | FreeTypeFont":
    """What a grid is written in."""
    from PIL import ImageFont

    return ImageFont.load_default(LINE - 4)


def write(pen: "ImageDraw", place: tuple[int, int], text: str, width: int) -> None:
    """A line that is cut where the room ends."""
    line = one_line(text)
    while line and pen.textlength(line, font=font()) > width - GAP:
        line = line[:-2] + "…" if len(line) > 1 else ""
    pen.text(place, line, fill=INK, font=font())
