"""The prompt study as one picture: a column for each template, best first, and for each subject the base's pictures
above the finetuned's, all of a subject's from the same latents.
"""

from pathlib import Path
from textwrap import wrap
from typing import Final

from hubkit.card.pictures import CELL, GAP, LETTERS, LINE, PAPER, QUALITY, fitted, opened, quoted, write, write_lines
from hubkit.scoring import Study

MARGIN: Final = 96
"""Width of the words on the left, in pixels."""

HEAD: Final = 3
"""Lines of a template, at most."""


def save_sheet(run: Path, study: Study, place: Path) -> None:
    """Draw it, in the format of the place's suffix: PNG or WebP."""
    from PIL import Image, ImageDraw

    best_first = [row.template for row in study.templates]
    height = LINE + 2 * (CELL + GAP) + GAP
    head = HEAD * LINE + GAP
    size = MARGIN + len(best_first) * (CELL + GAP), head + len(study.subjects) * height
    sheet = Image.new("RGB", size, PAPER)
    pen = ImageDraw.Draw(sheet)
    for column, template in enumerate(best_first):
        write_lines(pen, (MARGIN + column * (CELL + GAP), GAP), wrap(template, LETTERS)[:HEAD], CELL)
    for row, subject in enumerate(study.subjects):
        top = head + row * height
        write(pen, (GAP, top), subject, size[0] - GAP)
        for line, (who, samples) in enumerate((("base", study.base), ("finetuned", study.finetuned))):
            write(pen, (GAP, top + LINE + line * (CELL + GAP) + CELL // 2), who, MARGIN)
            for column, template in enumerate(best_first):
                sample = samples[row * len(study.columns) + study.columns.index(template)]
                with opened(run, sample) as picture:
                    left = MARGIN + column * (CELL + GAP)
                    sheet.paste(fitted(picture), (left, top + LINE + line * (CELL + GAP)))
    place.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(place, optimize=True, quality=QUALITY, method=6)


def sheet_in_words(study: Study) -> str:
    """What it shows, for those who do not see it."""
    templates = quoted([row.template for row in study.templates])
    return f"Each subject in every template, best first, the base's pictures above this model's: {templates}"
