"""The card's pictures, made of what was drawn: single samples, and base beside finetuned from the same seeds."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hubkit.card.escaping import one_line
from hubkit.scoring import Sample, Scores

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont, ImageFont

SHOWN: Final = 6
"""Samples that stand alone, and subjects of the grid."""

COLUMNS: Final = 4
"""Templates of the grid, each with the base and the finetuned."""

CELL: Final = 160
"""Side of a picture in the grid, in pixels."""

LINE: Final = 16
"""Height of a line of the grid's writing, in pixels."""

GAP: Final = 6
INK: Final = (40, 40, 40)
PAPER: Final = (255, 255, 255)


def chosen(scores: Scores) -> list[Sample]:
    """The samples that stand alone: a subject each, with a template each in turn, the last one first.

    The templates of a recipe begin with the bare subject, so the last shows best what was learnt.
    """
    templates = len(scores.templates)
    rows = range(min(SHOWN, len(scores.subjects)))
    return [scores.finetuned[row * templates + (templates - 1 - row) % templates] for row in rows]


def save_sample(run: Path, sample: Sample, place: Path) -> None:
    """One sample as a PNG that holds pixels and nothing else."""
    with _opened(run, sample) as picture:
        picture.save(place, "PNG", optimize=True)


def save_grid(run: Path, scores: Scores, place: Path) -> None:
    """A row for each subject; for each template the base's picture and the finetuned's, from the same seed."""
    from PIL import Image, ImageDraw

    templates = len(scores.templates)
    rows, columns = min(SHOWN, len(scores.subjects)), min(COLUMNS, templates)
    pair, head, row_height = 2 * CELL + 3 * GAP, 2 * LINE + GAP, CELL + LINE + GAP
    sheet = Image.new("RGB", (columns * pair + GAP, head + rows * row_height + GAP), PAPER)
    pen, font = ImageDraw.Draw(sheet), _font()
    for column in range(columns):
        left = column * pair + GAP
        _write(pen, font, (left, GAP), scores.templates[column].replace("{subject}", "…"), pair)
        _write(pen, font, (left, GAP + LINE), "base", CELL)
        _write(pen, font, (left + CELL + GAP, GAP + LINE), "finetuned", CELL)
        for row in range(rows):
            top = head + row * row_height
            if column == 0:
                _write(pen, font, (left, top), scores.subjects[row], columns * pair)
            number = row * templates + column
            for offset, samples in ((0, scores.base), (CELL + GAP, scores.finetuned)):
                with _opened(run, samples[number]) as picture:
                    sheet.paste(_fitted(picture), (left + offset, top + LINE))
    sheet.save(place, "PNG", optimize=True)


def in_words(scores: Scores) -> str:
    """What the grid shows, for those who do not see it."""
    subjects, templates = scores.subjects[:SHOWN], scores.templates[:COLUMNS]
    return (
        f"A grid of {len(subjects)} rows ({_list(subjects)}). For each of the prompts {_list(templates)} it shows the"
        " base model's picture beside the finetuned model's, drawn from the same seed."
    )


def _list(texts: Sequence[str]) -> str:
    return ", ".join(f"“{one_line(text)}”" for text in texts)


def _opened(run: Path, sample: Sample) -> "Image":
    from PIL import Image

    return Image.open(run / sample.file, formats=("PNG",)).convert("RGB")


def _fitted(picture: "Image") -> "Image":
    from PIL import Image

    return picture.resize((CELL, CELL), Image.Resampling.LANCZOS)


def _font() -> "ImageFont | FreeTypeFont":
    from PIL import ImageFont

    return ImageFont.load_default(LINE - 4)


def _write(
    pen: "ImageDraw", font: "ImageFont | FreeTypeFont", place: tuple[int, int], text: str, width: int
) -> None:  # fmt: skip
    """A line that is cut where the room ends."""
    line = one_line(text)
    while line and pen.textlength(line, font=font) > width - GAP:
        line = line[:-2] + "…" if len(line) > 1 else ""
    pen.text(place, line, fill=INK, font=font)
