"""A run that is finished: read back from its folder, on whatever machine that lies now, and published."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from hubkit.card import describe
from hubkit.data import CaptionedImages
from hubkit.errors import GateError, IntegrityError, RecipeError
from hubkit.progress import say
from hubkit.publishing import ACCEPTED, Accepted, Publication, Release, inspect
from hubkit.recipe import Recipe, reload, shared
from hubkit.scoring import Scores
from hubkit.training import TrainedModel
from hubkit.values import fingerprint, sha256_of

LATER: Final = {"publish", "card"}
"""Tables that may change after a run is finished."""

LONGEST_REASON: Final = 500


@dataclass(frozen=True)
class Finished:
    """What the stages of a run left behind."""

    recipe: Recipe
    images: CaptionedImages
    model: TrainedModel
    scores: Scores
    folder: Path

    @classmethod
    def open(cls, folder: Path, overrides: Sequence[str] = ()) -> Self:
        """Read a run back; `overrides` may change where and how it is published.

        Of the folder only `recipe.toml`, `*.json`, `train.jsonl`, `samples/` and `release/` are needed. Raises
        RecipeError where it is no finished run, IntegrityError where a file is not what the run's records say.
        """
        recipe = reload(_there(folder, "recipe.toml"), overrides)
        images = CaptionedImages.load(_there(folder, "images.json"))
        model = TrainedModel.load(_there(folder, "picked.json" if recipe.dial else "model.json"))
        scores = Scores.load(_there(folder, "scores.json"))
        release = Release.load(_there(folder, "release.json"))
        if not (images and model and scores and release):
            raise RecipeError(
                f"{folder} was made by another version of hubkit", help="run `hubkit train` again: it continues"
            )
        release = release.model_copy(update={"folder": folder / "release"})
        inspect(release)
        _check_recipe(recipe, release, folder)
        return cls(recipe, images, _placed(model, folder), scores, folder)

    def accept(self, reason: str) -> None:
        """Keep why this model is to be published though a gate is not met. Raises RecipeError."""
        if not self.scores.refusals:
            raise RecipeError("every gate is met: there is nothing to accept", help="leave --accept out")
        words = " ".join(reason.split())
        if not words or len(words) > LONGEST_REASON:
            raise RecipeError(f"--accept must give a reason, of {LONGEST_REASON} characters at most")
        Accepted(reason=words, unmet=self.scores.refusals).save(self.folder / ACCEPTED, fingerprint(self.scores))

    def publish(self) -> Publication:
        """Describe it for where it goes, hold it against its gates, and publish it."""
        now = self.recipe.publish.present(self.recipe.name)
        release = describe(self.recipe, self.images, self.model, self.scores, self.folder, now)
        card = (release.folder / "README.md").read_text(encoding="utf-8")
        admitted(self.recipe, release, self.scores)
        self.recipe.publish.check(self.recipe.name, lambda: card, release)
        return published(self.recipe, release, self.folder)


def admitted(recipe: Recipe, release: Release, scores: Scores) -> Release:
    """The release, if it meets every gate or was accepted all the same. Raises GateError."""
    if not scores.refusals:
        return release
    words = "; ".join(scores.refusals)
    reason = release.lock.accepted
    if reason is None:
        run = release.folder.parent
        seen_at = recipe.publish.set_aside(release, words)
        raise GateError(
            f"not published: {words}{f'; to be looked at: {seen_at}' if seen_at else ''}",
            help=f"the model, its scores and its card are in {release.folder}; change the training or the gate, or"
            f" publish it all the same, with the reason on its card: hubkit publish {run} --accept REASON",
        )
    say(f"published all the same ({reason}): {words}")
    return release


def published(recipe: Recipe, release: Release, folder: Path) -> Publication:
    """Publish, and keep where in the run folder."""
    publication = recipe.publish.publish(release)
    publication.save(folder / "publication.json", fingerprint(release.manifest))
    return publication


def _there(folder: Path, name: str) -> Path:
    if not (folder / name).is_file():
        raise RecipeError(
            f"{folder} holds no finished run: {name} is missing", help="run `hubkit train RECIPE` to its end first"
        )
    return folder / name


def _check_recipe(recipe: Recipe, release: Release, folder: Path) -> None:
    """Refuse a run that was begun again with another recipe, and not finished."""
    now = shared(recipe).model_dump(mode="json", exclude_none=True, exclude=LATER)
    then = {key: value for key, value in release.lock.recipe.tables.items() if key not in LATER}
    if json.loads(json.dumps(now)) != then:
        changed = sorted(key for key in {*now, *then} if now.get(key) != then.get(key))
        raise RecipeError(
            f"{folder} was begun again with another recipe ({', '.join(changed)}) and is not finished",
            help="run `hubkit train` again: it continues",
        )


def _placed(model: TrainedModel, folder: Path) -> TrainedModel:
    """The model where its files lie now: where it was made, or in the release where that was not carried along."""
    made = folder / model.folder.name
    place = made if (made / "model_index.json").is_file() else folder / "release"
    for path, digest in model.weights.items():
        if not (place / path).is_file() or sha256_of(place / path) != digest:
            raise IntegrityError(f"{place / path} is not what was trained", help="carry the run folder here again")
    return model.model_copy(update={"folder": place})
