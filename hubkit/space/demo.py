"""What a demo says and draws, read from a release on the Hub."""

from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Final, Literal

from pydantic import Field

from hubkit import hub
from hubkit.card.metadata import NOT_FOR_ALL
from hubkit.errors import BaseModelError, IntegrityError, RecipeError
from hubkit.publishing import HALF, LOCK, Lock, read_lock
from hubkit.recipe import Recipe, reload
from hubkit.sampling import study
from hubkit.scoring import BARE
from hubkit.values import Record, sha256_of

RECIPE: Final = "recipe.toml"
EXAMPLES: Final = 8
"""Subjects of the card that a visitor can pick, at most."""


class Pinned(Record):
    """A model on the Hub at one commit, and how its weights are read."""

    repo: str
    revision: str
    variant: Literal["fp16"] | None = Field(None, description="What a GPU downloads in place of the whole weights.")
    pickled: bool = Field(default=False, description="Whether some of it has no safetensors.")


class Example(Record):
    """A picture of the card, to be drawn again."""

    subject: str
    template: str
    seed: int


class Demo(Record):
    """Everything a demo knows of its model; as `demo.json` it lies beside the program."""

    model: Pinned
    base: Pinned
    tag: str | None = Field(None, description="Of the release, where it has one.")
    private: bool = Field(description="Whether the model is private; then so is its Space.")
    not_for_all_audiences: bool = Field(default=False, description="Whether the model is; then so is its Space.")
    license: str | None
    dataset: str | None = Field(description="Its id on the Hub; none for pictures of one's own.")
    templates: tuple[str, ...] = Field(description="Prompts around a subject; each holds `{subject}`.")
    best: str = Field(description="The template that is chosen at first.")
    examples: tuple[Example, ...]
    sampling: dict[str, str | int | float] = Field(description="Steps, guidance scale, scheduler, size of the card.")
    versions: dict[str, str] = Field(description="Of the libraries the release was made with.")


def read(model: str) -> Demo:
    """The demo of a published model, `namespace/name` or `namespace/name@revision`.

    Raises BaseModelError where hubkit did not publish it, IntegrityError where its files contradict its lock.
    """
    repo, _, revision = model.partition("@")
    hub.check_repo_id(repo)
    facts = hub.resolve_model(repo, revision or None)
    if missing := [name for name in (LOCK, RECIPE) if name not in facts.files]:
        raise BaseModelError(
            f"{repo} has no {missing[0]}: it is no release of hubkit",
            help="a demo is made for a model that `hubkit train … --push` has published",
            code="HK420",
        )
    folder = hub.snapshot(repo, facts.sha, allow=[RECIPE])
    lock = read_lock(repo, facts.sha, facts.files[LOCK])
    if lock.files.get(RECIPE) != sha256_of(folder / RECIPE):
        raise IntegrityError(f"the {RECIPE} of {repo} is not the one its {LOCK} names", code="HK1020")
    recipe = _recipe(folder / RECIPE, repo, lock)
    templates, best = recipe.samples.templates, _best(recipe, lock)
    has_half = any(HALF in file for file in lock.files)
    return Demo(
        model=Pinned(repo=repo, revision=facts.sha, variant="fp16" if has_half else None),
        base=_base(recipe),
        tag=_tag(repo, facts.sha, revision),
        private=facts.private,
        not_for_all_audiences=NOT_FOR_ALL in facts.tags,
        license=facts.license,
        dataset=recipe.data.repo,
        templates=templates if best in templates else (best, *templates),
        best=best,
        examples=_examples(recipe, best),
        sampling=recipe.samples.facts(recipe.data.resolution),
        versions=lock.versions,
    )


def _recipe(path: Path, repo: str, lock: Lock) -> Recipe:
    try:
        return reload(path)
    except RecipeError as error:
        raise BaseModelError(
            f"this hubkit does not read the recipe of {repo}: {error.faults[0].message}",
            help=f"it was made with hubkit {lock.versions.get('hubkit-publisher', '(unknown)')}",
            code="HK421",
        ) from error


def _best(recipe: Recipe, lock: Lock) -> str:
    """The template that won the release's prompt study, which may be the bare subject though the recipe does not name
    it; the first where there was none.
    """
    templates = recipe.samples.templates
    winner = lock.study.winner if lock.study else None
    return winner if winner in (*templates, BARE) else templates[0]


def _examples(recipe: Recipe, best: str) -> tuple[Example, ...]:
    """The card's subjects in the best template, each with the seed it was drawn from."""
    samples = recipe.samples
    shots = study(samples.model_copy(update={"templates": (best,)}))
    return tuple(
        Example(subject=subject, template=best, seed=shot.seed)
        for subject, shot in zip(samples.subjects, shots, strict=True)
    )[:EXAMPLES]


def _base(recipe: Recipe) -> Pinned:
    """The base at the commit the release was made from. Raises BaseModelError where it is gone."""
    facts = hub.resolve_model(recipe.model.base, recipe.model.revision)
    return Pinned(repo=facts.repo, revision=facts.sha, pickled=_is_pickled(facts.files))


def _is_pickled(files: Iterable[str]) -> bool:
    """Whether some component has its weights as a pickle only."""
    paths = [PurePosixPath(file) for file in files]
    safe = {path.parent for path in paths if path.suffix == ".safetensors"}
    return any(path.suffix == ".bin" and path.parent not in safe for path in paths)


def _tag(repo: str, sha: str, wanted: str) -> str | None:
    """The tag that was asked for, or else the last of the commit's tags."""
    there = sorted(name for name, commit in hub.tags(repo).items() if commit == sha)
    return wanted if wanted in there else next(reversed(there), None)
