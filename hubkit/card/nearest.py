"""The drawn pictures that are nearest to a training picture, beside it: for the person who trained, in the run folder.

They are not published: the training's pictures are somebody's, and a card must not be the place where they come out.
"""

from pathlib import Path

from hubkit.card.pictures import Pair, save_pairs
from hubkit.data import CaptionedImages
from hubkit.data.transforms import square
from hubkit.scoring import Score, Scores

TITLES = ("drawn", "trained on")


def save_nearest(run: Path, scores: Scores, images: CaptionedImages) -> list[Path]:
    """A sheet for each score that searched the training: `nearest-holdout.webp`."""
    searched = {run / f"nearest-{score.panel}.webp": score for score in scores.scores if score.nearest}
    for place, score in searched.items():
        save_pairs(pairs(run, score, images), TITLES, 1, place)
    return list(searched)


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
