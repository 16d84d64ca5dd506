"""Who made it, and whom to ask."""

from collections.abc import Iterator

from hubkit.card.facts import Facts
from hubkit.card.sections import Bullets, Part, Plain, Section


def people(facts: Facts) -> Iterator[Section]:
    """The authors and the contact of the recipe's `[card]`, where it names them."""
    said = facts.recipe.card
    if said.authors or said.contact:
        authors: list[Part] = [Bullets(said.authors)] if said.authors else []
        contact: list[Part] = [Plain(said.contact)] if said.contact else []
        yield Section("Authors and contact", [*authors, *contact])
