"""A second release to the same place: the new run's card, with what people wrote into the first."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from hubkit.publishing import Past, Present
from hubkit.recipe import Recipe


@pytest.fixture
def published(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Path]:
    """A run that was released into a folder, and where."""
    monkeypatch.chdir(tmp_path)
    tables = run.recipe.model_dump(exclude_none=True) | {"publish": {"kind": "folder", "path": "out"}}
    first = run.but(recipe=Recipe.model_validate(tables))
    first.recipe.publish.publish(first.describe())
    return first, tmp_path / "out" / "sd-tiny"


def edit(card: Path, before: str, after: str) -> None:
    """As a person does it: the file of a release is read-only to hubkit alone."""
    text = card.read_text(encoding="utf-8").replace(before, after)
    card.unlink()
    card.write_text(text, encoding="utf-8")


def better(first: Any) -> Any:
    """A second run, of more steps and with another score."""
    score = first.scores.scores[0].model_copy(update={"value": 0.005})
    second = first.but(
        model=first.model.model_copy(update={"steps": 40}),
        scores=first.scores.model_copy(update={"scores": (score,)}),
        folder=first.folder.with_name("second"),
    )
    (second.folder / "samples").parent.mkdir()
    (second.folder / "samples").symlink_to(first.folder / "samples")
    return second


def test_the_card_of_the_second_run_keeps_what_people_wrote(published: tuple[Any, Path]):
    """Their section and their tags stay, the numbers are the new run's, and no tag stands twice."""
    first, place = published
    edit(place / "README.md", "## Scores", "## Thanks\n\nTo Ada, who drew.\n\n## Scores")
    edit(place / "README.md", "- hubkit\n", "- hubkit\n- anime\n")
    second = better(first)
    now = second.recipe.publish.present("sd-tiny")
    card = (second.describe(now).folder / "README.md").read_text(encoding="utf-8")
    tags = yaml.safe_load(card.split("---\n")[1])["tags"]

    assert "To Ada, who drew." in card
    assert "40 steps" in card
    assert "**0.005**" in card
    assert "**0.01**" not in card
    news = card.partition("\n## What is new\n")[2].partition("\n## ")[0]
    assert "| `kid[mini-clip]` holdout | 0.01 | 0.005 | -0.005 |" in news.replace("\\", "")
    assert "anime" in tags
    assert len(tags) == len(set(tags))


def test_nothing_that_people_did_is_undone_without_a_word(
    published: tuple[Any, Path], capfd: pytest.CaptureFixture[str]
):
    """What they took out, and what they changed of the metadata that hubkit writes; not what is as they left it, nor
    what only the new run changes.
    """
    first, place = published
    card = place / "README.md"
    costs = card.read_text(encoding="utf-8").partition("## Costs")[2].partition("## ")[0]
    edit(card, f"## Costs{costs}", "")
    edit(card, "license: creativeml-openrail-m\n", "license: mit\nnew_version: alice/other\n")
    edit(card, "- hubkit\n", "")
    edit(card, "library_name: diffusers\n", "library_name: 'diffusers'  # as it was\nlanguage: en\n")
    capfd.readouterr()
    second = better(first)
    text = (second.describe(second.recipe.publish.present("sd-tiny")).folder / "README.md").read_text(encoding="utf-8")
    said = capfd.readouterr().err

    assert [
        "'Costs' of the card was taken out by hand: it stands in the new card again",
        *(f"{key!r} of the card's metadata was changed by hand: hubkit writes this key, and the change is not kept"
          for key in ("license", "new_version", "tags")),
    ] == [line for line in said.splitlines() if "by hand" in line]  # fmt: skip
    assert {"license": "creativeml-openrail-m", "language": "en"}.items() <= yaml.safe_load(
        text.split("---\n")[1]
    ).items()
    assert "\n## Costs\n" in text


def test_a_card_that_hubkit_did_not_write_is_not_replaced_without_a_word(
    run: Any, capfd: pytest.CaptureFixture[str]
):  # fmt: skip
    """As the Hub's own form makes one, or where the lock beside it cannot be read."""
    theirs = Past(commit="e" * 40, tag=None, lock=None)
    run.describe(Present(commit="e" * 40, card="# My words", lock=None, last=theirs, parent=None))
    said = capfd.readouterr().err

    assert 1 == said.count("is not known to be one of hubkit's: it is replaced, and its text is not kept")


def test_the_same_run_again_changes_nothing(published: tuple[Any, Path]):
    """Nobody wrote anything: the same release, the same bytes."""
    first, place = published

    now = first.recipe.publish.present("sd-tiny")
    again = first.describe(now)

    assert not first.recipe.publish.publish(again).created
    assert (place / "README.md").read_bytes() == (again.folder / "README.md").read_bytes()
