"""The prompt study alone: of a run, or of any model that brings its lock, with whatever subjects and templates."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Self

from hubkit import hub
from hubkit.data import CaptionedImages, pull
from hubkit.errors import RecipeError
from hubkit.finished import check_weights, placed, there
from hubkit.publishing import HALF, Lock, StandingRelease
from hubkit.recipe import Recipe, reload
from hubkit.releases import locate
from hubkit.scoring import BARE, PromptStudy, Study, Weights, study_of
from hubkit.training import TrainedModel

RECIPE: Final = "recipe.toml"


@dataclass(frozen=True)
class Subject:
    """A model whose prompts are studied: the recipe it was made by, its weights, and the pictures it learnt from."""

    recipe: Recipe
    weights: Weights
    images: CaptionedImages
    folder: Path
    """Where what it draws is kept."""
    out: Path
    """Where the sheet of its pictures goes."""

    @classmethod
    def of_run(cls, folder: Path, overrides: Sequence[str] = ()) -> Self:
        """A run whose training is finished. Raises RecipeError, IntegrityError."""
        recipe = reload(there(folder, RECIPE), overrides)
        images = CaptionedImages.load(there(folder, "images.json"))
        model = TrainedModel.load(there(folder, "picked.json" if recipe.dial else "model.json"))
        if not (images and model):
            raise RecipeError(
                f"{folder} was made by another version of hubkit", help="run `hubkit train` again: it continues"
            )
        left = recipe.dial.leaves(images) if recipe.dial else images
        return cls(recipe, Weights.of_trained(placed(model, folder)), left, folder, folder / "prompts")

    @classmethod
    def of_release(cls, folder: Path, overrides: Sequence[str] = (), data: Path | None = None) -> Self:
        """A release in a folder; `data` holds the pictures it learnt from, where those are no dataset of the Hub.
        Raises RecipeError, IntegrityError, DatasetError.
        """
        lock = Lock.of_folder(folder)
        check_weights(folder, lock.weights)
        recipe = with_pictures(reload(there(folder, RECIPE), overrides), data)
        place = hub.cache_folder() / "prompts" / lock.weights_id[:16]
        images = pull(recipe.data, place, captioned=recipe.method.reads_captions)
        return cls(recipe, Weights("finetuned", folder, lock.weights_id), images, place, Path("prompts") / lock.name)

    @classmethod
    def of_repo(cls, address: str, overrides: Sequence[str] = (), data: Path | None = None) -> Self:
        """A release on the Hub, `namespace/name[@tag]`. Raises RecipeError, IntegrityError, DatasetError."""
        release: StandingRelease = locate(address)
        files = [name for name in release.manifest if HALF not in name]
        return cls.of_release(hub.snapshot(release.repo, release.commit, allow=files), overrides, data)

    def asking(self, recipe: Recipe) -> Self:
        """The same model with another recipe's subjects and templates."""
        return replace(self, recipe=self.recipe.model_copy(update={"samples": recipe.samples, "study": recipe.study}))

    def study(self, seeds: int | None = None) -> Study:
        """Draw and rank; what was drawn before is not drawn again. Raises RecipeError where nothing is compared."""
        if not set(self.recipe.samples.templates) - {BARE}:
            raise RecipeError(
                "there is no template to hold against the bare subject",
                help="give one or more: --template '{subject} ninja portrait'",
            )
        asked = table(self.recipe).pinned()
        asked = asked.model_copy(update={"seeds": seeds}) if seeds else asked
        return study_of(self.recipe, asked, self.weights, self.images, self.folder)


def table(recipe: Recipe) -> PromptStudy:
    """The recipe's `[study]`; without one, by the CLIP model that a metric of its reads captions with."""
    if recipe.study:
        return recipe.study
    eyes = next((metric.see() for metric in recipe.metrics if metric.reads_captions), None)
    return PromptStudy(extractor=eyes.source, revision=eyes.revision) if eyes else PromptStudy()


def with_pictures(recipe: Recipe, data: Path | None) -> Recipe:
    """The recipe with a folder in place of its dataset. Raises RecipeError where it has neither."""
    if data is not None:
        source = recipe.data.model_copy(update={"repo": None, "revision": None, "folder": str(data.absolute())})
        return recipe.model_copy(update={"data": source})
    if recipe.data.folder:
        raise RecipeError(
            "the pictures it learnt from are no dataset of the Hub",
            help="its style is held against them: give them with --data DIR",
        )
    return recipe
