"""The curves and sheets of a card: made once, named by what they show."""

from collections.abc import Mapping
from pathlib import Path

from hubkit.card.pictures import in_words, save_grid
from hubkit.card.plots import drawable, loss_in_words, save_loss, save_scores, scores_in_words
from hubkit.card.sections import Picture
from hubkit.scoring import Scores
from hubkit.training.journal import read_rows


def illustrations(run: Path, scores: Scores, making: Path) -> Mapping[str, Picture]:
    """Draw what there is to draw into `making/images`; each picture with what it shows, in words."""
    images = making / "images"
    save_grid(run, scores, images / "before-after.webp")
    drawn = {"before-after": Picture("images/before-after.webp", in_words(scores))}
    if rows := read_rows(run / "train.jsonl"):
        save_loss(rows, images / "loss.png")
        drawn["loss"] = Picture("images/loss.png", loss_in_words(rows))
    if found := drawable(scores.scores):
        save_scores(found, images / "scores.png")
        drawn["scores"] = Picture("images/scores.png", scores_in_words(found))
    return drawn
