"""What a job says on its page: texts of recipes, file names and faults are texts there, as on a card."""

import pytest

from hubkit.ci.changes import Change
from hubkit.ci.summaries import of_changes, of_scores
from hubkit.errors import Fault
from hubkit.scoring import Score, Scores

from ..unit.card.test_hostile_texts import HOSTILE, cells_of, tokens

PARTS = {"paragraph_open", "paragraph_close", "inline", "text", "text_special", "softbreak", "code_inline"}
LISTS = {f"{part}_{end}" for part in ("heading", "bullet_list", "list_item") for end in ("open", "close")}
TABLE = {f"{part}_{end}" for part in ("table", "thead", "tbody", "tr", "th", "td") for end in ("open", "close")}


@pytest.mark.parametrize("text", HOSTILE, ids=[str(number) for number in range(len(HOSTILE))])
def test_a_pull_request_cannot_write_the_summary(text: str):
    """A recipe's path, its keys and values, and what is wrong with it."""
    said = of_changes(
        [Change(path=text, keys={text: (text, [text]), "b": (None, text)}, new=False)],
        [Fault("HK201", text, where=f"{text}:1", help=text)],
    )
    rows = [line for line in said.splitlines() if line.startswith("|")]

    assert {token.type for token in tokens(said)} <= PARTS | LISTS | TABLE
    assert 2 == sum(token.type == "heading_open" for token in tokens(said))
    assert [3] * 4 == [cells_of(row) for row in rows]


@pytest.mark.parametrize("text", HOSTILE, ids=[str(number) for number in range(len(HOSTILE))])
def test_the_name_of_a_score_is_a_text(text: str):
    """It comes from a file that another machine wrote."""
    score = Score(
        metric=text, kind="kid", value=1.0, base=2.0, better="lower", n=3, scale="", extractor="",
        extractor_revision="", settings={}, reference={},
    )  # fmt: skip
    said = of_scores(Scores(finetuned=(), base=(), templates=(), subjects=(), scores=(score,), sampling={}))

    assert {token.type for token in tokens(said)} <= PARTS | TABLE
    assert [6] * 3 == [cells_of(row) for row in said.splitlines()]
