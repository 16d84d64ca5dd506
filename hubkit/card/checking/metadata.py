"""A card's metadata: readable, what the Hub accepts, and what the lock says."""

from collections.abc import Iterator
from typing import Any

from hubkit import hub
from hubkit.card.checking.held import Held
from hubkit.card.edits import split
from hubkit.errors import Fault, RecipeError

CODE = "HK1041"


def metadata_faults(held: Held) -> Iterator[Fault]:
    """What is wrong with it. Asks the Hub."""
    said = split(held.card)[0]
    if not said:
        yield Fault(CODE, "the metadata are missing or cannot be read", "README.md:1", "publish the run again")
        return
    try:
        hub.validate_card(held.card)
    except RecipeError as error:
        yield Fault(CODE, error.faults[0].message, "README.md:1")
    for key, expected in _of_lock(held):
        if said.get(key) != expected:
            yield Fault(CODE, f"{key} is {said.get(key)!r}, in the lock {expected!r}", "README.md:1")


def _of_lock(held: Held) -> Iterator[tuple[str, Any]]:
    lock = held.lock
    yield "base_model", lock.base.repo
    yield "license", lock.interface.license or "unknown"
    if source := lock.recipe.tables.get("data", {}).get("repo"):
        yield "datasets", [source]
