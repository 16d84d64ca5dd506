"""`--set training.steps=20`: one key of the recipe, given on the command line.

The value is TOML, or text where it is none (`--set training.precision=bf16`); `none` takes the key out. A table in an
array is addressed by its kind: `--set metrics.kid.gate=none`.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from hubkit.errors import Fault
from hubkit.recipe.places import Places
from hubkit.recipe.positions import KeyPath, TooDeepError, lines_of_keys
from hubkit.recipe.reading import MAX_LINE, secret_fault
from hubkit.recipe.schema import allowed_at
from hubkit.recipe.wording import SECRET, clipped, dotted, shown

NONE: Final = "none"
_KEYS: Final = re.compile(r"[A-Za-z0-9_-]{1,64}(\.[A-Za-z0-9_-]{1,64}){0,8}")


class _UnusableError(ValueError):
    """Why an override cannot be applied, in words."""


def apply(overrides: Iterable[str], tables: dict[str, Any], places: Places) -> Iterator[Fault]:
    """Write the overrides into the tables, in their order; the faults of those that cannot be."""
    for override in overrides:
        option = f"--set {override}"
        if SECRET.search(override):
            yield secret_fault(clipped(option))
            continue
        try:
            _apply(override, option, tables, places)
        except _UnusableError as error:
            yield Fault("HK230", str(error), where=clipped(option))


def replace_data(folder: Path, tables: dict[str, Any], places: Places) -> None:
    """`--data DIR`: the folder in place of the recipe's dataset. What a person types is trusted."""
    data = tables.setdefault("data", {})
    if not isinstance(data, dict):
        return  # the fault of the table is told
    for key in ("repo", "revision", "split"):
        data.pop(key, None)
        places.remove(("data", key))
    data["folder"] = str(folder.absolute())
    places.give(("data", "folder"), f"--data {folder}")


def replace_repo(repo: str, tables: dict[str, Any], places: Places) -> None:
    """`--repo namespace/name`: where the model is published."""
    publish = tables.get("publish")
    if isinstance(publish, dict):
        publish["repo"] = repo
        places.give(("publish", "repo"), f"--repo {repo}")


def _apply(override: str, option: str, tables: dict[str, Any], places: Places) -> None:
    keys, equals, text = override.partition("=")
    if not equals or not _KEYS.fullmatch(keys.strip()):
        raise _UnusableError("must be KEY=VALUE, such as training.steps=20")
    path, above = _found(keys.strip().split("."), tables)
    key = path[-1]
    if text.strip() != NONE:
        above[key] = _value(text)
        places.give(path, option)
    elif isinstance(key, int) or key in above:
        del above[key]
        places.remove(path)
    elif allowed_at(path, tables) is None:
        raise _UnusableError(f"{dotted(path, tables)} is no key of a recipe")


def _found(keys: list[str], tables: dict[str, Any]) -> tuple[KeyPath, Any]:
    """The path that dotted keys mean, and the table or array that holds its last key. Tables on the way are made."""
    path: KeyPath = ()
    above: Any = tables
    for depth, key in enumerate(keys, 1):
        step = _of_kind(key, path, above) if isinstance(above, list) else key
        path = (*path, step)
        if not isinstance(above, dict | list):
            raise _UnusableError(f"{dotted(path[:-1], tables)} = {shown(above)} is no table")
        if depth < len(keys):
            above = _below(above, path, tables)
    return path, above


def _below(above: Any, path: KeyPath, tables: dict[str, Any]) -> Any:
    """What stands at `path`, made if nothing does."""
    if isinstance(above, dict):
        return above.setdefault(path[-1], _empty(path, tables))
    return above[path[-1]]


def _of_kind(kind: str, path: KeyPath, items: list[Any]) -> int:
    kinds = [item.get("kind") if isinstance(item, dict) else None for item in items]
    if kind in kinds:
        return kinds.index(kind)
    known = ", ".join(shown(kind) for kind in kinds if isinstance(kind, str)) or "none"
    raise _UnusableError(f"the recipe has no {'.'.join(map(str, path))} of kind {shown(kind)}; it has {known}")


def _empty(path: KeyPath, tables: dict[str, Any]) -> dict[str, Any] | list[Any]:
    """What the recipe would hold at `path` if it said nothing."""
    return [] if (allowed_at(path, tables) or {}).get("type") == "array" else {}


def _value(text: str) -> Any:
    """A TOML value; the text itself where it is none."""
    if len(text) > MAX_LINE:
        raise _UnusableError(f"is longer than {MAX_LINE // 1024} KiB")
    try:
        lines_of_keys(f"value = {text}")
        given = tomllib.loads(f"value = {text}")
    except (tomllib.TOMLDecodeError, TooDeepError, RecursionError, ValueError):
        return text
    return given["value"] if list(given) == ["value"] else text
