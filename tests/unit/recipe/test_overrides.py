"""`--set`, `--data` and `--repo`: what the command line says of a recipe."""

import pytest

from hubkit.errors import RecipeError
from hubkit.recipe import check, load


@pytest.mark.parametrize(
    ("override", "read", "expected"),
    [
        ("training.steps=20", lambda recipe: recipe.training.steps, 20),
        (" training.steps = 20 ", lambda recipe: recipe.training.steps, 20),
        ("training.precision=bf16", lambda recipe: recipe.training.precision, "bf16"),
        ("training.ema.decay=0.5", lambda recipe: recipe.training.ema.decay, 0.5),
        ("training.ema=none", lambda recipe: recipe.training.ema, None),
        ("model.revision=none", lambda recipe: recipe.model.revision, None),
        ("model.revision=v1.0", lambda recipe: recipe.model.revision, "v1.0"),
        ('samples.subjects=["a", "b"]', lambda recipe: recipe.samples.subjects, ("a", "b")),
        ("publish.repo=me/cats", lambda recipe: recipe.publish.repo, "me/cats"),
        ("metrics.kid.gate=none", lambda recipe: recipe.metrics[0].gate, None),
        ("metrics.fid.gate.at_most=3.5", lambda recipe: recipe.metrics[1].gate.at_most, 3.5),
        ("metrics.kid=none", lambda recipe: [metric.kind for metric in recipe.metrics], ["fid"]),
        ("metrics=none", lambda recipe: recipe.metrics, ()),
        ("hub=local", lambda recipe: recipe.hub, "local"),
    ],
)
def test_an_override_gives_one_key(write, override, read, expected):
    assert expected == read(load(write(), [override]))


def test_the_last_override_of_a_key_holds(write):
    assert 3 == load(write(), ["training.steps=2", "training.steps=3"]).training.steps


@pytest.mark.parametrize(
    ("override", "code", "said"),
    [
        ("training.stepz=3", "HK210", "training.stepz: there is no such key; did you mean 'steps'?"),
        ("training.stepz=none", "HK230", "training.stepz is no key of a recipe"),
        ("training.stepz.x=3", "HK210", "training.stepz: there is no such key"),
        ("training.steps=ten", "HK212", "training.steps = 'ten': must be a whole number"),
        ("training.steps=0", "HK214", "training.steps = 0: must be a whole number"),
        ("training.steps=1\ntraining.seed=2", "HK212", "must be a whole number"),
        ("training.micro_batch=3", "HK220", "must divide batch_size = 8"),
        (
            "metrics.clip-score.gate=none",
            "HK230",
            "the recipe has no metrics of kind 'clip-score'; it has 'kid', 'fid'",
        ),
        ("name.x=3", "HK230", "name = 'cats' is no table"),
        ("training.steps", "HK230", "must be KEY=VALUE"),
        ("=3", "HK230", "must be KEY=VALUE"),
        ("a..b=3", "HK230", "must be KEY=VALUE"),
        ("a" + ".a" * 9 + "=3", "HK230", "must be KEY=VALUE"),
        ("name=hf_abcdefghijklmnopqrstuvwxyz", "HK205", "an access token"),
    ],
)
def test_a_faulty_override_is_named_as_the_place(write, override, code, said):
    (fault,) = check(write(), [override])

    assert code == fault.code
    assert said in fault.message
    assert fault.where.startswith("--set ")
    assert "abcdefghij" not in str(fault)


def test_removing_a_metric_keeps_the_places_of_the_others(write):
    path = write(('kind = "fid"', 'kind = "fid"\nextracter = 3'))

    (fault,) = check(path, ["metrics.kid=none"])

    assert f"{path}:29" == fault.where


def test_a_folder_of_ones_own_stands_in_place_of_the_dataset(write, tmp_path):
    path = write(('"someone/cats"', '"someone/cats"\nrevision = "v1"\nresolution = 64'))

    data = load(path, folder=tmp_path / "mine").data

    assert (str(tmp_path / "mine"), None, None, 64) == (data.folder, data.repo, data.revision, data.resolution)


def test_a_folder_mends_a_recipe_without_a_dataset(write, tmp_path):
    path = write(('repo = "someone/cats"', ""))

    assert ["HK220"] == [fault.code for fault in check(path)]
    assert check(path, folder=tmp_path) == ()


def test_the_repo_of_the_command_line_stands_in_place_of_the_recipes(write):
    assert "me/other" == load(write(), repo="me/other").publish.repo


def test_a_faulty_repo_of_the_command_line_is_named_as_the_place(write):
    with pytest.raises(RecipeError) as caught:
        load(write(), repo="me/--x")

    assert ["--repo me/--x"] == [fault.where for fault in caught.value.faults]


def test_a_repo_is_refused_where_the_target_has_none(write):
    with pytest.raises(RecipeError, match=r"publish\.repo: there is no such key"):
        load(write(('kind = "hub"', 'kind = "folder"')), repo="me/x")


def test_a_path_that_is_typed_is_trusted_and_relative_to_where_it_is_typed(write, tmp_path, monkeypatch):
    path = write()
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    recipe = load(path, ["metrics.fid.weights=../weights.pth"])

    assert str(tmp_path / "here/../weights.pth") == recipe.metrics[1].weights
