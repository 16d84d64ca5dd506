"""The cards in model_cards/ are what hubkit writes of the facts kept here: a change of the words shows in a review."""

import re

import pytest

from .renew import CARDS, facts_of, known, written

NAMES = ("mini-avatar", "mini-ninja")


@pytest.mark.parametrize("name", NAMES)
def test_the_golden_card(name: str):
    """Word for word, without the run. `make cards` writes it anew."""
    assert (CARDS / name / "README.md").read_text(encoding="utf-8") == written(facts_of(name))


def test_every_kept_fact_has_its_card():
    """None is left over, and none is missing."""
    assert known() == sorted(NAMES) == sorted(place.name for place in CARDS.iterdir() if place.is_dir())


@pytest.mark.parametrize("name", NAMES)
def test_every_picture_is_there_and_small(name: str):
    """They are looked at where they lie."""
    named = set(re.findall(r"images/[\w.-]+", (CARDS / name / "README.md").read_text(encoding="utf-8")))

    assert named == {f"images/{file.name}" for file in (CARDS / name / "images").iterdir()}
    assert sum((CARDS / name / picture).stat().st_size for picture in named) < 600_000
