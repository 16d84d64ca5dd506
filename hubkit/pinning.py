"""A run begins: every revision is resolved to a commit once, and the recipe with all of them is kept in the run folder.

Later runs of the same command use the kept revisions, so that a base or a dataset that moves on the Hub does not
change a run halfway.
"""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from hubkit.errors import ConflictError, RecipeError
from hubkit.processes import withdraw
from hubkit.recipe import Recipe, dump, reload
from hubkit.values import write_atomically

S = TypeVar("S")

COMMIT: Final = re.compile(r"[0-9a-f]{40}")
TRAINED_FROM: Final = ("model", "data", "method", "training")
"""The tables that decide what is trained."""


def pin(recipe: Recipe, folder: Path) -> Recipe:
    """The recipe with every revision pinned, kept as `recipe.toml` in the run folder.

    Raises RecipeError when the run was started with other training: what is there would not be what the recipe says.
    """
    path = folder / "recipe.toml"
    before = reload(path) if path.is_file() else None
    older = {metric.kind: metric for metric in before.metrics} if before else {}
    pinned = recipe.model_copy(
        update={
            "model": locked(recipe.model, before and before.model),
            "data": locked(recipe.data, before and before.data),
            "study": recipe.study and locked(recipe.study, before and before.study),
            "metrics": tuple(locked(metric, older.get(metric.kind)) for metric in recipe.metrics),
        }
    )
    if before and started(folder) and (changed := list(differences(before, pinned))):
        raise RecipeError(
            f"{folder} was started with another recipe: {', '.join(changed)}",
            help="give the recipe a new name, or the run another place with --runs; or remove the folder",
        )
    write_atomically(path, dump(pinned).encode())
    return pinned


def resolved(recipe: Recipe, before: Recipe | None = None) -> Recipe:
    """The recipe with every revision resolved to a commit: to that in `before`, where a table is the same there."""
    older = {metric.kind: metric for metric in before.metrics} if before else {}
    return recipe.model_copy(
        update={
            "model": locked(recipe.model, before and before.model),
            "data": locked(recipe.data, before and before.data),
            "metrics": tuple(locked(metric, older.get(metric.kind)) for metric in recipe.metrics),
        }
    )


def locked(now: S, before: S | None) -> S:
    """One table with its revision resolved: to the commit it was resolved to before, if the table is the same."""
    table: Any = now
    older: Any = before
    stated = getattr(table, "revision", None)
    if stated is not None and COMMIT.fullmatch(stated):
        return now
    if older is not None and older.model_copy(update={"revision": stated}) == now:
        kept: S = older
        return kept
    pinned: S = table.pinned()
    return pinned


def started(folder: Path) -> bool:
    """Whether there is any training to lose."""
    return (folder / "model.json").is_file() or any((folder / "checkpoints").glob("step-*"))


def differences(before: Recipe, now: Recipe) -> Iterator[str]:
    """The keys whose change would train another model."""
    for table in TRAINED_FROM:
        old, new = (getattr(recipe, table).essence() for recipe in (before, now))
        yield from (f"{table}.{key}" for key in sorted({*old, *new}) if old.get(key) != new.get(key))


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the run folder, which two runs at once would spoil. Raises ConflictError; the dead hold nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            raise ConflictError(
                f"{folder} is in use by process {lock.read().strip() or '?'} on this machine"
            ) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        withdraw(folder)
        yield
