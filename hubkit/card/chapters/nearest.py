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
    near = sum(one.is_copy for one in found)
    copies = f"{near} of these {len(found)} {'is' if near == 1 else 'are'}"
    said = {"copies": copies, "threshold": limit}
    mirrored = ["nearest mirrored"] if any(one.pair.mirrored for one in found) else []
    header = ["drawn for", "row of the training picture", "distance", *mirrored, "counts as a copy"]
    yield Section(
        "Nearest training pictures",
        [
            Words("nearest", said),
            sheet or Words("nearest_not_shown"),
            Table(header, [row(one, mirrored=bool(mirrored)) for one in found], numbers=range(1, 3)),
        ],
    )


def row(one: Found, *, mirrored: bool) -> list[Any]:
    """One line of the table; `mirrored` tells whether that has a column."""
    pair = one.pair
    turned = ["yes" if pair.mirrored else ""] if mirrored else []
    return [one.prompts, pair.row, number(pair.distance), *turned, "yes" if one.is_copy else ""]
