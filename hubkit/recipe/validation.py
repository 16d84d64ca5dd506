"""A recipe's tables, validated one by one, so that a fault in one hides no fault of another."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Annotated, Any, Final, cast, get_args

from pydantic import TypeAdapter, ValidationError, create_model

from hubkit.errors import Fault
from hubkit.recipe.faults import Draft
from hubkit.recipe.positions import KeyPath
from hubkit.recipe.settings import OneOf, Recipe
from hubkit.recipe.wording import in_words
from hubkit.values import Settings

INTEGERS: Final = 1 << 63
"""TOML's integers have 64 bits; Python's would go on."""


@dataclass
class Checked:
    """The values that are valid by themselves, each by its path, and the faults of the others."""

    values: dict[KeyPath, Any] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    faulty: set[KeyPath] = field(default_factory=set)
    """Keys whose fault is told. In `values` they have their default, or None where they have none."""


def validate(draft: Draft) -> Checked:
    """Every table of the recipe, each by its own class."""
    checked = Checked()
    for key, value in draft.tables.items():
        if key not in Recipe.model_fields:
            checked.faults.append(draft.unknown((key,)))
        elif too_long := list(_endless_integers((key,), value)):
            checked.faults += [draft.of_value(path, "HK214", "must have 64 bits") for path in too_long]
        else:
            _validate_field(draft, checked, key, value)
    required = (key for key, about in Recipe.model_fields.items() if about.is_required())
    checked.faults += [draft.missing((key,)) for key in required if key not in draft.tables]
    return checked


def _validate_field(draft: Draft, checked: Checked, key: str, value: Any) -> None:
    about = Recipe.model_fields[key]
    (item,) = get_args(about.annotation)[:1] or (None,)
    if kinds := _kinds(about.metadata):
        _validate_kind(draft, checked, (key,), value, kinds)
    elif (kinds := _kinds(getattr(item, "__metadata__", ()))) and isinstance(value, list):
        for index, table in enumerate(value):
            _validate_kind(draft, checked, (key, index), table, kinds)
    else:
        _validate(draft, checked, (key,), value, Annotated[about.annotation, *about.metadata, about])


def _kinds(metadata: Any) -> Mapping[str, type[Settings]] | None:
    return next((mark.kinds for mark in metadata if isinstance(mark, OneOf)), None)


def _validate_kind(
    draft: Draft, checked: Checked, path: KeyPath, table: Any, kinds: Mapping[str, type[Settings]]
) -> None:
    """A table whose `kind` picks its class."""
    if not isinstance(table, dict):
        checked.faults.append(draft.not_allowed(path))
        return
    kind = table.get("kind")
    if isinstance(kind, str) and kind in kinds:
        _validate(draft, checked, path, table, kinds[kind])
        return
    choice = in_words({"enum": list(kinds)})
    near = get_close_matches(kind, kinds, 1) if isinstance(kind, str) else []
    if "kind" not in table:
        checked.faults.append(draft.fault((*path, "kind"), "HK213", f" is missing: it must be {choice}"))
    else:
        said = f"must be {choice}" + (f"; did you mean {near[0]!r}?" if near else "")
        checked.faults.append(draft.of_value((*path, "kind"), "HK213", said))


def _validate(draft: Draft, checked: Checked, path: KeyPath, value: Any, of: Any) -> None:
    try:
        checked.values[path] = TypeAdapter(of).validate_python(value)
    except ValidationError as error:
        checked.faults += draft.faults(error, path)
        faulty = {detail["loc"][0] for detail in error.errors() if detail["loc"]}
        checked.faulty |= {(*path, key) for key in faulty}
        table = next((one for one in (of, *get_args(of)) if isinstance(one, type) and issubclass(one, Settings)), None)
        if table and isinstance(value, dict):
            checked.values[path] = _rest(table, value, faulty)


def _rest(table: type[Settings], value: dict[str, Any], faulty: set[str | int]) -> Settings:
    """A table without its faulty keys, so that the rules still see the others; a required one is None."""
    required = {key: (Any, None) for key, about in table.model_fields.items() if key in faulty and about.is_required()}
    rest = create_model(table.__name__, __base__=table, **cast(Any, required))
    return rest.model_validate({key: item for key, item in value.items() if key not in faulty})


def _endless_integers(path: KeyPath, value: Any) -> Iterator[KeyPath]:
    if isinstance(value, int) and not -INTEGERS <= value < INTEGERS:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _endless_integers((*path, key), item)
