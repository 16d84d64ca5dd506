"""A card is a function of its facts, which are kept."""

from typing import Any

from hubkit.card.facts import FACTS, Facts
from hubkit.card.writing import written
from hubkit.publishing import Past, Present, Release


def test_the_card_is_made_of_the_kept_facts_alone(described: Release):
    """Read back from the run's folder, they give the card of the release, byte for byte."""
    facts = Facts.load(described.folder.parent / FACTS)

    assert facts is not None
    assert (described.folder / "README.md").read_text(encoding="utf-8") == written(facts)


def test_the_release_before_is_among_the_facts(described: Release, run: Any):
    """With its lock, unchanged by the writing and the reading."""
    stands = Past(commit="c" * 40, tag="v1.0.0", lock=described.lock)
    run.describe(Present(commit="c" * 40, card=None, lock=None, last=stands, parent=None))
    facts = Facts.load(run.folder / FACTS)

    assert facts is not None
    assert facts.before is not None
    assert facts.before.lock == described.lock


def test_facts_name_no_folder_of_this_machine(described: Release):
    """They may be committed and shown."""
    assert str(described.folder.parent) not in (described.folder.parent / FACTS).read_text(encoding="utf-8")
