"""The prompt study alone: what it asks for, and what it says where it cannot be done."""

from pathlib import Path

import pytest

from hubkit.cli.prompts import cells, give_or_take, won
from hubkit.errors import RecipeError
from hubkit.prompts import Subject, table, with_pictures
from hubkit.recipe import Recipe, load
from hubkit.scoring import Interval, Measured, PromptStudy, Study, Template

QUICKSTART = Path(__file__).parents[2] / "recipes" / "quickstart.toml"
TEMPLATES = '["{subject}", "{subject}, smiling"]'


@pytest.fixture
def recipe() -> Recipe:
    """One without a study."""
    return load(QUICKSTART, ["study=none", 'samples.templates=["{subject}"]'])


def test_nothing_is_drawn_where_there_is_nothing_to_compare(recipe):
    """The bare subject against itself."""
    subject = Subject(recipe, weights=None, images=None, folder=Path(), out=Path())

    with pytest.raises(RecipeError, match="no template to hold against the bare subject"):
        subject.study()


def test_another_recipe_brings_its_subjects_and_templates_and_nothing_else(recipe):
    """The model stays what it is."""
    other = load(
        QUICKSTART, ['name="other"', 'samples.subjects=["Yoda"]', "study.seeds=7", f"samples.templates={TEMPLATES}"]
    )
    subject = Subject(recipe, weights=None, images=None, folder=Path(), out=Path()).asking(other)

    assert subject.recipe.samples.subjects == ("Yoda",)
    assert subject.recipe.study.seeds == 7
    assert subject.recipe.name == recipe.name


def test_the_recipes_own_study_is_asked_for(recipe):
    """Without metrics that read captions, and without a table, by the default."""
    asked = PromptStudy(extractor="someone/clip", seeds=3)

    assert table(recipe.model_copy(update={"study": asked})) == asked
    assert table(recipe.model_copy(update={"metrics": ()})) == PromptStudy()


def test_pictures_of_ones_own_must_be_given(recipe, tmp_path):
    """A release that learnt from a folder does not bring it."""
    own = recipe.model_copy(update={"data": recipe.data.model_copy(update={"repo": None, "folder": "mine"})})

    assert with_pictures(recipe, None) == recipe
    assert with_pictures(own, tmp_path).data.folder == str(tmp_path)
    with pytest.raises(RecipeError, match="no dataset of the Hub"):
        with_pictures(own, None)


def test_a_folder_without_a_run(tmp_path):
    """Says what is missing."""
    with pytest.raises(RecipeError, match="holds no finished run"):
        Subject.of_run(tmp_path)


def test_a_line_of_the_table():
    """A template of a stranger's model does not speak to the terminal."""
    number = Measured(value=31.234, interval=Interval(low=28.034, high=34.434))
    row = Template(
        template="{subject} \x1b[31mred", identity=number, style=number, base_identity=number, base_style=number,
        gain=number, merit=number, wins=Measured(value=0.8, interval=Interval(low=0.61, high=0.97)), leads=0.9,
    )  # fmt: skip
    study = Study(
        templates=(row,), needed=False, verdict="", subjects=("Yoda",), seeds=1, counted=(),
        anchors={}, intervals_by="", extractor="", extractor_revision="", reference={},
    )  # fmt: skip

    assert next(cells(study)) == (
        "{subject} [31mred", "80% (61 to 97)", "90%", "31.2 ± 3.2", "31.2 ± 3.2", "-", "-", "31.2 ± 3.2",
    )  # fmt: skip
    assert (give_or_take(Measured(value=1.0)), won(Measured(value=0.5))) == ("1.0", "50%")
