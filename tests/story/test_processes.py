"""Two processes under a launcher train what one trains."""

import json
import subprocess
import sys

import pytest

from .conftest import QUICKSTART, ROOT, SHORT

OVERRIDES = (*SHORT, "training.steps=4", "training.micro_batch=2")


def test_two_processes_see_what_one_sees(hubkit, environment, tmp_path):
    """The same slots, noise and timesteps, so the same losses; the scores are drawn by the first alone."""
    one = hubkit("train", QUICKSTART, "--runs", tmp_path / "one", overrides=OVERRIDES)
    sets = [part for override in OVERRIDES for part in ("--set", override)]
    two = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", "-m", "hubkit",
         "train", str(QUICKSTART), "--runs", str(tmp_path / "two"), *sets],
        env=environment, cwd=ROOT, capture_output=True, text=True, check=False, timeout=500,
    )  # fmt: skip

    assert one.returncode == 0, one.stderr
    assert two.returncode == 0, two.stderr
    assert two.stdout.count("kid[mini-clip]") == 1
    assert json.loads((tmp_path / "two" / "mini-ninja" / "model.json").read_text())["processes"] == 2
    assert losses(tmp_path / "two") == pytest.approx(losses(tmp_path / "one"), rel=1e-5)


def losses(runs) -> list[float]:
    """Of every step."""
    lines = (runs / "mini-ninja" / "train.jsonl").read_text().splitlines()
    return [json.loads(line)["loss"] for line in lines]
