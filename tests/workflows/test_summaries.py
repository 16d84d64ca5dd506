"""What a job says on its page: texts of recipes, file names and faults are texts there, as on a card."""

from pathlib import Path

import pytest

from hubkit.ci.changes import Change
from hubkit.ci.planning import Planned
from hubkit.ci.rows import Row
from hubkit.ci.summaries import of_changes, of_plan, of_publication, of_scores, of_training
from hubkit.errors import Fault
from hubkit.publishing import Publication, Release
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
        metric=text, panel=text, kind="kid", value=1.0, base=2.0, better="lower", n=3, scale="", extractor="",
        extractor_revision="", settings={}, reference={},
    )  # fmt: skip
    said = of_scores(Scores(finetuned=(), base=(), templates=(), subjects=(), scores=(score,), sampling={}))

    assert {token.type for token in tokens(said)} <= PARTS | TABLE
    assert [6] * 3 == [cells_of(row) for row in said.splitlines()]


ROW = Row(recipe="recipes/a.toml", stem="a", name="a", repo="acme/a", version="v1.2.0", run="70", step=4, attempt=2)


def scores(gate_met: bool | None) -> Scores:
    """One score, and what became of its gate."""
    score = Score(
        metric="kid[mini-clip]", kind="kid", value=0.25, base=0.5, better="lower", n=8, scale="", extractor="",
        extractor_revision="", settings={}, reference={}, gate_met=gate_met,
    )  # fmt: skip
    return Scores(finetuned=(), base=(), templates=(), subjects=(), scores=(score,), sampling={})


@pytest.mark.parametrize(("tag", "at"), [("v1.2.0", "v1.2.0"), (None, "c" * 40)])
def test_a_publication_shows_its_picture_its_scores_and_its_code(tag: str | None, at: str):
    """The picture by its commit, which does not change; the code by the tag, where there is one."""
    found = ("all hashes", "drawn again")
    publication = Publication(
        url="", repo="acme/a", commit="c" * 40, revision=at, tag=tag, created=True, verified=found
    )  # fmt: skip
    files = {"images/before-after.webp": "0" * 64}
    release = Release(name="a", model_id="acme/a", folder=Path(), manifest=files, sizes={}, message="a", on=None)
    said = of_publication(publication, release, scores(gate_met=True), "")

    assert f"/acme/a/resolve/{'c' * 40}/images/before-after.webp)" in said
    assert "| `kid[mini-clip]` holdout | 0.5 | 0.25 |" in said
    assert f'from_pretrained("acme/a", revision="{at}")' in said
    assert "all hashes; drawn again" in said
    assert "![" not in of_publication(publication, release.model_copy(update={"manifest": {}}), scores(None), "")


def test_one_metric_on_two_panels_is_two_rows_that_are_told_apart():
    """Its captions that were held out, and those of the training."""
    held_out = scores(gate_met=True).scores[0]
    both = (held_out, held_out.model_copy(update={"panel": "training", "value": 0.125, "gate_met": None}))
    rows = of_scores(scores(None).model_copy(update={"scores": both})).splitlines()[2:]

    assert ["`kid[mini-clip]` holdout", "`kid[mini-clip]` training"] == [row.split(" | ")[0][2:] for row in rows]


def test_what_is_trained_and_how_it_ended_is_told():
    """From which checkpoint, for which release; and which gate keeps it back."""
    assert "| `recipes/a.toml` | `acme/a` | `v1.2.0` | unknown | from run 70, step 4 |" in of_plan([Planned(ROW, None)])
    assert "| **not met** |" in of_training(ROW, scores(gate_met=False), "a gate is not met")
    assert "### `recipes/a.toml`: stopped\n\n" == of_training(ROW, None, "stopped")
