"""What people write into a card survives the next release, and nothing of theirs is ever lost."""

from itertools import pairwise

import pytest
from markdown_it import MarkdownIt

from hubkit.card.edits import keep_edits, section_hashes, sections, split

FIRST = "# cats\n\nA model.\n\n## Usage\n\n```python\n## not a heading\n```\n\n## Scores\n\nkid 0.2\n"
SECOND = FIRST.replace("kid 0.2", "kid 0.1")


def headings(body: str) -> list[str]:
    """The titles of the sections, as a reader of Markdown sees them."""
    tokens = MarkdownIt("commonmark", {"html": True}).parse(body)
    return [text.content for opening, text in pairwise(tokens) if (opening.type, opening.tag) == ("heading_open", "h2")]


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


def test_a_second_edit_of_a_section_stands_beside_the_first():
    """Each under a heading of its own, which is not lengthened; only what is hubkit's is a conflict."""
    one = FIRST.replace("kid 0.2", "kid 0.2, which is good")
    second = keep_edits(SECOND, one, section_hashes(FIRST)).body.replace("kid 0.1\n", "kid 0.1, which is better\n")
    third = keep_edits(SECOND.replace("0.1", "0.05"), second, section_hashes(SECOND))
    fourth = keep_edits(SECOND.replace("0.1", "0.01"), third.body, section_hashes(SECOND.replace("0.1", "0.05")))
    titles = {"Usage", "Scores", "Scores (edited by hand)", "Scores (edited by hand) (2)"}

    assert titles == set(headings(third.body)) == set(headings(fourth.body))
    assert ["Scores"] == third.conflicts
    assert [] == fourth.conflicts
    for words in ("which is good", "which is better"):
        assert 1 == third.body.count(words) == fourth.body.count(words)


def test_a_section_that_was_taken_out_comes_back():
    """Facts are not left out by leaving them out; it is told. So it is where all above the first heading is gone."""
    kept = keep_edits(
        SECOND, "## Usage\n" + FIRST.partition("## Usage\n")[2].partition("## Scores")[0], section_hashes(FIRST)
    )

    assert SECOND == kept.body
    assert (["Introduction", "Scores"], [], []) == (kept.missed, kept.kept, kept.conflicts)


def test_a_heading_in_a_comment_is_none():
    """A person's hidden words stay in their section, and what they hid of hubkit's is written again."""
    standing = FIRST.replace("## Scores", "## Thanks\n\nTo Ada.\n\n<!--\n## Draft\n-->\n\n## Scores")
    kept = keep_edits(SECOND, standing, section_hashes(FIRST))
    hidden = keep_edits(SECOND, FIRST.replace("## Scores", "<!--\n## Scores") + "-->\n", section_hashes(FIRST))

    assert ["Usage", "Thanks", "Scores"] == headings(kept.body) == list(sections(kept.body))[1:]
    assert "## Draft" in kept.body
    assert ["Usage", "Scores"] == headings(hidden.body)
    assert (["Usage"], ["Scores"]) == (hidden.kept, hidden.missed)


@pytest.mark.parametrize("forgotten", ["```python\ncode", "~~~\ncode", "<!-- a note", "1. one\n\n````\n```\nmore\n```"])
def test_what_a_person_forgot_to_end_takes_nothing_with_it(forgotten: str):
    """What stands below is hubkit's, written anew and read as such; their words are ended where they end."""
    standing = FIRST.replace("## Usage", f"## Mine\n\n{forgotten}\n\n## Usage")
    kept = keep_edits(SECOND, standing, section_hashes(FIRST))

    assert ["Mine", "Usage", "Scores"] == headings(kept.body)
    assert "kid 0.2" not in kept.body
    assert forgotten in kept.body
    assert (["Mine"], [], []) == (kept.kept, kept.conflicts, kept.missed)
    assert kept.body == keep_edits(SECOND, kept.body, section_hashes(SECOND)).body


def test_a_heading_shown_as_code_is_none():
    """Not even one that a section of hubkit's has, which stands where it stood."""
    standing = FIRST.replace("## Usage", "## Mine\n\n```\n## Scores\n```\n\n## Usage")
    kept = keep_edits(SECOND, standing, section_hashes(FIRST))

    assert ["Mine", "Usage", "Scores"] == headings(kept.body) == list(sections(kept.body))[1:]
    assert "kid 0.2" not in kept.body


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
