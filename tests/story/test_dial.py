"""The style dial: candidates drawn and measured beside one another, and the one that is taken is what is published."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from huggingface_hub import hf_hub_download
from safetensors.torch import load_file

from hubkit.localhub import LocalHub
from hubkit.prompts import Subject

from .conftest import QUICKSTART, SHORT, Hubkit

UNET = "unet/diffusion_pytorch_model.safetensors"
DIAL = (
    "training.milestone_every=4", "dial.positions=[0.5, 1.0, 2.0]", 'dial.pick="best:kid"', "dial.prompts=8",
)  # fmt: skip


@pytest.fixture(scope="module")
def run(hubkit: Hubkit, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run with a dial."""
    runs = tmp_path_factory.mktemp("runs")
    done = hubkit("train", QUICKSTART, "--runs", runs, "--push", "--repo", "{user}/dialled", overrides=(*SHORT, *DIAL))
    assert done.returncode == 0, done.stderr
    assert "is taken" in done.stderr
    return runs / "mini-ninja"


def test_candidates_beside_one_another(run: Path) -> None:
    """The base, the milestone on the way, and the positions of the last step; one is picked, and it is the best."""
    dial = json.loads((run / "scores.json").read_text())["dial"]

    assert [one["name"] for one in dial["candidates"]] == [
        "base",
        "step 4",
        "step 6, dial 0.5",
        "step 6",
        "step 6, dial 2",
    ]
    pickable = dial["candidates"][1:]
    (taken,) = (one for one in pickable if one["picked"])
    assert taken["values"]["kid"] == min(one["values"]["kid"] for one in pickable)
    assert dial["candidates"][3]["errors"]["kid"] in (0, None), "it is what the others are held against"
    assert any(one["front"] for one in dial["candidates"])


def test_its_rows_serve_nothing_else(run: Path) -> None:
    """The scores' captions and real pictures are others than those of the choice."""
    found = json.loads((run / "scores.json").read_text())
    held_out = len(json.loads((run / "images.json").read_text())["holdout"])
    kid = next(one for one in found["scores"] if one["kind"] == "kid")

    assert kid["reference"]["rows"] == held_out - 16
    assert found["dial"]["first_seed"] != kid["settings"]["first_seed"]


def test_a_prompt_study_of_the_run_leaves_the_dials_rows_alone(run: Path) -> None:
    """As the run's own study does."""
    asked = Subject.of_run(run)

    assert len(asked.images.holdout) == len(json.loads((run / "images.json").read_text())["holdout"]) - 16


def test_what_is_taken_is_what_is_published(run: Path, server: LocalHub, tmp_path: Path) -> None:
    """Every weight lies where the dial stands, between the base's, the average and the raw, by the files alone."""
    at = {"endpoint": server.url, "token": server.token, "cache_dir": tmp_path}
    base, published = (load_file(hf_hub_download(repo, UNET, **at)) for repo in ("hubkit/mini-sd", "local/dialled"))
    (taken,) = (one for one in json.loads((run / "dial.json").read_text())["candidates"] if one["picked"])
    kept = run / "milestones" / f"step-{taken['step']:08d}"
    raw, average = (load_file(kept / f"{name}.safetensors") for name in ("weights", "ema"))
    share = taken["position"]

    assert published.keys() == base.keys()
    for name, tensor in published.items():
        one, other = average[f"unet.{name}"], raw[f"unet.{name}"]
        there = torch.lerp(base[name], one, share) if share <= 1 else torch.lerp(one, other, share - 1)
        assert torch.allclose(tensor, there, atol=1e-6), name
    assert share != 1.0, "the run takes a mixture, or this shows little"


def test_every_candidate_can_be_computed_again(run: Path, hubkit: Hubkit, tmp_path: Path) -> None:
    """From the release alone; a number that was changed is told, with its candidate."""
    shutil.copytree(run / "release" / "scores", tmp_path / "scores")
    shutil.copyfile(run / "release" / "recipe.toml", tmp_path / "recipe.toml")
    again = hubkit("score", "--from", tmp_path)
    file = tmp_path / "scores" / "scores.json"
    scores = json.loads(file.read_text())
    scores["dial"]["candidates"][2]["values"]["kid"] += 0.001
    file.write_text(json.dumps(scores))
    changed = hubkit("score", "--from", tmp_path)

    assert again.returncode == 0, again.stderr
    assert again.stdout.count("style dial, ") == 5
    assert changed.returncode == 10
    assert "style dial, step 6, dial 0.5: kid.0 = " in changed.stderr


def test_a_finished_run_is_published_with_what_was_taken(run: Path, hubkit: Hubkit) -> None:
    """Read back from its folder, it is the same release."""
    again = hubkit("publish", run)

    assert again.returncode == 0, again.stderr
    assert "nothing changed" in again.stdout
