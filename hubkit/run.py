"""The whole run: pull, train, score, describe, publish."""

from collections.abc import Sequence
from pathlib import Path

from hubkit.card import describe, draft, made, save_nearest
from hubkit.data import CaptionedImages, pull
from hubkit.errors import RecipeError
from hubkit.finished import admitted, judged, placed, published, there
from hubkit.pinning import alone, pin
from hubkit.processes import announce
from hubkit.publishing import Publication, Release
from hubkit.recipe import Recipe, reload
from hubkit.scoring import Scores, check_ready, look, pick, score, scored
from hubkit.training import TrainedModel


def run(recipe: Recipe, folder: Path, *, push: bool) -> tuple[Scores, Release | Publication]:
    """Each stage takes what the one before it returned; a stage whose inputs are unchanged is not done twice."""
    from hubkit.training.loop import train

    if push:
        # who would refuse us says so before the training starts
        recipe.publish.check(recipe.name, lambda: draft(recipe), made(folder))
    with alone(folder):
        recipe = pin(recipe, folder)
        prepare(recipe)
        images = pull(recipe.data, folder, captioned=recipe.method.reads_captions)
        check_ready(recipe, images)
        announce(folder)
        model = train(recipe.model, recipe.method, recipe.training, recipe.samples, images, folder)
        chosen = pick(recipe, model, images, folder)
        scores = score(recipe, chosen.model, chosen.images, folder, chosen.dial)
        save_nearest(folder, scores, images)
        now = recipe.publish.present(recipe.name) if push else None
        scores = judged(recipe, scores, chosen.model, now, folder) if push else scores
        release = describe(recipe, images, chosen.model, scores, folder, now)
        return scores, published(recipe, admitted(recipe, release, scores), folder) if push else release


def pull_alone(recipe: Recipe, folder: Path) -> CaptionedImages:
    """The dataset alone, into the run folder, with the recipe pinned."""
    with alone(folder):
        recipe = pin(recipe, folder)
        return pull(recipe.data, folder, captioned=recipe.method.reads_captions)


def score_again(folder: Path, overrides: Sequence[str]) -> Scores:
    """The scores of a finished training, with what is new in the recipe. Raises RecipeError where that is another
    training, or none is finished.
    """
    with alone(folder):
        recipe = pin(reload(there(folder, "recipe.toml"), overrides), folder)
        announce(folder)
        chosen = pick(recipe, *left_behind(folder), folder)
        scores = score(recipe, chosen.model, chosen.images, folder, chosen.dial)
        save_nearest(folder, scores, chosen.images)
        return scores


def describe_again(folder: Path, overrides: Sequence[str]) -> Release:
    """The release of a run that is scored, with what is new in the recipe. Raises RecipeError where the scores are
    of another recipe, or none are there.
    """
    with alone(folder):
        recipe = pin(reload(there(folder, "recipe.toml"), overrides), folder)
        model, images = left_behind(folder)
        chosen = pick(recipe, model, images, folder)
        scores = scored(recipe, chosen.model, chosen.images, folder, chosen.dial)
        if scores is None:
            raise RecipeError(f"{folder} is not scored as its recipe says", help=f"run `hubkit score {folder}` first")
        return describe(recipe, images, chosen.model, scores, folder)


def left_behind(folder: Path) -> tuple[TrainedModel, CaptionedImages]:
    """What a finished training left in its run folder. Raises RecipeError, IntegrityError."""
    model, images = TrainedModel.load(there(folder, "model.json")), CaptionedImages.load(there(folder, "images.json"))
    if not (model and images):
        raise RecipeError(
            f"{folder} was made by another version of hubkit", help="run `hubkit train` again: it continues"
        )
    return placed(model, folder), images


def prepare(recipe: Recipe) -> None:
    """Fetch the base and find the extractors now: what is missing or gated is not found out after the training."""
    recipe.model.fetch()
    for metric in recipe.metrics:
        metric.see()
    if recipe.study:
        recipe.study.see()


def assist(recipe: Recipe, folder: Path) -> None:
    """What the other processes of a launch do once the first is ready: train with it, draw and look with it."""
    from hubkit.training.loop import train

    recipe = pin(recipe, folder)
    images = pull(recipe.data, folder, captioned=recipe.method.reads_captions)
    model = train(recipe.model, recipe.method, recipe.training, recipe.samples, images, folder)
    chosen = pick(recipe, model, images, folder)
    if not scored(recipe, chosen.model, chosen.images, folder, chosen.dial):
        look(recipe, chosen.model, chosen.images, folder)


def assist_scoring(folder: Path) -> None:
    """What the other processes do while the first scores a finished training again: draw and look with it."""
    recipe = reload(there(folder, "recipe.toml"))
    chosen = pick(recipe, *left_behind(folder), folder)
    if not scored(recipe, chosen.model, chosen.images, folder, chosen.dial):
        look(recipe, chosen.model, chosen.images, folder)
