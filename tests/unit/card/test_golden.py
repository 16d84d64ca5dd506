"""A card of made-up facts, word for word: a change of the words shows in a review."""

import os
from pathlib import Path

from hubkit.publishing import Release

GOLDEN = Path(__file__).parents[2] / "golden" / "sd-tiny.md"


def test_the_golden_card(described: Release):
    """Word for word. `make cards`, or WRITE_CARDS=1, writes it anew."""
    card = (described.folder / "README.md").read_text(encoding="utf-8")
    if os.environ.get("WRITE_CARDS"):
        GOLDEN.write_text(card, encoding="utf-8")

    assert GOLDEN.read_text(encoding="utf-8") == card
