"""Was it learnt by heart? The drawn pictures that are nearest to the training's."""

from collections.abc import Iterator
from typing import Any

from hubkit.card.chapters.figures import number
from hubkit.card.facts import Facts
from hubkit.card.nearest import Found, nearest_of
from hubkit.card.sections import Section, Table, Words


def nearest(facts: Facts) -> Iterator[Section]:
    """The nearest pairs, as pictures where the author lets them be shown; nothing where nobody searched."""
    found, sheet = nearest_of(facts.scores), facts.plots.get("nearest")
    if not found:
        return
    limit = number(found[0].pair.threshold)
    said = {"copies": sum(one.is_copy for one in found), "pairs": len(found), "threshold": limit}
    header = ["drawn for", "row of the training picture", "distance", "nearest mirrored", "counts as a copy"]
    yield Section(
        "Nearest training pictures",
        [
            Words("nearest", said),
            sheet or Words("nearest_not_shown"),
            Table(header, [*map(row, found)], numbers=range(1, 3)),
        ],
    )


def row(one: Found) -> list[Any]:
    """One line of the table."""
    pair = one.pair
    return [one.prompts, pair.row, number(pair.distance), "yes" if pair.mirrored else "", "yes" if one.is_copy else ""]
