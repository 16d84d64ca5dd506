"""The whole way, short: recipe, training, scores, card, one commit, and a plain program that loads the result."""

import json
import math
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import HfApi
from PIL import Image

from ..browser import browser
from .conftest import QUICKSTART, SHORT

LOAD = """
from diffusers import StableDiffusionPipeline
pipe = StableDiffusionPipeline.from_pretrained("local/story", revision="{revision}")
image = pipe("a woman with red hair", num_inference_steps=2, height=64, width=64).images[0]
print(image.size, pipe.scheduler.config.prediction_type, pipe.unet.dtype, pipe.text_encoder.dtype)
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run folders of this story."""
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def story(hubkit, runs):
    """The command, for the first time."""
    return hubkit("train", QUICKSTART, "--push", "--runs", runs, overrides=(*SHORT, 'name="story"'))


@pytest.fixture(scope="module")
def commit(story, runs) -> str:
    """The commit the story ended with."""
    assert story.returncode == 0, story.stderr
    return json.loads((runs / "story" / "publication.json").read_text())["commit"]


def test_it_ends_with_the_scores_the_address_and_how_to_load_it(story, server, commit):
    """On stdout, for a person and for a script."""
    assert story.returncode == 0, story.stderr
    assert "kid[mini-clip]" in story.stdout
    assert "| finetuned" in story.stdout
    assert f"{server.url}/local/story" in story.stdout
    assert commit in story.stdout
    assert "from_pretrained" in story.stdout


def test_a_plain_program_loads_it(environment, server, commit):
    """With diffusers alone; it predicts what its base predicted, and has one floating type."""
    loaded = subprocess.run(
        [sys.executable, "-c", LOAD.format(revision=commit)],
        env=environment | {"HF_ENDPOINT": server.url}, capture_output=True, text=True, check=False, timeout=200,
    )  # fmt: skip

    assert loaded.stdout.strip() == "(64, 64) v_prediction torch.float32 torch.float32", loaded.stderr


def test_the_repo_holds_the_release_and_nothing_else(server, commit, runs):
    """No checkpoint, no log, no pickle."""
    release = runs / "story" / "release"
    files = {str(path.relative_to(release)) for path in release.rglob("*") if path.is_file()}
    listed = set(HfApi(endpoint=server.url).list_repo_files("local/story", revision=commit)) - {".gitattributes"}

    assert listed == files
    assert {"README.md", "model_index.json", "recipe.toml", "hubkit.lock.json"} <= listed
    assert {Path(name).suffix for name in listed} <= {
        ".md",
        ".json",
        ".toml",
        ".safetensors",
        ".txt",
        ".png",
        ".webp",
        ".parquet",
    }


def test_the_pinned_recipe_holds_commits(runs, story):
    """What is published says exactly what it was made from."""
    pinned = (runs / "story" / "recipe.toml").read_text()

    assert pinned.count("revision = ") == 8  # base, dataset, five of six metrics, the prompt study


def test_the_card_is_understood_by_the_hub(server, commit):
    """Licence, base, dataset and results, as the Hub parses them."""
    card = HfApi(endpoint=server.url).model_info("local/story", revision=commit).card_data

    assert card.license == "apache-2.0"
    assert card.base_model == "hubkit/mini-sd"
    assert card.base_model_relation == "finetune"
    assert card.datasets == ["hubkit/mini-ninja-captions"]
    assert card.pipeline_tag == "text-to-image"
    assert card.library_name == "diffusers"
    types = {result.metric_type for result in card.eval_results}
    assert types == {"kid", "clip-score", "memorisation", "diversity", "sanity"}  # eight pictures make no FID


def test_the_nearest_training_pictures_are_kept(runs, story):
    """Eight pairs for each set of prompts: a drawn picture that is there, and a row that was trained on."""
    images = json.loads((runs / "story" / "images.json").read_text())
    scores = json.loads((runs / "story" / "scores.json").read_text())["scores"]
    score, of_training = (one for one in scores if one["kind"] == "memorisation")
    pairs = score["nearest"] + of_training["nearest"]

    assert (score["panel"], of_training["panel"]) == ("holdout", "training")
    assert len(pairs) == 16
    assert all((runs / "story" / pair["file"]).is_file() and pair["row"] in images["train"] for pair in pairs)
    assert all(
        one["nearest"] == sorted(one["nearest"], key=lambda pair: pair["distance"]) for one in (score, of_training)
    )
    assert len({pair["threshold"] for pair in pairs}) == 1
    assert score["reference"] == of_training["reference"]
    assert score["settings"]["training_pictures_searched"] == len(images["train"])
    assert score["settings"]["mirrors_searched"] == "no"
    assert 1 <= score["settings"]["held_out_pictures_measured_by"] <= len(images["holdout"])
    assert score["reference"]["split_hash"]


def test_the_nearest_pairs_stay_at_home(runs, story):
    """The training's pictures are somebody's: the sheets lie in the run folder, not in the release."""
    for panel in ("holdout", "training"):
        with Image.open(runs / "story" / f"nearest-{panel}.webp") as sheet:
            assert sheet.height > 8 * sheet.width / 3
    assert not list((runs / "story" / "release").rglob("nearest-*"))


@pytest.mark.parametrize("width", [390, 1280])
def test_its_page_reads_well(server, commit, tmp_path, width):
    """In a real browser, on a phone and on a desk: card, gallery and scores are there, and nothing sticks out."""
    if not shutil.which("chromium"):
        pytest.skip("chromium is not installed")
    with browser(tmp_path / "browser") as page:
        page.read(f"{server.url}/local/story", width=width)
        page.photograph(tmp_path / "page.png", width=width)
        wide, unseen = page.too_wide(), page.ask("[...document.images].filter(one => !one.naturalWidth).length")
        pictures = page.ask("document.querySelectorAll('.gallery img').length")
        scores = page.ask("document.querySelector('#results').innerText")

    assert (wide, unseen) == ([], 0)
    assert pictures >= 2
    assert all(name in scores for name in ("kid", "clip-score"))
    with Image.open(tmp_path / "page.png") as photograph:
        assert width == photograph.width


def test_its_numbers_can_be_computed_again_by_anybody(hubkit, server, commit, tmp_path):
    """From the repo alone: nothing is drawn, no weight is downloaded."""
    place = {"HF_HOME": str(tmp_path / "home")}
    again = hubkit("score", "--from", f"local/story@{commit}", "--hub", server.url, **place)

    assert again.returncode == 0, again.stderr
    come_out, rest = [], []
    for line in again.stdout.splitlines():
        (come_out if "come out again" in line else rest).append(line.split("[")[0])
    names = {one.split(" ")[0] for one in come_out}
    assert {"kid", "clip-score", "diversity", "memorisation", "sanity"} <= names
    assert rest == ["fd"], "eight pictures make none"
    assert not [path for path in (tmp_path / "home").rglob("*.safetensors") if path.name != "features.safetensors"]


def test_a_number_that_does_not_come_out_again_is_told(hubkit, runs, commit, tmp_path):
    """Exit 10, with both."""
    shutil.copytree(runs / "story" / "release" / "scores", tmp_path / "scores")
    shutil.copyfile(runs / "story" / "release" / "recipe.toml", tmp_path / "recipe.toml")
    file = tmp_path / "scores" / "scores.json"
    scores = json.loads(file.read_text())
    scores["scores"][0]["value"] *= 0.99
    file.write_text(json.dumps(scores))
    again = hubkit("score", "--from", tmp_path)
    (tmp_path / "scores" / "pictures.parquet").write_bytes(b"")
    damaged = hubkit("score", "--from", tmp_path)

    assert (again.returncode, damaged.returncode) == (10, 10)
    assert "kid[mini-clip]: value = " in again.stderr
    assert "pictures.parquet is not what the scores were computed from" in damaged.stderr


def test_again_changes_nothing(hubkit, runs, server, commit):
    """No stage is done twice and no commit is made."""
    api = HfApi(endpoint=server.url)
    before = [one.commit_id for one in api.list_repo_commits("local/story")]
    again = hubkit("train", QUICKSTART, "--push", "--runs", runs, overrides=(*SHORT, 'name="story"'))

    assert again.returncode == 0, again.stderr
    assert "nothing changed" in again.stdout
    assert [one.commit_id for one in api.list_repo_commits("local/story")] == before


def test_a_change_of_the_training_is_refused_for_a_started_run(hubkit, runs, commit):
    """The keys are named; nothing is lost."""
    before = (runs / "story" / "model.json").read_bytes()
    changed = hubkit(
        "train", QUICKSTART, "--runs", runs,
        overrides=(*SHORT, 'name="story"', "training.learning_rate=1e-3"),
    )  # fmt: skip

    assert changed.returncode == 2
    assert "training.learning_rate" in changed.stderr
    assert (runs / "story" / "model.json").read_bytes() == before


def test_a_gate_that_is_not_met_publishes_nothing(hubkit, tmp_path, server):
    """Exit 7, with the number; also where that is not a number. One that nothing could meet is refused at once."""

    def push(*overrides: str) -> subprocess.CompletedProcess[str]:
        return hubkit("train", QUICKSTART, "--push", "--runs", tmp_path, overrides=(*SHORT, 'name="gated"', *overrides))

    refused = push("metrics.kid.gate.at_most=-100.0")
    hopeless = push("data.holdout=1", 'name="hopeless"', "metrics.kid.gate.at_most=100.0")
    scores = tmp_path / "gated" / "scores.json"
    told = json.loads(scores.read_text())
    (kid,) = (one for one in told["scores"] if one["kind"] == "kid")
    kid |= {"value": math.nan, "gate": "at most 100", "gate_met": None}
    scores.unlink()  # it is one file with the release's, by a link
    scores.write_text(json.dumps(told))
    unknown = hubkit("publish", tmp_path / "gated")

    assert refused.returncode == 7, refused.stderr
    assert "kid[mini-clip] =" in refused.stderr
    assert hopeless.returncode == 2, hopeless.stderr
    assert "metrics.kid.gate takes 2 pictures, and there will be 1" in hopeless.stderr
    assert not (tmp_path / "hopeless" / "model.json").exists()
    assert unknown.returncode == 7, unknown.stderr
    assert "kid[mini-clip] = nan" in unknown.stderr
    for name in ("gated", "hopeless"):
        assert not HfApi(endpoint=server.url).repo_exists(f"local/{name}")
