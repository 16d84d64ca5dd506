"""The schema editors read, the reference people read, and the recipes that are shipped: all say the same."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from hubkit.families import FAMILIES
from hubkit.methods import METHODS
from hubkit.metrics import METRICS
from hubkit.recipe import check, schema
from hubkit.recipe.faults import CODES
from hubkit.recipe.reference import reference
from hubkit.targets import TARGETS

from .conftest import OWN_PICTURES

ROOT = Path(__file__).parents[3]
RECIPES = sorted(ROOT.glob("recipes/*.toml"))
KINDS = {**FAMILIES, **METHODS, **METRICS, **TARGETS}


def test_the_schema_is_one_and_the_shipped_file_is_it():
    Draft202012Validator.check_schema(schema())

    assert schema() == json.loads((ROOT / "recipes/recipe.schema.json").read_text(encoding="utf-8"))


def test_the_shipped_reference_is_of_this_code():
    assert reference() == (ROOT / "docs/recipe.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_shipped_recipe_points_to_the_schema_and_passes_both(path):
    text = path.read_text(encoding="utf-8")

    assert text.startswith("#:schema ./recipe.schema.json\n")
    assert [] == [error.message for error in Draft202012Validator(schema()).iter_errors(tomllib.loads(text))]
    assert check(path, folder=OWN_PICTURES.get(path.stem)) == ()


@pytest.mark.parametrize("recipe", OWN_PICTURES)
def test_a_recipe_without_a_dataset_says_in_one_line_what_it_needs(recipe):
    (fault,) = check(ROOT / "recipes" / f"{recipe}.toml")

    assert "--data DIR" in str(fault)
    assert "\n" not in str(fault)


def test_only_rehearsals_mean_the_local_hub():
    local = {path.stem for path in RECIPES if "hub" in tomllib.loads(path.read_text(encoding="utf-8"))}

    assert {"quickstart", "quickstart-dreambooth", "openmoji"} == local


@pytest.mark.parametrize("wrong", ["stepz", "hub"])
def test_the_schema_refuses_what_the_recipe_refuses(wrong):
    tables = tomllib.loads(RECIPES[0].read_text(encoding="utf-8"))
    tables["training"][wrong] = 3

    assert not Draft202012Validator(schema()).is_valid(tables)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_has_a_docstring_a_row_in_the_reference_and_completes_in_editors(kind):
    about = schema()["$defs"][KINDS[kind].__name__]

    assert kind == about["properties"]["kind"]["const"]
    assert about["description"].strip()
    assert f'kind = "{kind}"' in reference()


@pytest.mark.parametrize("kind", [*FAMILIES, *METHODS, *METRICS])
def test_what_comes_from_a_paper_says_which(kind):
    assert KINDS[kind].paper.startswith("https://arxiv.org/abs/")


@pytest.mark.parametrize("kind", [*FAMILIES, *METHODS, *METRICS, "hub"])
def test_a_kind_is_used_by_a_shipped_recipe(kind):
    assert any(f'kind = "{kind}"' in path.read_text(encoding="utf-8") for path in RECIPES)


def test_every_fault_code_has_its_meaning_in_the_reference():
    used = {
        code for path in ROOT.glob("hubkit/recipe/*.py") for code in re.findall(r'"(HK\d+)"', path.read_text("utf-8"))
    }

    assert used == set(CODES)
    assert all(f"| `{code}` |" in reference() for code in used)
