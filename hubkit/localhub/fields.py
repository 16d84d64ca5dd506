"""A JSON object as a client sent it: every field is of the type that is asked for, or the request is refused."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from hubkit.localhub.errors import bad_request

_T = TypeVar("_T")
_NAMES = {str: "a text", int: "a whole number", bool: "true or false", list: "a list", dict: "an object"}


@dataclass(frozen=True)
class Fields:
    """Fields by name; one that is null counts as missing. What is of another type raises HubError (400)."""

    values: Mapping[str, Any]

    @classmethod
    def parse(cls, raw: bytes) -> "Fields":
        try:
            value = json.loads(raw or b"{}")
        except (ValueError, RecursionError) as error:
            raise bad_request(f"The body is not JSON: {error}") from error
        return cls.of(value, "The body")

    @classmethod
    def of(cls, value: object, place: str) -> "Fields":
        if not isinstance(value, dict):
            raise bad_request(f"{place} is not a JSON object")
        return cls(value)

    def __contains__(self, name: str) -> bool:
        return self.values.get(name) is not None

    def text(self, name: str, default: str | None = None) -> str:
        value = self._field(name, str, default)
        if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
            raise bad_request(f"{name} is no Unicode text: it holds half a character")
        return value

    def number(self, name: str, default: int | None = None) -> int:
        return self._field(name, int, default)

    def flag(self, name: str) -> bool:
        return self._field(name, bool, default=False)

    def object(self, name: str) -> "Fields":
        return Fields(self._field(name, dict, None))

    def items(self, name: str) -> list[Any]:
        """A list, of anything; empty when it is missing."""
        return self._field(name, list, [])

    def objects(self, name: str) -> list["Fields"]:
        """The objects of a list; none when it is missing."""
        return [Fields.of(item, f"An item of {name}") for item in self.items(name)]

    def _field(self, name: str, kind: type[_T], default: _T | None) -> _T:
        value = self.values.get(name)
        if value is None:
            if default is None:
                raise bad_request(f"Missing {name}")
            return default
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise bad_request(f"{name} must be {_NAMES[kind]}, not {str(value)[:80]!r}")
        return value
