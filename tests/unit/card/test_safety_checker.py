"""A base with a safety checker: the card's code leaves it on, and a picture it blacked out proves nothing."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hubkit.card import made
from hubkit.publishing import BlankError, Release

Checked = Callable[..., Any]


@pytest.fixture
def checked(run: Any, tiny_model: Path, add_safety_checker: Callable[..., None], tmp_path: Path) -> Checked:
    """The run of a model with a checker that objects to every picture, or to none."""

    def of(*, objects: bool) -> Any:
        folder = tmp_path / "checked"
        shutil.copytree(tiny_model, folder)
        add_safety_checker(folder, objects=objects)
        return run.but(model=run.model.model_copy(update={"folder": folder}))

    return of


def words(release: Release) -> str:
    """The card."""
    return (release.folder / "README.md").read_text()


def test_the_card_says_what_its_code_does_about_safety(checked: Checked, described: Release):
    """Which pictures were drawn with the checker, and which without; and that there is none where there is none."""
    card = words(checked(objects=False).describe())

    assert "The model brings its base's safety checker" in card
    assert "But for the one under [How to use it](#how-to-use-it)" in card
    assert "The model has no safety checker" in words(described)
    assert "drawn without one" in words(described)


def test_a_black_square_is_no_proof(checked: Checked, capfd: pytest.CaptureFixture[str]):
    """All samples are tried; then the model is not described, so it is not published. Exit 10."""
    run = checked(objects=True)

    with pytest.raises(BlankError, match="its safety checker may object") as caught:
        run.describe()
    assert caught.value.exit_code == 10
    assert capfd.readouterr().err.count("another sample is tried") == 2
    assert made(run.folder) is None
