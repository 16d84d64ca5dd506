"""The JSON Schema of a recipe: for editors that complete and check TOML (Taplo, Even Better TOML), and for messages."""

from functools import cache
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from hubkit.recipe.positions import KeyPath, value_at
from hubkit.recipe.settings import Recipe


class _WithoutNull(GenerateJsonSchema):
    """TOML has no null: a key that may be None is a key that may be left out."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        described = super().default_schema(schema)
        if described.get("default", ...) is None:
            del described["default"]
        return described


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the whole recipe."""
    described = Recipe.model_json_schema(schema_generator=_WithoutNull)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **described}


def allowed_at(path: KeyPath, tables: Any) -> dict[str, Any] | None:
    """The JSON Schema of one key; None for a key no recipe has. The `kind`s in `tables` pick among those there are."""
    allowed = schema()
    for depth, key in enumerate(path, 1):
        below = allowed.get("items") if isinstance(key, int) else allowed.get("properties", {}).get(key)
        if below is None:
            return None
        allowed = _resolved(below, value_at((*path[:depth], "kind"), tables))
    return allowed


def _resolved(allowed: dict[str, Any], kind: Any) -> dict[str, Any]:
    """A schema with its reference followed, or with its kind chosen."""
    if "$ref" in allowed:
        definition: dict[str, Any] = schema()["$defs"][allowed["$ref"].rsplit("/", 1)[-1]]
        return definition | {key: value for key, value in allowed.items() if key != "$ref"}
    chosen = allowed.get("discriminator", {}).get("mapping", {}).get(kind) if isinstance(kind, str) else None
    return _resolved({"$ref": chosen}, kind) if chosen else allowed
