"""From a file and the command line's options to a Recipe, or to every fault there is."""

import sys
from collections.abc import Sequence
from pathlib import Path

from hubkit.errors import Fault, RecipeError
from hubkit.recipe import overrides as options
from hubkit.recipe import paths, rules
from hubkit.recipe.faults import Draft
from hubkit.recipe.reading import read
from hubkit.recipe.settings import Recipe
from hubkit.recipe.validation import validate


def load(path: Path, overrides: Sequence[str] = (), *, folder: Path | None = None, repo: str | None = None) -> Recipe:
    """The recipe at `path`, with `overrides` such as 'training.steps=20'. Raises RecipeError with all its faults.

    `folder` stands in place of the recipe's dataset, and `repo` in place of the one it publishes to.
    """
    draft = Draft(*read(path))
    found = _faults(draft, path, overrides, folder=folder, repo=repo)
    if found:
        raise RecipeError.of(tuple(sorted(found, key=_line)))
    return Recipe.model_validate(draft.tables)


def check(path: Path, overrides: Sequence[str] = (), *, folder: Path | None = None) -> tuple[Fault, ...]:
    """Every fault of the recipe at `path`; none means that it can be run."""
    try:
        load(path, overrides, folder=folder)
    except RecipeError as error:
        return error.faults
    return ()


def reload(path: Path, overrides: Sequence[str] = ()) -> Recipe:
    """A recipe that `dump` wrote into a run folder: its paths are absolute, and were checked when it was loaded."""
    draft = Draft(*read(path))
    unusable = list(options.apply(overrides, draft.tables, draft.places))
    checked = validate(draft)
    if found := (*unusable, *checked.faults, *rules.faults(draft, checked)):
        raise RecipeError.of(found)
    return Recipe.model_validate(draft.tables)


def _line(fault: Fault) -> int:
    """The line a fault names; options of the command line come after the file."""
    line = fault.where.rpartition(":")[2]
    return int(line) if line.isdecimal() and not fault.where.startswith("--") else sys.maxsize


def _faults(
    draft: Draft, path: Path, overrides: Sequence[str], *, folder: Path | None, repo: str | None
) -> tuple[Fault, ...]:
    """Write the options into the draft and settle its paths; every fault on the way."""
    unusable = list(options.apply(overrides, draft.tables, draft.places))
    if folder is not None:
        options.replace_data(folder, draft.tables, draft.places)
    if repo is not None:
        options.replace_repo(repo, draft.tables, draft.places)
    checked = validate(draft)
    between = list(rules.faults(draft, checked))
    return (*unusable, *checked.faults, *between, *paths.settle(draft, checked.values, path.parent))
