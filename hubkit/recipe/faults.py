"""From what pydantic says of a table to what a person reads: one sentence per key, with its place and what mends it."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from hubkit.errors import Fault
from hubkit.recipe.places import Places
from hubkit.recipe.positions import KeyPath, value_at
from hubkit.recipe.schema import allowed_at, schema
from hubkit.recipe.wording import clipped, dotted, in_words, shown

CODES: Final = {
    "HK201": "the file cannot be read",
    "HK202": "the file is empty or no UTF-8 text",
    "HK203": "the file is too large, or nested too deep",
    "HK204": "the file is not TOML, or says something twice",
    "HK205": "something looks like an access token",
    "HK210": "no such key",
    "HK211": "a required key is missing",
    "HK212": "a value of the wrong type",
    "HK213": "a `kind` that does not exist",
    "HK214": "a value of the right type that is not allowed",
    "HK220": "keys that do not go together, or a setting that would be ignored",
    "HK222": "a path that leads out of its folder",
    "HK230": "a `--set` that cannot be applied",
}
"""The faults of a recipe. A code keeps its meaning for good."""


@dataclass(frozen=True)
class Draft:
    """A recipe that is not checked yet: its tables as they were read, and the places of their keys."""

    tables: dict[str, Any]
    places: Places

    def holds(self, path: KeyPath) -> bool:
        """Whether the recipe says something at `path`."""
        return value_at(path, self.tables) is not None

    def fault(self, path: KeyPath, code: str, said: str, mend: str = "") -> Fault:
        """A fault of the key at `path`."""
        return Fault(code, f"{dotted(path, self.tables)}{said}", where=self.places.of(path), help=mend)

    def of_value(self, path: KeyPath, code: str, said: str, mend: str = "") -> Fault:
        """A fault of the value at `path`, which is shown."""
        return self.fault(path, code, f" = {shown(value_at(path, self.tables))}: {said}", mend)

    def missing(self, path: KeyPath) -> Fault:
        """A key that must be given and is not."""
        allowed = allowed_at(path, self.tables) or {}
        return self.fault(path, "HK211", f" is missing: it must be {in_words(allowed)}", _meaning(path, allowed))

    def unknown(self, path: KeyPath) -> Fault:
        """A key no recipe has here, with the one that may have been meant."""
        *above, key = path
        known = list((allowed_at(tuple(above), self.tables) or {}).get("properties", {}))
        near = get_close_matches(str(key), known, 1)
        if near:
            return self.fault(path, "HK210", f": there is no such key; did you mean {near[0]!r}?")
        homes = [table for table in schema()["properties"] if allowed_at((table, str(key)), self.tables)]
        said = f": there is no such key here; [{homes[0]}] has one" if homes else ": there is no such key"
        return self.fault(path, "HK210", said, clipped("known here: " + ", ".join(known), 400))

    def not_allowed(self, path: KeyPath) -> Fault:
        """A value of the wrong type, or out of its range."""
        allowed = allowed_at(path, self.tables) or {}
        value = value_at(path, self.tables)
        near = get_close_matches(value, allowed["enum"], 1) if isinstance(value, str) and "enum" in allowed else []
        code = "HK214" if _of_type(value, allowed.get("type")) else "HK212"
        said = f"must be {in_words(allowed)}" + (f"; did you mean {near[0]!r}?" if near else "")
        return self.of_value(path, code, said, _meaning(path, allowed))

    def faults(self, error: ValidationError, above: KeyPath) -> Iterator[Fault]:
        """The faults pydantic found in the table, or of the value, at `above`."""
        for detail in error.errors(include_url=False):
            yield self._fault(detail, (*above, *detail["loc"]))

    def _fault(self, detail: ErrorDetails, path: KeyPath) -> Fault:
        match detail["type"]:
            case "missing":
                return self.missing(path)
            case "extra_forbidden":
                return self.unknown(path)
            case "value_error":  # a shape with words of its own: a repo, a tag
                return self.of_value(path, "HK214", str(detail["ctx"]["error"]))
            case _:
                return self.not_allowed(path)


def _meaning(path: KeyPath, allowed: dict[str, Any]) -> str:
    """The key with what it means, for the help line."""
    return f"{path[-1]}: {allowed['description']}" if "description" in allowed else ""


def _of_type(value: Any, name: str | None) -> bool:
    types: dict[str | None, type | tuple[type, ...]] = {
        "integer": int,
        "number": (int, float),
        "string": str,
        "array": list,
        "boolean": bool,
    }
    return isinstance(value, types.get(name, dict)) and (name == "boolean" or not isinstance(value, bool))
