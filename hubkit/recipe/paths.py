"""Paths that a recipe says: inside a folder, also where they are links; absolute once the recipe is loaded."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from hubkit.errors import Fault
from hubkit.recipe.faults import Draft
from hubkit.recipe.positions import KeyPath, value_at
from hubkit.recipe.settings import Recipe
from hubkit.values import LocalPath, Settings


def settle(draft: Draft, values: Mapping[KeyPath, Any], home: Path) -> Iterator[Fault]:
    """Make the paths inside `home`, the recipe's folder, absolute in the draft's tables; the faults of those outside.

    What a person types on the command line is trusted, and relative to the working directory.
    """
    for path, said, mark in _paths(values):
        typed = draft.places.typed(path)
        inside = home if mark.inside == "the recipe's folder" and not typed else Path()
        if not typed and (wrong := _wrong(said, inside)):
            yield draft.of_value(path, "HK222", f"{wrong}; it must be a relative path inside {mark.inside}")
        elif mark.inside == "the recipe's folder":
            *above, key = path
            value_at(tuple(above), draft.tables)[key] = str((inside / said).absolute())


def shared(recipe: Recipe) -> Recipe:
    """The recipe as others may see it: paths of this machine are cut to their last name, as if they lay beside it."""
    tables = recipe.model_dump()
    for path, said, _mark in _paths(_tables(recipe)):
        *above, key = path
        value_at(tuple(above), tables)[key] = Path(said).name
    return Recipe.model_validate(tables)


def local(recipe: Recipe) -> dict[str, str]:
    """The files and folders of this machine that a run of the recipe reads, each by its dotted key."""
    found = _paths(_tables(recipe))
    return {".".join(map(str, path)): said for path, said, mark in found if mark.inside == "the recipe's folder"}


def _tables(recipe: Recipe) -> dict[KeyPath, Any]:
    values: dict[KeyPath, Any] = {(key,): getattr(recipe, key) for key in Recipe.model_fields}
    return values | {("metrics", index): metric for index, metric in enumerate(recipe.metrics)}


def _paths(values: Mapping[KeyPath, Any]) -> Iterator[tuple[KeyPath, str, LocalPath]]:
    for path, table in values.items():
        if not isinstance(table, Settings):
            continue
        for key, about in type(table).model_fields.items():
            said = getattr(table, key)
            for mark in about.metadata:
                if isinstance(mark, LocalPath) and said is not None and not re.fullmatch(mark.unless or "(?!)", said):
                    yield (*path, key), said, mark


def _wrong(said: str, inside: Path) -> str:
    """Why `said` is no path a recipe may say; empty where it is."""
    if not said.strip() or "\0" in said or "\\" in said:
        return "is no path"
    if PurePosixPath(said).is_absolute() or said.startswith("~"):
        return "is not relative"
    if ".." in PurePosixPath(said).parts:
        return "goes up"
    place = inside / said
    if not place.resolve().is_relative_to(inside.resolve()):
        return "leads out through a link"
    if place.exists() and not place.is_dir() and not place.is_file():
        return "is neither a file nor a folder"
    return ""
