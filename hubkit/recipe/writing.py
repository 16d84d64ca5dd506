"""A recipe as TOML, the same text for equal recipes, defaults written out."""

import json
from collections.abc import Iterator
from typing import Any

from hubkit.escaping import without_formulas
from hubkit.recipe.settings import Recipe


def dump(recipe: Recipe) -> str:
    """The whole recipe in canonical TOML. Loaded again, it is an equal recipe."""
    tables = recipe.model_dump(exclude_none=True)
    plain = [f"{key} = {toml(value)}" for key, value in tables.items() if not _is_table(value)]
    return "\n".join([*plain, *(line for key, value in tables.items() for line in _table(key, value))]) + "\n"


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, tuple) and all(isinstance(item, dict) for item in value))


def _table(key: str, value: Any) -> Iterator[str]:
    """A table under its header, or an array of tables."""
    if not _is_table(value):
        return
    header, tables = (f"[{key}]", [value]) if isinstance(value, dict) else (f"[[{key}]]", value)
    for table in tables:
        yield from ("", header)
        kind_first = sorted(table.items(), key=lambda item: item[0] != "kind")
        yield from (f"{name} = {toml(given)}" for name, given in kind_first)


def toml(value: Any) -> str:
    """One value in TOML."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml(item) for item in value) + "]"
    if isinstance(value, str):
        text = json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        return without_formulas(text, r"\u{:04x}")
    return str(value).lower() if isinstance(value, bool) else repr(value)
