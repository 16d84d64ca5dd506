"""The curves and sheets of a card: made once, named by what they show."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hubkit.card import nearest
from hubkit.card.pictures import (
    Twins,
    first_in_words,
    grid,
    in_words,
    save_first,
    save_grid,
    save_with_template,
    with_template_in_words,
)
from hubkit.card.plots import (
    dial_in_words,
    drawable,
    loss_in_words,
    of_steps,
    save_dial,
    save_loss,
    save_scores,
    save_steps,
    scores_in_words,
    steps_in_words,
)
from hubkit.card.sections import Picture
from hubkit.card.sheet import save_sheet, sheet_in_words
from hubkit.data import CaptionedImages
from hubkit.scoring import Scores
from hubkit.training.journal import read_rows


@dataclass(frozen=True)
class Shown:
    """The pictures it learnt from, where they may be shown."""

    images: CaptionedImages
    older: Path | None
    """A release of the same weights, which may hold the sheet already."""

    def save(self, run: Path, found: Sequence[nearest.Found], place: Path) -> None:
        """The nearest of them beside the drawn ones."""
        there = self.older and self.older / "images" / place.name
        if there and there.is_file():
            shutil.copyfile(there, place)
        else:
            nearest.save_shown(run, found, self.images, place)


def illustrations(
    run: Path, scores: Scores, shown: Sequence[Twins], making: Path, training: Shown | None
) -> Mapping[str, Picture]:  # fmt: skip
    """Draw what there is to draw into `making/images`; each picture with what it shows, in words."""
    images = making / "images"
    save_first(run, shown, images / "first.webp")
    drawn = {"first": Picture("images/first.webp", first_in_words(shown))}
    if pairs := grid(scores, shown):
        save_grid(run, scores, pairs, images / "before-after.webp")
        drawn["before-after"] = Picture("images/before-after.webp", in_words(pairs))
    if rows := read_rows(run / "train.jsonl"):
        save_loss(rows, images / "loss.png")
        drawn["loss"] = Picture("images/loss.png", loss_in_words(rows))
    if numbers := drawable(scores.scores):
        save_scores(numbers, images / "scores.png")
        drawn["scores"] = Picture("images/scores.png", scores_in_words(numbers))
    if training and (found := nearest.nearest_of(scores)):
        training.save(run, found, images / "nearest.webp")
        drawn["nearest"] = Picture("images/nearest.webp", nearest.in_words(found))
    return {**drawn, **_studied(run, scores, images)}


def _studied(run: Path, scores: Scores, images: Path) -> Mapping[str, Picture]:
    """What a prompt study and a style dial have to show."""
    drawn = {}
    if scores.study and scores.study.finetuned:
        save_sheet(run, scores.study, images / "prompts.webp")
        drawn["prompts"] = Picture("images/prompts.webp", sheet_in_words(scores.study))
        save_with_template(run, scores.study, images / "with-template.webp")
        drawn["with-template"] = Picture("images/with-template.webp", with_template_in_words(scores.study))
    if scores.dial and (by_step := of_steps(scores.dial)):
        save_steps(scores.dial, by_step, images / "steps.png")
        drawn["steps"] = Picture("images/steps.png", steps_in_words(scores.dial, by_step))
    if scores.dial:
        save_dial(scores.dial, images / "dial.png")
        drawn["dial"] = Picture("images/dial.png", dial_in_words(scores.dial))
    return drawn
