"""The drawn pictures that are nearest to a training picture, beside it: for the person who trained, in the run folder.

They are not published unless the recipe says so: the training's pictures are somebody's, and a card must not be the
place where they come out.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from hubkit.card.pictures import COLUMNS, Pair, save_pairs
from hubkit.data import CaptionedImages
from hubkit.data.transforms import square
from hubkit.scoring import Neighbours, Score, Scores

TITLES: Final = ("drawn", "trained on")
SHOWN: Final = 8
"""Pairs on a card, at most."""


def save_nearest(run: Path, scores: Scores, images: CaptionedImages) -> list[Path]:
    """A sheet for each score that searched the training: `nearest-holdout.webp`."""
    sheets = {run / f"nearest-{score.panel}.webp": score for score in scores.scores if score.nearest}
    for place, score in sheets.items():
        save_pairs(pairs(run, score, images), TITLES, 1, place)
    return list(sheets)


def save_shown(run: Path, score: Score, images: CaptionedImages, place: Path) -> None:
    """The nearest of one score, for a card whose recipe lets them be shown."""
    shown = pairs(run, score, images)[:SHOWN]
    save_pairs(shown, TITLES, min(len(shown), COLUMNS), place)


def searched(scores: Scores) -> Score | None:
    """The score whose pairs a card tells of; None where nobody searched."""
    return next((score for score in scores.scores if score.nearest), None)


def in_words(found: Sequence[Neighbours]) -> str:
    """What they show, for those who do not see it."""
    rows = ", ".join(f"{one.row} at {one.distance:.3f}" for one in found[:SHOWN])
    return f"Drawn pictures left, right the training pictures they are nearest to, by row and distance: {rows}"


def pairs(run: Path, score: Score, images: CaptionedImages) -> list[Pair]:
    """The drawn picture and the one that was trained on, as the training saw it."""
    from PIL import Image, ImageOps

    found = []
    for one in score.nearest:
        real = square(images.picture(one.row).open(), images.source, None)
        drawn = Image.open(run / one.file, formats=("PNG",)).convert("RGB")
        near = "counts as a copy" if one.distance < one.threshold else "no copy"
        words = f"row {one.row}, {one.distance:.3f}: {near}"
        found.append(Pair(words, drawn, ImageOps.mirror(real) if one.mirrored else real))
    return found
