"""A run that is killed goes on where its last checkpoint was, and ends with the same weights, bit for bit."""

import json
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from hubkit.values import sha256_of

from .conftest import QUICKSTART, ROOT

STEPS = (
    "training.steps=14", "training.checkpoint_every=3", "training.batch_size=4", "training.micro_batch=2",
    "data.variants=2", "data.horizontal_flip=true", "training.caption_dropout=0.3", "training.ema.decay=0.9",
    "training.warmup_steps=3",
    'training.schedule="cosine"', "samples.every=4", "samples.steps=1", "samples.holdout=8",
)  # fmt: skip
TRAIN = """
import sys
from pathlib import Path
from hubkit.recipe import load
from hubkit.endpoint import settle
recipe = load(Path(sys.argv[1]), sys.argv[3:])
settle(None, recipe.hub)
from hubkit.data import pull
from hubkit.pinning import pin
from hubkit.training.loop import train
folder = Path(sys.argv[2])
recipe = pin(recipe, folder)
images = pull(recipe.data, folder, captioned=recipe.method.reads_captions)
train(recipe.model, recipe.method, recipe.training, recipe.samples, images, folder)
"""
"""The stages up to the training, through the same doors as `hubkit.run`."""


def start(folder: Path, environment: dict[str, str], *overrides: str) -> subprocess.Popen[str]:
    """Begin or continue a training."""
    return subprocess.Popen(
        [sys.executable, "-c", TRAIN, str(QUICKSTART), str(folder), *STEPS, *overrides],
        env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def wait_for(folder: Path, name: str, process: subprocess.Popen[str]) -> None:
    """Until a checkpoint is there."""
    for _ in range(3000):
        if (folder / "checkpoints" / name).is_dir():
            return
        assert process.poll() is None, process.stderr and process.stderr.read()
        time.sleep(0.02)
    pytest.fail(f"{name} never came")


@pytest.fixture(scope="module")
def whole(server, environment, tmp_path_factory) -> Path:
    """The folder of a run nobody disturbed."""
    folder = tmp_path_factory.mktemp("whole")
    process = start(folder, environment)
    _, words = process.communicate(timeout=300)
    assert process.returncode == 0, words
    return folder


@pytest.fixture(scope="module")
def uninterrupted(whole) -> dict[str, str]:
    """The hashes of its weights."""
    return json.loads((whole / "model.json").read_text())["weights"]


def test_killed_again_and_again_it_ends_with_the_same_weights(uninterrupted, environment, tmp_path):
    """kill -9 after the first, the second and the third checkpoint."""
    for checkpoint in ("step-00000003", "step-00000006", "step-00000009"):
        process = start(tmp_path, environment)
        wait_for(tmp_path, checkpoint, process)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    process = start(tmp_path, environment)
    _, words = process.communicate(timeout=300)
    steps = [json.loads(line)["step"] for line in (tmp_path / "train.jsonl").read_text().splitlines()]

    assert process.returncode == 0, words
    assert "going on after step" in words
    assert json.loads((tmp_path / "model.json").read_text())["weights"] == uninterrupted
    assert steps == list(range(1, 15))


def test_asked_to_stop_it_stops_after_a_step_and_goes_on(uninterrupted, environment, tmp_path):
    """SIGTERM: exit by StoppedError, with a checkpoint of that very step."""
    process = start(tmp_path, environment)
    wait_for(tmp_path, "step-00000003", process)
    process.send_signal(signal.SIGTERM)
    _, words = process.communicate(timeout=100)

    assert "run the same command to continue" in words
    assert not (tmp_path / "model.json").exists()

    process = start(tmp_path, environment)
    _, words = process.communicate(timeout=300)

    assert process.returncode == 0, words
    assert json.loads((tmp_path / "model.json").read_text())["weights"] == uninterrupted


def test_pictures_that_are_encoded_in_the_loop_are_the_same_after_a_kill(environment, tmp_path):
    """Without cached variants every step cuts anew, also by bf16 and with gradient checkpointing."""
    overrides = (
        "data.variants=0", "training.steps=6", 'training.precision="bf16"', "training.gradient_checkpointing=true",
    )  # fmt: skip
    for folder in (tmp_path / "whole", tmp_path / "killed"):
        folder.mkdir()
    process = start(tmp_path / "killed", environment, *overrides)
    wait_for(tmp_path / "killed", "step-00000003", process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    weights = []
    for folder in (tmp_path / "whole", tmp_path / "killed"):
        process = start(folder, environment, *overrides)
        _, words = process.communicate(timeout=300)
        assert process.returncode == 0, words
        weights.append(json.loads((folder / "model.json").read_text())["weights"])

    assert weights[0] == weights[1]


def test_a_damaged_checkpoint_is_passed_over(uninterrupted, environment, tmp_path):
    """One flipped bit in the newest: the one before it is used, and said."""
    process = start(tmp_path, environment)
    wait_for(tmp_path, "step-00000006", process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    newest = max((tmp_path / "checkpoints").glob("step-*")) / "weights.safetensors"
    content = bytearray(newest.read_bytes())
    content[-1] ^= 1
    newest.write_bytes(content)
    process = start(tmp_path, environment)
    _, words = process.communicate(timeout=300)

    assert process.returncode == 0, words
    assert "is damaged" in words
    assert json.loads((tmp_path / "model.json").read_text())["weights"] == uninterrupted


def test_a_checkpoint_holds_exactly_the_files_of_its_manifest(uninterrupted, whole):
    """Each with the hash it was written with; the pictures of the training lie beside."""
    newest = max((whole / "checkpoints").glob("step-*"))
    manifest = json.loads((newest / "manifest.json").read_text())

    assert {name: sha256_of(newest / name) for name in manifest} == manifest
    assert {file.name for file in newest.iterdir()} == {*manifest, "manifest.json"}
    drawn = tomllib.loads((whole / "recipe.toml").read_text())["samples"]
    prompts = len(drawn["subjects"]) * len(drawn["templates"])
    assert len(list((whole / "samples").glob("*-step-00000004/*.png"))) == prompts
