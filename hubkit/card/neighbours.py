"""The drawn pictures that are nearest to the training's, each beside its training picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from hubkit.card.pictures import COLUMNS, Pair, save_pairs
from hubkit.data import CaptionedImages
from hubkit.scoring import Neighbours, Scores

SHOWN: Final = 8
"""Pairs, at most."""


def neighbours(scores: Scores) -> Sequence[Neighbours]:
    """The nearest pairs; none where nobody searched."""
    return next((score.nearest for score in scores.scores if score.nearest), ())


def save_nearest(run: Path, found: Sequence[Neighbours], training: CaptionedImages, place: Path) -> None:
    """Pairs of a drawn and a training picture, nearest first; the training's as it was nearest, mirrored or not."""
    from PIL import Image, ImageOps

    shown = []
    for one in found[:SHOWN]:
        with Image.open(run / one.file, formats=("PNG",)) as opened:
            drawn = opened.convert("RGB")
        real = training.picture(one.row).open().convert("RGB")
        real = ImageOps.fit(ImageOps.mirror(real) if one.mirrored else real, drawn.size)
        words = f"distance {one.distance:.3f}, row {one.row}{', mirrored' if one.mirrored else ''}"
        shown.append(Pair(words, drawn, real))
    save_pairs(shown, ("drawn", "training"), min(len(shown), COLUMNS), place)


def nearest_in_words(found: Sequence[Neighbours]) -> str:
    """What they show, for those who do not see it."""
    rows = ", ".join(f"{one.row} at {one.distance:.3f}" for one in found[:SHOWN])
    return f"Drawn pictures left, right the training pictures they are nearest to, by row and distance: {rows}"
