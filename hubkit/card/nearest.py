"""The drawn pictures that are nearest to a training picture, beside it: for the person who trained, in the run folder.

They are not published unless the recipe says so: the training's pictures are somebody's, and a card must not be the
place where they come out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hubkit.card.pictures import COLUMNS, Pair, save_pairs
from hubkit.data import CaptionedImages
from hubkit.data.transforms import square
from hubkit.scoring import NEAREST_KEPT, Neighbours, Score, Scores

TITLES: Final = ("drawn", "trained on")


@dataclass(frozen=True)
class Found:
    """A drawn picture and the training picture nearest to it, of whatever prompts it was drawn for."""

    prompts: str
    """Which, in words: 'held-out captions'."""
    pair: Neighbours

    @property
    def is_copy(self) -> bool:
        """Whether it is nearer than held-out pictures ever are."""
        return self.pair.distance < self.pair.threshold


def nearest_of(scores: Scores) -> list[Found]:
    """Those of a card, over all prompts, nearest first, as many as are kept of each; none where nobody searched."""
    found = [
        Found(str(score.settings.get("prompts", score.panel)), pair)
        for score in scores.scores
        for pair in score.nearest
    ]
    return sorted(found, key=lambda one: one.pair.distance)[:NEAREST_KEPT]


def save_nearest(run: Path, scores: Scores, images: CaptionedImages) -> list[Path]:
    """A sheet for each score that searched the training: `nearest-holdout.webp`."""
    sheets = {run / f"nearest-{score.panel}.webp": score for score in scores.scores if score.nearest}
    for place, score in sheets.items():
        save_pairs([beside(run, one, images) for one in _all_of(score)], TITLES, 1, place)
    return list(sheets)


def _all_of(score: Score) -> list[Found]:
    return [Found(score.panel, pair) for pair in score.nearest]


def save_shown(run: Path, found: Sequence[Found], images: CaptionedImages, place: Path) -> None:
    """Those of a card whose recipe lets them be shown."""
    save_pairs([beside(run, one, images) for one in found], TITLES, min(len(found), COLUMNS), place)


def in_words(found: Sequence[Found]) -> str:
    """What they show, for those who do not see it."""
    rows = ", ".join(f"{one.pair.row} at {one.pair.distance:.3f}" for one in found)
    return f"Drawn pictures left, right the training pictures they are nearest to, by row and distance: {rows}"


def beside(run: Path, found: Found, images: CaptionedImages) -> Pair:
    """The drawn picture and the one that was trained on, as the training saw it."""
    from PIL import Image, ImageOps

    pair = found.pair
    real = square(images.picture(pair.row).open(), images.source, None)
    drawn = Image.open(run / pair.file, formats=("PNG",)).convert("RGB")
    words = f"row {pair.row}, {pair.distance:.3f}: {'counts as a copy' if found.is_copy else 'no copy'}"
    return Pair(words, drawn, ImageOps.mirror(real) if pair.mirrored else real)
