"""Was it learnt by heart? The drawn pictures that are nearest to the training's."""

from collections.abc import Iterator
from typing import Any

from hubkit.card.chapters.figures import number
from hubkit.card.facts import Facts
from hubkit.card.nearest import searched
from hubkit.card.sections import Section, Table, Words
from hubkit.scoring import Neighbours


def nearest(facts: Facts) -> Iterator[Section]:
    """The nearest pairs, as pictures where the author lets them be shown; nothing where nobody searched."""
    score, sheet = searched(facts.scores), facts.plots.get("nearest")
    if score is None:
        return
    found = score.nearest
    copies = sum(is_copy(one) for one in found)
    said = {"copies": copies, "pairs": len(found), "threshold": number(found[0].threshold)}
    header = ["row of the training picture", "distance", "nearest mirrored", "counts as a copy"]
    yield Section(
        "Nearest training pictures",
        [
            Words("nearest", said),
            sheet or Words("nearest_not_shown"),
            Table(header, [*map(row, found)], numbers=range(2)),
        ],
    )


def is_copy(one: Neighbours) -> bool:
    """Whether it is nearer than held-out pictures ever are."""
    return one.distance < one.threshold


def row(one: Neighbours) -> list[Any]:
    """One line of the table."""
    return [one.row, number(one.distance), "yes" if one.mirrored else "", "yes" if is_copy(one) else ""]
