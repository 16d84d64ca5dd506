"""docs/cards.md speaks of every key of the metadata and of every fault of a check."""

import re
from pathlib import Path

from hubkit.card.checking import code, links, metadata, numbers
from hubkit.card.metadata import WRITTEN

PAGE = (Path(__file__).parents[3] / "docs" / "cards.md").read_text(encoding="utf-8")


def test_every_key_that_is_written_is_explained():
    """Those, and no others: the rest is people's."""
    rows = PAGE.partition("## The metadata")[2]
    explained = {name.partition(":")[0] for row in re.findall(r"^\| (`[^|]+) \|", rows, re.MULTILINE)
                 for name in re.findall(r"`([^`]+)`", row)}  # fmt: skip

    assert explained == WRITTEN


def test_every_fault_of_a_check_is_explained():
    """By its code."""
    codes = {numbers.CODE, metadata.CODE, links.LINK, links.PICTURE, code.CODE}

    assert codes == set(re.findall(r"HK\d{4}", PAGE))
