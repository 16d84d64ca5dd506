"""What `dump` writes is the recipe: it loads back equal, and equal recipes are written alike."""

import tomllib
from pathlib import Path

import pytest

from hubkit.recipe import Recipe, dump, load, reload, shared

from .conftest import OWN_PICTURES

SHIPPED = sorted(Path(__file__).parents[3].glob("recipes/*.toml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_dumped_recipe_loads_back_equal_and_is_written_the_same_again(path, tmp_path):
    recipe = load(path, folder=OWN_PICTURES.get(path.stem))
    (tmp_path / "recipe.toml").write_text(dump(recipe), encoding="utf-8")

    again = reload(tmp_path / "recipe.toml")

    assert recipe == again
    assert dump(recipe) == dump(again)


def test_any_text_survives(write, tmp_path):
    hostile = 'a "cat" \\ \t\n\r\x00\x1f\x7f \U0001f408 \u2019\u2028 """ \'\'\' # = ]'
    recipe = load(write())
    recipe = recipe.model_copy(update={"samples": recipe.samples.model_copy(update={"subjects": (hostile,)})})
    (tmp_path / "recipe.toml").write_text(dump(recipe), encoding="utf-8", newline="")

    assert (hostile,) == reload(tmp_path / "recipe.toml").samples.subjects


def test_overrides_are_written_and_defaults_too(write):
    tables = tomllib.loads(dump(load(write(), ["training.steps=7", "metrics.kid.gate=none"])))

    assert 7 == tables["training"]["steps"]
    assert 0.01 == tables["training"]["weight_decay"]
    assert "gate" not in tables["metrics"][0]


def test_none_is_always_the_default_where_it_is_allowed():
    """TOML has no null: a key whose None differs from its default could not be written."""
    tables = [Recipe]
    for table in tables:
        for key, about in table.model_fields.items():
            tables += [part for part in getattr(about.annotation, "__args__", ()) if hasattr(part, "model_fields")]
            tables += [about.annotation] if hasattr(about.annotation, "model_fields") else []
            if type(None) in getattr(about.annotation, "__args__", ()):
                assert about.default is None, f"{table.__name__}.{key}"
    assert len(tables) > 4


def test_what_others_see_names_no_folder_of_this_machine(write, tmp_path):
    path = write(('kind = "fid"', 'kind = "fid"\nweights = "nets/inception.pth"'))

    recipe = shared(load(path, folder=tmp_path / "secret/cats"))

    assert ("cats", "inception.pth") == (recipe.data.folder, recipe.metrics[1].weights)
    assert str(tmp_path) not in dump(recipe)
