"""Of several candidates, the front and its knee."""

import math

import pytest

from hubkit.scoring.picking import Merits, front, knee


def merits(*points: tuple[float, float]) -> list[Merits]:
    """The first is the base, which nobody publishes."""
    return [Merits(style, prompt, pickable=number > 0) for number, (style, prompt) in enumerate(points)]


def test_the_front_is_what_nothing_beats_on_both_axes():
    """Equal points stand together; a point that is beaten on one axis and equal on the other is not on it."""
    candidates = merits((0, 10), (5, 8), (4, 8), (5, 8), (9, 1), (3, 2))

    assert front(candidates) == (True, True, False, True, True, False)


@pytest.mark.parametrize(
    ("points", "picked"),
    [
        pytest.param([(0, 10), (8, 9), (10, 0)], 1, id="bulging"),
        pytest.param([(0, 10), (2, 2), (10, 0)], 2, id="hollow: an end, and not the base"),
        pytest.param([(0, 10), (5, 5), (10, 0)], 2, id="straight: the one with more style"),
        pytest.param([(0, 0), (1, 1)], 1, id="better on both axes"),
        pytest.param([(0, 10), (-1, 9)], None, id="worse than the base on both"),
        pytest.param([(0, 10), (math.nan, 20), (4, 9)], 2, id="not measured"),
        pytest.param([(0, 1000), (8e-3, 900), (1e-2, 0)], 1, id="whatever the units"),
    ],
)
def test_the_knee(points, picked):
    """Where the front bends most."""
    assert knee(merits(*points)) == picked
