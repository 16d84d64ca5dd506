"""The whole run: pull, train, score, describe, publish."""

from pathlib import Path

from hubkit.card import describe, draft, made
from hubkit.data import pull
from hubkit.finished import admitted, judged, published
from hubkit.pinning import alone, pin
from hubkit.processes import announce
from hubkit.publishing import Publication, Release
from hubkit.recipe import Recipe
from hubkit.scoring import Scores, look, pick, score, scored


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
        announce(folder)
        model = train(recipe.model, recipe.method, recipe.training, recipe.samples, images, folder)
        chosen = pick(recipe, model, images, folder)
        scores = score(recipe, chosen.model, chosen.images, folder, chosen.dial)
        now = recipe.publish.present(recipe.name) if push else None
        scores = judged(recipe, scores, chosen.model, now, folder) if push else scores
        release = describe(recipe, images, chosen.model, scores, folder, now)
        return scores, published(recipe, admitted(recipe, release, scores), folder) if push else release


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
