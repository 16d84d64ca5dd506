"""A stranger's recipe is run again only as far as it trains what is written; what comes out is held against scores."""

from pathlib import Path
from typing import Any

import pytest

from hubkit import hub
from hubkit.errors import IntegrityError, RecipeError
from hubkit.localhub import LocalHub
from hubkit.publishing import Lock
from hubkit.recipe import Recipe, dump
from hubkit.releases import held_against, locate, recipe_of

from ..card import conftest as card
from ..publishing.conftest import lock_of
from ..publishing.test_versions import NEW_WEIGHTS, SCORE, but
from .conftest import REPO, Publish, spoil

KID = {"kind": "kid", "extractor": "alice/clip", "revision": "c" * 40}


def recipe(**tables: Any) -> Recipe:
    """A recipe with every revision pinned, and `tables` in place of its own."""
    usual = card.recipe_of(metrics=[KID]).model_dump(exclude_none=True)
    return Recipe.model_validate({**usual, **tables})


@pytest.fixture
def lock(tmp_path: Path) -> Lock:
    """A lock with one score."""
    (tmp_path / "unet.safetensors").write_bytes(b"weights")
    return lock_of(tmp_path, scores=[SCORE])


def again(publish: Publish, toml: str, data: Path | None = None) -> Recipe:
    publish("v1.0.0", toml)
    return recipe_of(locate(REPO), data)


def test_the_recipe_that_is_run_is_the_one_that_was_published(publish: Publish):
    """Every key of it."""
    assert again(publish, dump(recipe())) == recipe()


def test_a_recipe_that_was_changed_afterwards_is_not_run(publish: Publish):
    """Neither alone nor with anything else; exit 10."""
    publish("v1.0.0", dump(recipe()))
    changed = dump(recipe()).replace("steps = 20", "steps = 21")

    with pytest.raises(IntegrityError, match=r"'recipe\.toml' is another file"):
        recipe_of(locate(f"{REPO}@{spoil({'recipe.toml': changed.encode()})}"))


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("name = 'x'\nhub = 'local'\nrun = 'rm -rf /'\n", "no such key"),
        ("x" + ".a" * 5000 + " = 1\n", "HK20"),
        (
            dump(recipe(data={"folder": "pictures", "resolution": 32})).replace('"pictures"', '"../../pictures"'),
            "data.folder = '../../pictures': goes up",
        ),
        (dump(recipe()).replace('name = "sd-tiny"', 'name = "../../sd-tiny"'), "must be a name"),
        (dump(recipe(data={"folder": "pictures", "resolution": 32})), "which is not published"),
        (
            dump(recipe(metrics=[{"kind": "fid", "weights": "inception.pt"}])),
            r"metrics.0.weights = 'inception\.pt', which is not published",
        ),
    ],
    ids=["unknown key", "bomb", "path up", "name up", "folder", "weights of this machine"],
)
def test_a_hostile_recipe_is_not_run(publish: Publish, toml: str, words: str):
    """It is data, checked like any other; and no file of this machine is read for it. Exit 2."""
    with pytest.raises(RecipeError, match=words) as caught:
        again(publish, toml)
    assert caught.value.exit_code == 2


def test_an_open_revision_is_not_run(publish: Publish):
    """Today's base or dataset may be another than it was."""
    hub.put_repo("alice/base", "model", {"a.json": b"{}"}, "seed")
    unpinned = dump(recipe()).replace(f'revision = "{"b" * 40}"\n', "")

    with pytest.raises(RecipeError, match="leaves a revision open"):
        again(publish, unpinned)


def test_what_would_write_to_a_repo_is_left_out(publish: Publish, capsys: pytest.CaptureFixture[str]):
    """Whoever runs it again has a token; the recipe's author shall not use it."""
    dreambooth = {
        "kind": "dreambooth",
        "token": "sks",
        "instance_prompt": "a sks dog",
        "class_prompt": "a dog",
        "class_images_repo": "alice/private-pictures",
    }
    data = {"repo": "alice/ninjas", "revision": "d" * 40, "resolution": 32, "caption": ""}
    made = again(publish, dump(recipe(method=dreambooth, data=data)))

    assert made.method.model_dump()["class_images_repo"] is None
    assert "left out: method.class_images_repo" in capsys.readouterr().err


def test_pictures_of_ones_own_take_the_place_of_those_that_were_not_published(publish: Publish, tmp_path: Path):
    """What a person types is trusted."""
    toml = dump(recipe(data={"folder": "pictures", "resolution": 32}))

    assert again(publish, toml, tmp_path).data.folder == str(tmp_path)


def test_a_release_of_a_local_hub_is_made_again_on_one(
    publish: Publish, as_alice: LocalHub, monkeypatch: pytest.MonkeyPatch
):
    """Its base is there and nowhere else."""
    publish("v1.0.0", dump(recipe()))
    release = locate(REPO)
    monkeypatch.setattr(hub, "is_local", lambda: False)

    with pytest.raises(RecipeError, match="made on a local Hub") as caught:
        recipe_of(release)
    assert "--hub local" in str(caught.value)


@pytest.mark.parametrize(
    ("then", "now", "verdict", "holds"),
    [
        ({}, {}, "equal", True),
        ({}, {"value": 0.24}, "within its interval", True),
        ({}, {"value": 0.26}, "OUTSIDE its interval", False),
        ({}, {"value": 0.14}, "OUTSIDE its interval", False),
        ({}, {"value": None}, "OUTSIDE its interval", False),
        ({"value": None}, {"value": None}, "equal", True),
        ({}, {"n": 32}, "NOT measured", False),
        ({}, {"metric": "kid[other]"}, "NOT measured", False),
        ({"interval": None}, {"value": 0.21}, "untested", True),
        ({"interval": None, "difference_error": 0.01}, {"value": 0.21}, "within its interval", True),
        ({"interval": None, "difference_error": 0.01}, {"value": 0.23}, "OUTSIDE its interval", False),
    ],
)
def test_a_score_is_held_against_its_interval(
    lock: Lock, then: dict[str, Any], now: dict[str, Any], verdict: str, holds: bool
):
    """Where it has none, against two standard errors of its difference to the base; what is no number is outside."""
    released = but(lock, scores=[{**SCORE, **then}])
    found = held_against(released, but(lock, scores=[{**SCORE, **then, **now}], weights=NEW_WEIGHTS))

    assert not found.weights_are_equal
    assert [one.verdict for one in found.scores] == [verdict]
    assert (found.outside == ()) == holds


def test_what_is_another_now_is_named(lock: Lock):
    """Versions, the device, what it was made from; scores that are new beside the release's do not matter."""
    other = but(
        lock,
        training={"device": "GPU", "versions": {"hubkit-publisher": "0.2.0"}},
        data={**lock.data.model_dump(), "revision": "e" * 40},
        scores=[SCORE, {**SCORE, "metric": "fid"}],
    )
    found = held_against(lock, other)

    assert found.weights_are_equal
    assert len(found.scores) == 1
    assert ["dataset", "hubkit-publisher", "device"] == [one.what for one in found.otherwise]
