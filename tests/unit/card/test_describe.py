"""The release of a run: its files, its card, its pictures; the same again from the same run."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from hubkit import hub
from hubkit.card import draft, made
from hubkit.errors import BaseModelError, IntegrityError, RecipeError
from hubkit.publishing import Release, inspect
from hubkit.recipe import Recipe
from hubkit.values import sha256_of


def recipe_with(recipe: Recipe, **model: Any) -> Recipe:
    """The recipe with other keys in its `[model]`."""
    return recipe.model_copy(update={"model": recipe.model.model_copy(update=model)})


def front(card: str) -> dict[str, Any]:
    """The metadata of a card."""
    values: dict[str, Any] = yaml.safe_load(card.split("---\n")[1])
    return values


def test_the_release_holds_the_model_its_card_and_nothing_else(described: Release, tiny_model: Path):
    """Every file of the model, the card with its pictures, the recipe and the lock; and it may be published."""
    of_the_model = {path.relative_to(tiny_model).as_posix() for path in tiny_model.rglob("*") if path.is_file()}
    ours = {
        "README.md",
        "recipe.toml",
        "hubkit.lock.json",
        "images/before-after.webp",
        "images/first.webp",
        "images/usage.png",
        "images/scores.png",
    }
    ours |= {"images/sample-0.png", "images/sample-1.png"}
    assert set(described.manifest) == of_the_model | ours
    inspect(described)


def test_describing_again_gives_the_same_bytes(run: Any):
    """No time and no chance is in a release: made anew, it is the same."""
    first = run.describe()
    (run.folder / "release.json").unlink()
    second = run.describe()

    assert first.manifest == second.manifest


def test_a_release_that_is_whole_is_not_made_again(run: Any):
    """Nothing is drawn a second time; but a file that was changed is made anew."""
    first = run.describe()
    before = (run.folder / "release" / "images" / "usage.png").stat().st_mtime_ns
    assert made(run.folder) == first
    run.describe()
    assert (run.folder / "release" / "images" / "usage.png").stat().st_mtime_ns == before

    (run.folder / "release" / "README.md").write_text("scribbled")
    assert made(run.folder) is None
    assert run.describe().manifest == first.manifest


def test_the_metadata_say_what_the_hub_files_it_under(described: Release):
    """Licence from the base, the base and its relation, the dataset, the task, and the scores with their settings."""
    said = front((described.folder / "README.md").read_text())

    assert said["license"] == "creativeml-openrail-m"
    assert said["base_model"] == "alice/base"
    assert said["base_model_relation"] == "finetune"
    assert said["datasets"] == ["alice/ninjas"]
    assert (said["library_name"], said["pipeline_tag"]) == ("diffusers", "text-to-image")
    result = said["model-index"][0]["results"][0]
    assert result["dataset"]["revision"] == "d" * 40
    assert result["metrics"][0]["value"] == 0.01
    assert result["metrics"][0]["args"]["base_model_value"] == 0.2
    assert said["widget"][0] == {"text": "Yoda ninja portrait", "output": {"url": "images/sample-0.png"}}


@pytest.mark.usefixtures("as_alice")
def test_the_hub_accepts_the_card(described: Release, run: Any):
    """As it is, and where the base's licence is of its own kind: its name and its text are the base's."""
    hub.validate_card((described.folder / "README.md").read_text())
    own = {"base_license": "other", "base_license_name": "bespoke", "base_license_link": "LICENSE.md"}
    card = (run.but(model=run.model.model_copy(update=own)).describe().folder / "README.md").read_text()

    hub.validate_card(card)
    assert front(card)["license_name"] == "bespoke"
    assert front(card)["license_link"] == f"/alice/base/resolve/{'b' * 40}/LICENSE.md"
    assert "`bespoke`" in card


def test_a_folder_of_ones_own_keeps_its_path_to_itself(run_of: Callable[..., Any]):
    """Neither the card nor the recipe nor the lock names a path of this machine; and no dataset id is made up."""
    weights = {"kind": "fid", "weights": "/home/someone/secret-project/inception.pth"}
    run = run_of(data={"folder": "/home/someone/secret-project/ninjas", "resolution": 32}, metrics=[weights])
    release = run.describe()
    recipe = tomllib.loads((release.folder / "recipe.toml").read_text())

    for name in ("README.md", "recipe.toml", "hubkit.lock.json"):
        assert "someone" not in (release.folder / name).read_text()
    assert recipe["data"]["folder"] == "ninjas"
    assert recipe["metrics"][0]["weights"] == "inception.pth"
    card = (release.folder / "README.md").read_text()
    assert "datasets" not in front(card)
    assert "--data DIR" in card


def test_half_precision_copies_stand_beside_the_weights(run_of: Callable[..., Any]):
    """When asked for: diffusers loads them by their variant, rounded from the same weights; the card says so."""
    import torch
    from diffusers import StableDiffusionPipeline

    release = run_of(fp16=True).describe()
    inspect(release)
    half, whole = (
        StableDiffusionPipeline.from_pretrained(release.folder, dtype=dtype, **variant)
        for dtype, variant in ((torch.float16, {"variant": "fp16"}), (torch.float32, {}))
    )

    assert sum(path.endswith(".fp16.safetensors") for path in release.manifest) == 3
    for component in ("unet", "vae", "text_encoder"):
        ours, full = (getattr(pipe, component).state_dict() for pipe in (half, whole))
        assert all(torch.equal(ours[name], full[name].to(ours[name].dtype)) for name in full)
    assert 'variant="fp16"' in (release.folder / "README.md").read_text()


def test_a_number_that_is_none_is_said_so(run: Any):
    """nan stands in the table as what it is, and not in the metadata."""
    score = run.scores.scores[0].model_copy(update={"value": float("nan"), "gate_met": False})
    card = (
        run.but(scores=run.scores.model_copy(update={"scores": (score,)})).describe().folder / "README.md"
    ).read_text()

    assert "| not a number |" in card
    assert "model-index" not in front(card)


@pytest.mark.usefixtures("as_alice")
def test_what_is_missing_is_said_plainly(run: Any):
    """No licence of the base, none of the data, no scores; and the Hub accepts it so."""
    bare = run.but(
        model=run.model.model_copy(update={"base_license": None}),
        images=run.images.model_copy(update={"license": None}),
        scores=run.scores.model_copy(update={"scores": ()}),
    )
    card = (bare.describe().folder / "README.md").read_text()

    assert 2 == card.count("**states no licence**")
    assert "Nothing was measured" in card
    hub.validate_card(card)
    assert "## Scores" not in card


def test_the_card_of_the_small_world_is_stamped(described: Release):
    """Nobody takes a rehearsal for the real thing."""
    card = (described.folder / "README.md").read_text()

    assert "Rehearsal at 32 pixels" in card
    assert "rehearsal" in front(card)["tags"]


def test_the_lock_names_every_other_file(described: Release):
    """The sha256 of each, the pinned revisions, the scores in full."""
    lock = json.loads((described.folder / "hubkit.lock.json").read_text())

    assert lock["files"] == {path: sha for path, sha in described.manifest.items() if path != "hubkit.lock.json"}
    assert all(sha256_of(described.folder / path) == sha for path, sha in lock["files"].items())
    assert lock["base"]["revision"] == "b" * 40
    assert lock["scores"][0]["value"] == 0.01


def test_the_recipe_in_the_release_is_pinned(described: Release):
    """Base and data at their commits."""
    recipe = tomllib.loads((described.folder / "recipe.toml").read_text())

    assert (recipe["model"]["revision"], recipe["data"]["revision"]) == ("b" * 40, "d" * 40)


def test_the_grid_shows_base_and_finetuned_side_by_side(described: Release):
    """The base left, the finetuned right; and the writing leaves the pictures free."""
    with Image.open(described.folder / "images" / "before-after.webp") as grid:
        greens = [grid.getpixel((6 + 80 + offset, 22 + 16 + 80)) for offset in (0, 166)]
    assert [green[1] for green in greens] == pytest.approx([80, 200], abs=3)


def test_a_model_that_does_not_draw_is_not_described(run: Any, tmp_path: Path):
    """The card's own code is executed: a model that does not load ends the run, with exit code 10."""
    broken = tmp_path / "broken"
    (broken / "unet").mkdir(parents=True)
    (broken / "model_index.json").write_text(json.dumps({"_class_name": "StableDiffusionPipeline"}))

    with pytest.raises(IntegrityError, match="does not draw"):
        run.but(model=run.model.model_copy(update={"folder": broken})).describe()
    assert made(run.folder) is None


@pytest.mark.usefixtures("as_alice")
def test_the_draft_is_what_the_hub_is_asked_about(run: Any):
    """Real names, the base's own licence, a made-up score for every metric."""
    with pytest.raises(BaseModelError):
        draft(run.recipe)
    hub.put_repo("alice/base", "model", {"README.md": b"---\nlicense: mit\n---\n"}, "seed")
    recipe = recipe_with(run.recipe, revision=None)
    card = draft(recipe)

    hub.validate_card(card)
    assert front(card)["license"] == "mit"
    with pytest.raises(RecipeError, match="'openrail' for alice/base, whose own card says 'mit'"):
        draft(recipe_with(recipe, license="openrail"))
    assert ["kid"] == [metric["type"] for metric in front(card)["model-index"][0]["results"][0]["metrics"]]


@pytest.mark.usefixtures("as_alice")
def test_a_base_without_a_licence_is_refused_before_the_training(run: Any):
    """Exit 4, unless the recipe states what the base's card leaves out."""
    hub.put_repo("alice/base", "model", {"README.md": b"---\ntags:\n- a-base\n---\n"}, "seed")
    recipe = recipe_with(run.recipe, revision=None)

    with pytest.raises(BaseModelError, match="states no licence") as caught:
        recipe.publish.check("tiny", lambda: draft(recipe))
    assert caught.value.exit_code == 4
    assert "model.license" in str(caught.value)
    assert front(draft(recipe_with(recipe, license="openrail")))["license"] == "openrail"
