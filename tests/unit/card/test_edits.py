"""What people write into a card survives the next release, and nothing of theirs is ever lost."""

from hubkit.card.edits import keep_edits, section_hashes, sections, split

FIRST = "# cats\n\nA model.\n\n## Usage\n\n```python\n## not a heading\n```\n\n## Scores\n\nkid 0.2\n"
SECOND = FIRST.replace("kid 0.2", "kid 0.1")


def test_nothing_edited_is_made_anew():
    """The card of the new run, word for word."""
    kept = keep_edits(SECOND, FIRST, section_hashes(FIRST))

    assert SECOND == kept.body
    assert ([], []) == (kept.kept, kept.conflicts)


def test_a_section_of_a_persons_own_stays_where_it_stood():
    """Behind the section it stood behind, also when that one is new."""
    standing = FIRST.replace("## Scores", "## Thanks\n\nTo Ada.\n\n## Scores")
    kept = keep_edits(SECOND, standing, section_hashes(FIRST))

    assert ["", "Usage", "Thanks", "Scores"] == list(sections(kept.body))
    assert "To Ada." in kept.body
    assert "kid 0.1" in kept.body
    assert (["Thanks"], []) == (kept.kept, kept.conflicts)


def test_an_edited_section_whose_facts_are_the_same_stays():
    """A person's better words for the same thing."""
    standing = FIRST.replace("A model.", "My model of cats.")
    kept = keep_edits(SECOND, standing, section_hashes(FIRST))

    assert "My model of cats." in kept.body
    assert "A model." not in kept.body
    assert ["Introduction"] == kept.kept


def test_a_conflict_keeps_both():
    """The new numbers in their place, the person's words under a heading that says whose they are."""
    standing = FIRST.replace("kid 0.2", "kid 0.2, which is good")
    kept = keep_edits(SECOND, standing, section_hashes(FIRST))

    assert "## Scores\n\nkid 0.1" in kept.body
    assert "## Scores (edited by hand)\n\nkid 0.2, which is good" in kept.body
    assert ["Scores"] == kept.conflicts


def test_a_conflict_does_not_grow_release_by_release():
    """From then on the second section is the person's, and the first hubkit's."""
    standing = FIRST.replace("kid 0.2", "kid 0.2, which is good")
    second = keep_edits(SECOND, standing, section_hashes(FIRST)).body
    third = keep_edits(SECOND.replace("0.1", "0.05"), second, section_hashes(SECOND))

    assert ["", "Usage", "Scores", "Scores (edited by hand)"] == list(sections(third.body))
    assert "kid 0.05" in third.body
    assert "which is good" in third.body
    assert [] == third.conflicts


def test_an_edit_of_a_section_that_is_no_longer_written_is_kept():
    """It has no new place, so it keeps its old one, by its person's name."""
    standing = FIRST.replace("kid 0.2", "kid 0.2, which is good")
    gone = "# cats\n\nA model.\n\n## Usage\n\nsame\n"

    assert "which is good" in keep_edits(gone, standing, section_hashes(FIRST)).body


def test_a_card_that_hubkit_did_not_write_is_replaced():
    """There is no telling what in it is whose."""
    assert SECOND == keep_edits(SECOND, "# somebody else's\n\n## Words\n", {}).body


def test_metadata_that_cannot_be_read_are_none():
    """A bomb, a tag of Python's, a broken line: no exception, no object."""
    for bad in ("---\na: [\n---\nx", "---\n!!python/object/apply:os.system ['id']\n---\nx", "no metadata"):
        assert {} == split(bad)[0]
    assert ({"license": "mit"}, "body") == split("---\nlicense: mit\n---\nbody")
