"""Which recipes changed between two commits, and in what.

Asked of git by this code and not by a stranger's action: the one most used for this was once changed under its tags to
print its users' secrets (CVE-2025-30066). File names are data here: they reach no shell.
"""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hubkit.errors import RecipeError
from hubkit.recipe.reading import read

COMMIT: Final = re.compile(r"[0-9a-f]{40}")
Keys = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """A recipe that says something else than before. Keys that are only on one side have None on the other."""

    path: str
    keys: dict[str, tuple[Any, Any]]
    """Dotted key: (before, now)."""
    new: bool


def changed_recipes(root: Path, before: str, after: str) -> tuple[Change, ...]:
    """The recipes in `recipes/` whose meaning differs between two commits; comments and order mean nothing.

    A recipe that is gone is not among them. One that cannot be read counts as changed, with no keys: whoever trains it
    will be told why. Raises RecipeError when git does not know the commits.
    """
    for commit in (before, after):
        if not COMMIT.fullmatch(commit):
            raise RecipeError(f"{commit[:80]!r} is no commit", code="HK242")
    listed = _git(root, "diff", "--name-only", "-z", "--no-renames", "--diff-filter=d", before, after, "--", "recipes/")
    paths = [os.fsdecode(name) for name in listed.split(b"\0") if name]
    recipes = [path for path in paths if path.count("/") == 1 and path.endswith(".toml")]
    return tuple(change for path in recipes if (change := _change(root, path, before, after)))


def base_of(root: Path, commit: str, other: str) -> str:
    """The newest commit that both stand on: what a pull request is compared with."""
    return _git(root, "merge-base", commit, other).decode().strip()


def is_on(root: Path, commit: str, branch: str) -> bool:
    """Whether a commit is part of a branch of `origin`."""
    command = ["git", "-C", str(root), "merge-base", "--is-ancestor", commit, f"refs/remotes/origin/{branch}"]
    return not subprocess.run(command, check=False, capture_output=True).returncode  # noqa: S603


def _change(root: Path, path: str, before: str, after: str) -> Change | None:
    old, now = (_keys(root, path, commit) for commit in (before, after))
    if old is None or now is None:
        return Change(path, {key: (None, value) for key, value in (now or {}).items()}, new=old is None)
    differ = {key: (old.get(key), now.get(key)) for key in sorted({*old, *now}) if old.get(key) != now.get(key)}
    return Change(path, differ, new=False) if differ else None


def _keys(root: Path, path: str, commit: str) -> Keys | None:
    """The keys of a recipe at a commit, dotted; None where it is not there or cannot be read."""
    try:
        content = _git(root, "cat-file", "blob", f"{commit}:{path}")
    except RecipeError:
        return None
    with tempfile.NamedTemporaryFile(suffix=".toml") as file:
        file.write(content)
        file.flush()
        try:
            return dict(_flat(read(Path(file.name))[0]))
        except RecipeError:
            return None


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted keys of nested tables; the tables of an array are named by their kind."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value and all(isinstance(table, dict) for table in value):
        for number, table in enumerate(value):
            yield from _flat(table, f"{path}.{table.get('kind', number)}")
    else:
        yield path, value


def _git(root: Path, *arguments: str) -> bytes:
    done = subprocess.run(["git", "-C", str(root), *arguments], check=False, capture_output=True)  # noqa: S603, S607
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()[:200]
        raise RecipeError(
            f"git {arguments[0]}: {said!r}", help="check out with the whole history: fetch-depth: 0", code="HK242"
        )
    return done.stdout
