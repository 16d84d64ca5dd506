"""Milestones outlive the checkpoints they come from, and hold the weights alone."""

import shutil
from pathlib import Path

import pytest
import torch

from hubkit.training import Training
from hubkit.training.checkpoint import Checkpoint, save_checkpoint
from hubkit.training.milestones import keep_milestones, kept_steps, milestone


def training(**said: int) -> Training:
    """Ten steps."""
    return Training.model_validate({"steps": 10, "batch_size": 1, "learning_rate": 1e-4, **said})


def train(folder: Path, settings: Training) -> None:
    """Save a checkpoint after each step, as the loop does."""
    for step in range(1, settings.steps + 1):
        tensors = {name: {"unet.a": torch.full((2,), float(step))} for name in ("weights", "ema", "exp_avg")}
        save_checkpoint(folder / "checkpoints", Checkpoint(step, tensors, {"scaler": None}), keep=2)
        if settings.milestone_every:
            keep_milestones(folder, settings)


def test_every_so_many_steps_and_the_last(tmp_path: Path) -> None:
    """With the weights of their own step, and nothing of the optimizer's."""
    settings = training(milestone_every=4)
    train(tmp_path, settings)
    shutil.rmtree(tmp_path / "checkpoints")

    assert kept_steps(tmp_path, settings) == [4, 8, 10]
    kept = [milestone(tmp_path, step) for step in (4, 8, 10)]
    assert [one.step for one in kept] == [4, 8, 10]
    assert [one.tensors["ema"]["unet.a"].tolist() for one in kept] == [[4.0] * 2, [8.0] * 2, [10.0] * 2]
    assert set(kept[0].tensors) == {"weights", "ema"}


def test_none_unless_asked_for(tmp_path: Path) -> None:
    """They cost disk."""
    train(tmp_path, training())

    assert not (tmp_path / "milestones").exists()


def test_the_last_is_found_when_it_is_asked_for_later(tmp_path: Path) -> None:
    """The checkpoint of the last step is still there when a finished run gets a dial."""
    train(tmp_path, training())

    assert kept_steps(tmp_path, training(milestone_every=4)) == [10]


@pytest.mark.parametrize("name", ["weights.safetensors", "manifest.json", "state.json"])
def test_a_damaged_one_is_none(tmp_path: Path, name: str) -> None:
    """It is passed over; nobody publishes what nobody trained."""
    settings = training(milestone_every=5)
    train(tmp_path, settings)
    shutil.rmtree(tmp_path / "checkpoints")
    (tmp_path / "milestones" / "step-00000005" / name).unlink()

    assert kept_steps(tmp_path, settings) == [10]
