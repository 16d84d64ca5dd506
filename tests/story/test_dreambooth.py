"""DreamBooth as a person runs it: the shipped recipes in small, and a training that is killed wherever it may be."""

import io
import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import CommitOperationAdd, HfApi
from PIL import Image
from safetensors.torch import load_file

from hubkit.localhub import LocalHub

from .conftest import ROOT
from .test_resume import TRAIN, wait_for

MINI = ROOT / "hubkit" / "miniature" / "weights"
QUICKSTART = ROOT / "recipes" / "quickstart-dreambooth.toml"
SMALL = (
    "training.steps=2", "training.checkpoint_every=1", "method.class_images=4", "method.class_sampling.steps=1",
    "method.class_sampling.batch_size=2", "data.resolution=64", "data.variants=1", "samples.steps=1",
    "samples.holdout=4",
)  # fmt: skip
NO_ALEXNET = ("metrics.div.extractor=openai/clip-vit-large-patch14", "metrics.dino.gate=none")
"""The weights of LPIPS come from the net, and two steps meet no gate."""
KILLED = (
    "training.steps=5", "training.checkpoint_every=2", "training.batch_size=2", "training.micro_batch=1",
    "method.class_images=12", "method.caption_images=4", "method.class_sampling.steps=4",
    "method.class_sampling.batch_size=2", "method.text_encoder_last_step=3", "training.min_snr_gamma=5.0",
    "data.variants=1",
)  # fmt: skip
SCORED = ("samples.steps=1", "samples.holdout=4", "metrics.clip-i.gate=none", "metrics.pres.gate=none", "study.seeds=1")


def photo(number: int) -> bytes:
    """A JPEG of noise."""
    noise = np.random.default_rng(number).integers(0, 255, (80, 100, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def stand_ins(server: LocalHub, tmp_path_factory, add_safety_checker) -> HfApi:
    """Small things under the ids of the recipes; the dog's repo holds bare pictures, as the real one."""
    api = HfApi(endpoint=server.url, token=server.admin_token)
    classic = tmp_path_factory.mktemp("classic") / "sd"
    shutil.copytree(MINI / "mini-sd", classic)
    add_safety_checker(classic, objects=False)
    sd, clip = (
        {file.relative_to(place).as_posix(): file for file in place.rglob("*") if file.is_file()}
        for place in (classic, MINI / "mini-clip")
    )
    card = b"---\nlicense: creativeml-openrail-m\n---\n# a stand-in\n"
    dogs = {f"alvan-nee-{number}.jpeg": photo(number) for number in range(5)}
    for repo, kind, files in (
        ("stable-diffusion-v1-5/stable-diffusion-v1-5", "model", {**sd, "README.md": card}),
        ("facebook/dino-vits16", "model", clip),
        ("openai/clip-vit-large-patch14", "model", clip),
        ("diffusers/dog-example", "dataset", dogs),
    ):
        api.create_repo(repo, repo_type=kind, exist_ok=True)
        operations = [CommitOperationAdd(name, content) for name, content in files.items()]
        api.create_commit(repo, operations, commit_message="stand-in", repo_type=kind)
    return api


def test_the_avatar_recipe_takes_a_folder_and_publishes_what_loads_anywhere(environment, stand_ins, tmp_path):
    """Bare pictures of a person's own, on two devices, as its author had; the text encoder learns too, and keeps the
    keys that every version reads.
    """
    mine = tmp_path / "mine"
    mine.mkdir()
    for number in range(3):
        (mine / f"{number}.jpg").write_bytes(photo(number))
    (mine / "Thumbs.db").write_bytes(b"\x00")
    overrides = (
        *SMALL,
        *NO_ALEXNET,
        "study.seeds=1",
        "training.batch_size=2",
        "training.micro_batch=1",
        "training.learning_rate=1e-3",
    )
    done = subprocess.run(
        [
            sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", "-m", "hubkit",
            "train", "recipes/avatar.toml", "--push", "--hub", "local", "--data", str(mine), "--runs", str(tmp_path),
            *(part for override in overrides for part in ("--set", override)),
        ],
        env=environment, cwd=ROOT, capture_output=True, text=True, check=False, timeout=500,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    for component, file in (("text_encoder", "model"), ("unet", "diffusion_pytorch_model")):
        before = load_file(MINI / "mini-sd" / component / f"{file}.safetensors")
        after = load_file(tmp_path / "sd-avatar" / "release" / component / f"{file}.safetensors")
        assert before.keys() == after.keys()
        assert any(not np.allclose(before[name].float(), after[name], atol=1e-5) for name in before)
    assert all(name.startswith("text_model.") for name in load_file(
        tmp_path / "sd-avatar" / "release" / "text_encoder" / "model.safetensors"
    ))  # fmt: skip
    info = stand_ins.model_info("local/sd-avatar")
    assert "avatarart style" in info.card_data.instance_prompt
    assert {"dino", "clip-i", "clip-t", "pres", "div", "leak", "sanity"} == {
        one.metric_type for one in info.card_data.eval_results
    }
    card = (tmp_path / "sd-avatar" / "release" / "README.md").read_text()
    assert "a photo of person" in card
    assert 1 == done.stderr.count("the token 'avatarart style' is 10 pieces")
    assert "is 10 pieces: a" in card
    assert "Thumbs.db" not in card


def test_the_dog_recipe_runs_as_it_stands(hubkit, stand_ins, tmp_path):
    """Five bare pictures of a dataset repo, no captions, a frozen text encoder."""
    done = hubkit(
        "train", "recipes/dog.toml", "--hub", "local", "--runs", tmp_path,
        overrides=(*SMALL, *NO_ALEXNET, "training.precision=bf16"),
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert "5 rows to train on, 0 held out" in done.stderr
    assert "leak[dino-vits16] class" in done.stdout


def test_a_recipe_without_pictures_says_so(hubkit, tmp_path):
    """In one line, before anything is asked of a Hub."""
    refused = hubkit("train", "recipes/avatar.toml", "--runs", tmp_path)

    assert refused.returncode == 2
    assert 1 == len(refused.stderr.strip().splitlines())
    assert "--data DIR" in refused.stderr


def start(folder: Path, environment: dict[str, str]) -> subprocess.Popen[str]:
    """Begin or continue a training."""
    return subprocess.Popen(
        [sys.executable, "-c", TRAIN, str(QUICKSTART), str(folder), *KILLED],
        env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def wait_for_class_images(home: Path, count: int, process: subprocess.Popen[str]) -> int:
    """Until so many are drawn; how many there are then."""
    for _ in range(6000):
        if (there := len(list(home.rglob("class-images/*/*/*.png")))) >= count:
            return there
        assert process.poll() is None, process.stderr and process.stderr.read()
        time.sleep(0.01)
    pytest.fail("no class image was drawn")


def test_killed_while_drawing_and_while_training_it_ends_with_the_same_weights(hubkit, environment, home, tmp_path):
    """kill -9 with some class images drawn, and again after a checkpoint: bit for bit the weights of a run nobody
    disturbed, which scored itself too.
    """
    whole = hubkit("train", QUICKSTART, "--runs", tmp_path / "whole", overrides=(*KILLED, *SCORED))
    assert whole.returncode == 0, whole.stderr
    drawn = {file: file.read_bytes() for file in home.rglob("class-images/*/*/*.png")}  # other recipes' too
    for file in drawn:
        file.unlink()

    folder = tmp_path / "killed"
    process = start(folder, environment)
    there = wait_for_class_images(home, 3, process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert there < 16
    process = start(folder, environment)
    wait_for(folder, "step-00000002", process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    process = start(folder, environment)
    _, words = process.communicate(timeout=300)

    assert process.returncode == 0, words
    assert "going on after step" in words
    again = {file: file.read_bytes() for file in home.rglob("class-images/*/*/*.png")}
    assert len(again) == 16
    assert again == {file: drawn[file] for file in again}
    weights = [
        json.loads((run / "model.json").read_text())["weights"] for run in (tmp_path / "whole" / "mini-avatar", folder)
    ]
    assert weights[0] == weights[1]
