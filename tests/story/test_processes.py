"""Two processes under a launcher train what one trains, and score as one does."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import QUICKSTART, ROOT, SHORT

OVERRIDES = (*SHORT, "training.steps=4", "training.micro_batch=2", "samples.batch_size=3")


@pytest.fixture(scope="module")
def one(hubkit, tmp_path_factory) -> Path:
    """The run folder of one process."""
    runs = tmp_path_factory.mktemp("one")
    trained = hubkit("train", QUICKSTART, "--runs", runs, overrides=OVERRIDES)

    assert trained.returncode == 0, trained.stderr
    return runs / "mini-ninja"


def launched(environment, *arguments: object) -> subprocess.CompletedProcess[str]:
    """The command in two processes."""
    return subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", "-m", "hubkit",
         *map(str, arguments)],
        env=environment, cwd=ROOT, capture_output=True, text=True, check=False, timeout=500,
    )  # fmt: skip


def test_two_processes_see_what_one_sees(one, environment, tmp_path):
    """The same slots, noise and timesteps, so the same losses; the first alone says the scores."""
    sets = [part for override in OVERRIDES for part in ("--set", override)]
    two = launched(environment, "train", QUICKSTART, "--runs", tmp_path, *sets)

    assert two.returncode == 0, two.stderr
    assert two.stdout.count("kid[mini-clip]") == 1
    assert json.loads((tmp_path / "mini-ninja" / "model.json").read_text())["processes"] == 2
    assert losses(tmp_path / "mini-ninja") == pytest.approx(losses(one), rel=1e-5)


def test_two_processes_score_as_one_does(one, environment, tmp_path):
    """The same weights: the same bytes, of scores, rows and features. Eight pictures are dealt out in threes."""
    run = tmp_path / "mini-ninja"
    shutil.copytree(one, run, ignore=shutil.ignore_patterns("samples", "features*", "scores.json", "*.parquet"))
    two = launched(environment, "score", run)

    assert two.returncode == 0, two.stderr
    assert two.stdout.count("kid[mini-clip]") == 1
    for name in ("scores.json", "pictures.parquet", "features.safetensors"):
        assert (run / name).read_bytes() == (one / name).read_bytes(), name


def losses(run) -> list[float]:
    """Of every step."""
    lines = (run / "train.jsonl").read_text().splitlines()
    return [json.loads(line)["loss"] for line in lines]
