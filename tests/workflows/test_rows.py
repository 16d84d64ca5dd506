"""A row holds what may stand in a matrix, a group's name, an artifact's name and a command; nothing else."""

import json

import pytest

from hubkit.ci.rows import RECIPE, TAG, Row, matrix, stem_of
from hubkit.errors import RecipeError

GOOD = {"recipe": "recipes/naruto.toml", "stem": "naruto", "name": "sd-naruto", "repo": "acme/sd-naruto"}

HOSTILE = [
    "recipes/$(touch pwned).toml", "recipes/`id`.toml", "recipes/a b.toml", "recipes/a\nb.toml", 'recipes/a"b.toml',
    "recipes/../../etc/passwd.toml", "recipes/..toml", "recipes/.toml", "recipes/sub/a.toml", "/recipes/a.toml",
    "recipes/-rf.toml", "recipes/--help.toml", "recipes/a;b.toml", "recipes/é.toml", "recipes/${{ secrets.X }}.toml",
    "recipes/a.toml\n", "recipes/%0A::set-output.toml", "recipes/" + "a" * 200 + ".toml", "", "a.toml",
]  # fmt: skip


@pytest.mark.parametrize("recipe", HOSTILE)
def test_a_hostile_file_name_is_refused(recipe):
    """And shown cut and quoted, on one line."""
    with pytest.raises(RecipeError) as refused:
        stem_of(recipe)

    assert "HK240" == refused.value.faults[0].code
    assert len(refused.value.faults[0].message.splitlines()) == 1


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("models/naruto/v1.0.0", ("naruto", "v1.0.0")),
        ("models/sd-1.5_full/v0.12.3", ("sd-1.5_full", "v0.12.3")),
        ("models/naruto/v1.0", None), ("models/naruto/1.0.0", None), ("models/naruto/v01.0.0", None),
        ("models/naruto/v1.0.0-rc.1", None), ("models/naruto/v1.0.0/x", None), ("models/a/b/v1.0.0", None),
        ("models/../v1.0.0", None), ("models/$(id)/v1.0.0", None), ("v1.0.0", None), ("models/naruto/v1.0.0\n", None),
    ],
)  # fmt: skip
def test_a_tag_names_a_recipe_and_a_version(tag, expected):
    """`models/<recipe>/vX.Y.Z`, and nothing near it."""
    found = TAG.fullmatch(tag)

    assert expected == (found and found.groups())


@pytest.mark.parametrize(
    "change",
    [
        {"recipe": "recipes/$(id).toml"}, {"stem": "a b"}, {"stem": ".."}, {"name": "../x"}, {"name": "a/b"},
        {"repo": "acme"}, {"repo": "acme/a b"}, {"repo": "acme/$(id)"}, {"version": "v1"}, {"version": "main"},
        {"minutes": 0}, {"minutes": 6000}, {"minutes": "5; id"}, {"minutes": 5.5}, {"minutes": True}, {"run": "x"},
        {"step": -1}, {"attempt": 49}, {"accept": "a\nb"}, {"accept": "a" * 301}, {"repo": 5}, {"unknown": "x"},
    ],
)  # fmt: skip
def test_what_a_row_must_not_hold_is_refused(change):
    """Field by field."""
    with pytest.raises(RecipeError):
        Row.read(GOOD | change)


def test_a_row_travels_as_json():
    """Through the matrix and a reusable workflow's inputs, where numbers may become text."""
    row = Row.read(GOOD | {"minutes": "90", "accept": 'the "set" is new; $(see) #12', "attempt": 2})
    [back] = json.loads(matrix([row]))["include"]

    assert row == Row.read(back)
    assert 90 == row.minutes
    assert "\n" not in matrix([row])


@pytest.mark.parametrize("missing", ["recipe", "repo"])
def test_a_row_lacks_nothing(missing):
    """Every field that says what is trained and where it goes."""
    with pytest.raises(RecipeError, match=missing):
        Row.read({key: value for key, value in GOOD.items() if key != missing})


def test_shipped_recipes_can_be_named():
    """All of them, by a tag."""
    from .conftest import ROOT

    for path in (ROOT / "recipes").glob("*.toml"):
        assert RECIPE.fullmatch(f"recipes/{path.name}")
        assert TAG.fullmatch(f"models/{path.stem}/v1.0.0")
