"""The card's pictures, made of what was drawn: single samples, and base beside finetuned from the same seeds."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Final

from hubkit.escaping import one_line
from hubkit.scoring import BARE, Sample, Scores, Study

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

LINE: Final = 23
"""Height of a line of the grid's writing, in pixels."""

PROMPT: Final = 2
"""Lines of a prompt, at most."""

LETTERS: Final = 17
"""In a line over one picture; twice as many over a pair."""

TOLD: Final = 6
LONGEST: Final = 100
"""Prompts in the words for a picture, and letters of each."""

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
        of_winner = in_template(study, study.winner)
        return [of_winner[row] for row in rows]
    places = [row * templates + (templates - 1 - row) % templates for row in rows]
    return [Twins(scores.base[place], scores.finetuned[place]) for place in places]


def save_first(run: Path, shown: Sequence[Twins], place: Path) -> None:
    """The first of the chosen in a row: the base's left, the finetuned's right."""
    drawn = [Pair(one.finetuned.prompt, opened(run, one.base), opened(run, one.finetuned)) for one in shown[:FIRST]]
    save_pairs(drawn, ("base", "finetuned"), len(drawn), place)


def first_in_words(shown: Sequence[Twins]) -> str:
    """What that row shows, for those who do not see it."""
    prompts = quoted([one.finetuned.prompt for one in shown[:FIRST]])
    return f"Left the base, right this model, from the same noise: {prompts}"


def quoted(texts: Sequence[str]) -> str:
    """The first few of some texts, each cut where it is long, and how many there are beside them."""
    more = len(texts) - TOLD
    told = ", ".join(f"“{one_line(text, LONGEST)}”" for text in texts[:TOLD])
    return f"{told} and {more} more" if more > 0 else told


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


def save_grid(run: Path, scores: Scores, shown: Sequence[Twins], place: Path) -> None:
    """Pairs of pictures from the same seed, the base's left and the finetuned's right, under their prompts.

    A row holds a subject with all its templates; where those have a study of their own, several subjects.
    """
    many = len(scores.templates) > 1 and scores.study is None
    columns = min(len(scores.templates), COLUMNS) if many else min(len(shown), FIRST)
    drawn = [Pair(one.finetuned.prompt, opened(run, one.base), opened(run, one.finetuned)) for one in shown]
    save_pairs(drawn, ("base", "finetuned"), columns, place)


def grid(scores: Scores, first: Sequence[Twins]) -> list[Twins]:
    """The pairs of the grid: each of the first subjects with the first templates. With a study, which shows templates
    itself: the chosen ones that are not on top of the card already, all in the template it recommends.
    """
    if scores.study and scores.study.finetuned:
        return list(first[FIRST:])
    return [Twins(scores.base[number], scores.finetuned[number]) for number in pairs(scores)]


def in_template(study: Study, template: str) -> list[Twins]:
    """The study's pictures of one template, subject by subject."""
    column, stride = study.columns.index(template), len(study.columns)
    return [
        Twins(study.base[row * stride + column], study.finetuned[row * stride + column])
        for row in range(len(study.subjects))
    ]


def save_with_template(run: Path, study: Study, place: Path) -> None:
    """The first subjects, each without words around it and in the best template that has some, from the same latents:
    what the words do.
    """
    best = best_other(study)
    rows = zip(study.subjects, in_template(study, BARE), in_template(study, best), strict=True)
    drawn = [Pair(subject, opened(run, bare.finetuned), opened(run, other.finetuned)) for subject, bare, other in rows]
    save_pairs(drawn[:FIRST], (BARE, best), min(FIRST, len(drawn)), place)


def best_other(study: Study) -> str:
    """The best template that is not the bare subject."""
    return next(one.template for one in study.templates if one.template != BARE)


def with_template_in_words(study: Study) -> str:
    """What it shows, for those who do not see it."""
    return f"Left the bare subject, right “{best_other(study)}”, both by this model: {quoted(study.subjects[:FIRST])}"


def save_pairs(shown: Sequence[Pair], titles: tuple[str, str], columns: int, place: Path) -> None:
    """Pairs of pictures under their prompts, `columns` in a row; over each column the two titles."""
    from PIL import Image, ImageDraw

    width, height = 2 * CELL + 4 * GAP, CELL + PROMPT * LINE + 2 * GAP
    heads = [wrap(title, LETTERS)[:PROMPT] for title in titles]
    head = max(map(len, heads)) * LINE + GAP
    rows = -(-len(shown) // columns)
    sheet = Image.new("RGB", (columns * width, head + rows * height), PAPER)
    pen = ImageDraw.Draw(sheet)
    for column in range(columns):
        for side, lines in enumerate(heads):
            write_lines(pen, (column * width + GAP + side * (CELL + GAP), GAP), lines, CELL)
    for number, pair in enumerate(shown):
        row, column = divmod(number, columns)
        left, top = column * width + GAP, head + row * height
        write_lines(pen, (left, top), ending(pair.prompt), width - GAP)
        for offset, picture in ((0, pair.left), (CELL + GAP, pair.right)):
            sheet.paste(fitted(picture), (left + offset, top + PROMPT * LINE))
    sheet.save(place, "WEBP", quality=QUALITY, method=6)


def ending(prompt: str) -> list[str]:
    """A prompt in the lines there are: what does not fit is cut out of its middle, since templates end with what they
    add.
    """
    lines = wrap(one_line(prompt), 2 * LETTERS)
    return lines if len(lines) <= PROMPT else [*lines[: PROMPT - 1], f"… {lines[-1]}"]


def write_lines(pen: "ImageDraw", place: tuple[int, int], lines: Sequence[str], width: int) -> None:
    """Lines below one another."""
    for number, line in enumerate(lines):
        write(pen, (place[0], place[1] + number * LINE), line, width)


def pairs(scores: Scores) -> list[int]:
    """The numbers of the samples in the grid: the first subjects, each with the first templates."""
    templates = len(scores.templates)
    subjects = range(min(SHOWN, len(scores.subjects)))
    return [subject * templates + template for subject in subjects for template in range(min(COLUMNS, templates))]


def in_words(shown: Sequence[Twins]) -> str:
    """What the grid shows, for those who do not see it."""
    prompts = quoted([one.finetuned.prompt for one in shown])
    return f"Pairs of pictures from the same noise, the base's left and this model's right: {prompts}"


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
