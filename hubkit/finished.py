"""A run that is finished: read back from its folder, on whatever machine that lies now, and published."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Self

from hubkit.card import describe
from hubkit.data import CaptionedImages
from hubkit.errors import GateError, IntegrityError, RecipeError
from hubkit.progress import say
from hubkit.publishing import ACCEPTED, Accepted, LockedScore, Present, Publication, Release, inspect
from hubkit.recipe import Recipe, reload, shared
from hubkit.scoring import Rival, Scores, Standing, judge, protocol
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
        recipe = reload(there(folder, "recipe.toml"), overrides)
        images = CaptionedImages.load(there(folder, "images.json"))
        model = TrainedModel.load(there(folder, "picked.json" if recipe.dial else "model.json"))
        scores = Scores.load(there(folder, "scores.json"))
        release = Release.load(there(folder, "release.json"))
        if not (images and model and scores and release):
            raise RecipeError(
                f"{folder} was made by another version of hubkit", help="run `hubkit train` again: it continues"
            )
        release = release.model_copy(update={"folder": folder / "release"})
        inspect(release)
        _check_recipe(recipe, release, folder)
        return cls(recipe, images, placed(model, folder), scores, folder)

    def accept(self, reason: str) -> None:
        """Keep why this model is to be published though a gate is not met. Raises RecipeError."""
        scores = self.judged(self.present()).scores
        if not scores.refusals:
            raise RecipeError("every gate is met: there is nothing to accept", help="leave --accept out")
        words = " ".join(reason.split())
        if not words or len(words) > LONGEST_REASON:
            raise RecipeError(f"--accept must give a reason, of {LONGEST_REASON} characters at most")
        Accepted(reason=words, unmet=scores.refusals).save(self.folder / ACCEPTED, fingerprint(scores))

    def accept_if_needed(self, reason: str) -> None:
        """The same with a reason that was given before all gates were judged: where they are met, it is passed over."""
        if self.judged(self.present()).scores.refusals:
            self.accept(reason)
        else:
            say("every gate is met: the reason for publishing all the same is not needed, and is not kept")

    def present(self) -> Present | None:
        """What stands where it would be published."""
        return self.recipe.publish.present(self.recipe.name)

    def judged(self, now: Present | None) -> Self:
        """With the gates judged beside what stands there."""
        return replace(self, scores=judged(self.recipe, self.scores, self.model, now, self.folder))

    def publish(self) -> Publication:
        """Describe it for where it goes, hold it against its gates, and publish it."""
        now = self.present()
        scores = self.judged(now).scores
        release = describe(self.recipe, self.images, self.model, scores, self.folder, now)
        card = (release.folder / "README.md").read_text(encoding="utf-8")
        admitted(self.recipe, release, scores)
        self.recipe.publish.check(self.recipe.name, lambda: card, release)
        return published(self.recipe, release, self.folder)


def judged(
    recipe: Recipe, scores: Scores, model: TrainedModel, now: Present | None, folder: Path
) -> Scores:  # fmt: skip
    """The scores with the gates judged beside what the target holds, which only who publishes asks for; and so kept."""
    found = judge(scores, recipe.metrics, standing(now, model))
    if found != scores:
        found.replace(folder / "scores.json")
    return found


def standing(now: Present | None, model: TrainedModel) -> Standing:
    """The last release, as gates see it. One that hubkit did not make has no scores: it is as if there were none."""
    if now is None or now.last.lock is None:
        return Standing()
    lock = now.last.lock
    return Standing(
        release=now.last.tag or now.last.commit[:12],
        same=lock.weights == model.weights,
        rivals={(str((one.model_extra or {}).get("kind")), one.panel): _rival(one) for one in lock.scores},
    )


def _rival(score: LockedScore) -> Rival:
    return Rival(
        value=math.nan if score.value is None else score.value,
        half=score.interval.half if score.interval else None,
        protocol=protocol(score.model_dump(mode="json")),
    )


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


def there(folder: Path, name: str) -> Path:
    """A file that a finished run has. Raises RecipeError."""
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


def placed(model: TrainedModel, folder: Path) -> TrainedModel:
    """The model where its files lie now: where it was made, or in the release where that was not carried along. Raises
    IntegrityError.
    """
    made = folder / model.folder.name
    place = made if (made / "model_index.json").is_file() else folder / "release"
    check_weights(place, model.weights)
    return model.model_copy(update={"folder": place})


def check_weights(place: Path, hashes: Mapping[str, str]) -> None:
    """Hold the weights in a folder against their sha256, by their paths. Raises IntegrityError."""
    for path, digest in hashes.items():
        if not (place / path).is_file() or sha256_of(place / path) != digest:
            raise IntegrityError(f"{place / path} is not what was trained", help="carry the run folder here again")
