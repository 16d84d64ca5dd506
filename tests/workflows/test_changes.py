"""Which recipes changed, and in what, is asked of git; a comment changes nothing, a file's name is data."""

import json

import pytest

from hubkit.ci.changes import changed_recipes
from hubkit.errors import RecipeError

from .conftest import ROOT, Checkout, git

HOSTILE = ["recipes/$(touch pwned).toml", "recipes/a\nmatrix=[].toml", 'recipes/"; id; ".toml', "recipes/-x.toml"]


@pytest.fixture
def small(tmp_path) -> Checkout:
    """A repository with one recipe."""
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    git(tmp_path, "remote", "add", "origin", "https://github.com/acme/models")
    one = Checkout(tmp_path)
    one.write("recipes/one.toml", 'name = "one"\n[training]\nsteps = 5\n[[metrics]]\nkind = "kid"\nn = 3\n')
    one.write("recipes/notes.md", "no recipe")
    one.commit()
    return one


def test_only_what_means_something_else_has_changed(small):
    """Comments, order and blank lines mean nothing to a training, and cost none."""
    before = small.head
    small.write("recipes/one.toml", '# why\nname = "one"\n\n[[metrics]]\nn = 3\nkind = "kid"\n[training]\nsteps = 5\n')

    assert () == changed_recipes(small.folder, before, small.commit())


def test_keys_are_told_with_both_values(small):
    """Those of an array's tables by their kind."""
    before = small.head
    small.write("recipes/one.toml", 'name = "one"\n[training]\nsteps = 6\nseed = 1\n[[metrics]]\nkind = "kid"\n')
    [change] = changed_recipes(small.folder, before, small.commit())

    assert {"training.steps": (5, 6), "training.seed": (None, 1), "metrics.kid.n": (3, None)} == change.keys
    assert not change.new


def test_a_new_recipe_counts_and_one_that_is_gone_does_not(small):
    """So does one that was renamed; other files never do, nor recipes in folders of their own."""
    before = small.head
    git(small.folder, "mv", "recipes/one.toml", "recipes/two.toml")
    small.write("recipes/sub/three.toml", 'name = "three"')
    small.write("recipes/notes.md", "changed")
    [change] = changed_recipes(small.folder, before, small.commit())

    assert ("recipes/two.toml", True) == (change.path, change.new)


def test_a_recipe_that_cannot_be_read_counts(small):
    """Whoever trains it is told what is wrong with it."""
    before = small.head
    small.write("recipes/one.toml", "name = [[[")

    assert ["recipes/one.toml"] == [one.path for one in changed_recipes(small.folder, before, small.commit())]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_data(small, name):
    """They come out as they are, and nothing is run."""
    before = small.head
    small.write(name, 'name = "x"')
    changes = changed_recipes(small.folder, before, small.commit())

    assert [name] == [change.path for change in changes]
    assert {"recipes", ".git"} == {path.name for path in small.folder.iterdir()}


@pytest.mark.parametrize("commit", ["main", "--output=x", "0" * 40, "f" * 40, "a" * 41])
def test_a_commit_nobody_knows_is_refused(small, commit):
    """Not taken for "nothing changed", nor for "everything"."""
    with pytest.raises(RecipeError):
        changed_recipes(small.folder, commit, small.head)


def test_a_pull_request_is_told_what_it_changes(ci, checkout):
    """The keys in the summary, as a table; compared with where it left main, not with what main has become."""
    base = checkout.head
    recipe = checkout.folder / "recipes" / "naruto.toml"
    recipe.write_text(recipe.read_text().replace("learning_rate = 1e-4", "learning_rate = 2e-4"))
    checkout.commit(on_main=False)
    answer = ci("changed", event="pull_request", payload={"pull_request": {"base": {"sha": base}}})

    assert (0, "'recipes/naruto.toml'\n") == (answer.code, answer.out), answer.err
    assert "| `training.learning_rate` | `0.0001` | `0.0002` |" in answer.summary


def test_a_faulty_recipe_fails_the_pull_request_at_its_line(ci, checkout):
    """With an annotation that nothing in the recipe can end early."""
    base = checkout.head
    recipe = (ROOT / "recipes" / "quickstart.toml").read_text()
    checkout.write("recipes/new.toml", recipe.replace("steps = 700", "steps = -1\n'%0A::warning::x' = 1"))
    checkout.write(HOSTILE[1], recipe)
    checkout.commit(on_main=False)
    answer = ci("changed", event="pull_request", payload={"pull_request": {"base": {"sha": base}}})
    commands = [line for line in answer.out.splitlines() if line.startswith("::")]

    assert 2 == answer.code
    assert any(line.startswith("::error file=recipes/new.toml,line=") and "title=HK" in line for line in commands)
    assert all(line.startswith("::error file=recipes/new.toml,line=") for line in commands)
    assert "### Faults" in answer.summary
    assert {} == {key: value for key, value in answer.outputs.items() if key != "exit-code"}


def test_a_table_of_strangers_texts_stays_a_table(ci, checkout):
    """Whatever stands in a recipe is shown as code on one line."""
    base = checkout.head
    recipe = (ROOT / "recipes" / "quickstart.toml").read_text()
    evil = json.dumps("x` | <img src=x onerror=alert(1)> | [a](javascript:b)\n\n# Free GPUs")
    checkout.write("recipes/quickstart.toml", recipe.replace('"a man with black hair and glasses"', evil))
    checkout.commit(on_main=False)
    answer = ci("changed", event="pull_request", payload={"pull_request": {"base": {"sha": base}}})

    assert 0 == answer.code, answer.err
    assert "\n# Free" not in answer.summary
    assert all(line.count("|") - line.count("\\|") == 4 for line in answer.summary.splitlines() if line[:1] == "|")
