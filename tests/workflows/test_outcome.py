"""How a training ended decides what goes on; whatever goes on from a checkpoint has it, or does not begin."""

import json
from pathlib import Path

import pytest
import torch

from hubkit.ci.machine import check_checkpoint, check_disk, check_gpu
from hubkit.ci.outcome import carry, conclude, note, unmet
from hubkit.ci.room import Room, weights
from hubkit.ci.rows import Row
from hubkit.errors import IntegrityError, MachineError
from hubkit.training.checkpoint import Checkpoint, save_checkpoint

from .conftest import HERE
from .test_summaries import scores

ROW = Row(recipe="recipes/a.toml", stem="a", name="a", repo="acme/a")
GOES_ON = Row(**ROW.values() | {"run": "70", "step": 4, "attempt": 2})


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run folder with two checkpoints, of steps 2 and 4, and what else lies in one."""
    folder = tmp_path / "runs" / "a"
    for step in (2, 4):
        save_checkpoint(folder / "checkpoints", Checkpoint(step, {"weights": {"w": torch.zeros(3)}}, {}), keep=2)
    (folder / "recipe.toml").write_text("name = 'a'")
    (folder / ".lock").write_text("1")
    return folder


def damage(folder: Path) -> None:
    """Change one byte of a checkpoint."""
    file = folder / "weights.safetensors"
    file.write_bytes(file.read_bytes()[:-1] + b"\1")


@pytest.mark.parametrize(
    ("code", "state"), [("75", "stopped"), ("7", "failed"), ("1", "failed"), ("", "failed"), ("0", "failed")]
)
def test_only_a_clean_stop_goes_on(run, code, state):
    """A training that was killed told no exit code; one that says 0 and made no release has made nothing."""
    assert state == conclude(ROW, run, code=code).state


def test_a_stop_before_the_first_checkpoint_is_a_failure(tmp_path):
    """There is nothing to go on with; it would begin anew for ever."""
    assert "failed" == conclude(ROW, tmp_path, code="75").state


def test_the_newest_whole_checkpoint_goes_on(run, tmp_path):
    """And what is small; neither hidden files nor older checkpoints."""
    carry(run, tmp_path / "carry")
    damage(run / "checkpoints" / "step-00000004")
    carry(run, tmp_path / "without")

    assert {"recipe.toml", "checkpoints"} == {path.name for path in (tmp_path / "carry").iterdir()}
    assert ["step-00000004"] == [path.name for path in (tmp_path / "carry" / "checkpoints").iterdir()]
    assert ["step-00000002"] == [path.name for path in (tmp_path / "without" / "checkpoints").iterdir()]


def test_the_next_run_is_told_where_to_go_on(run):
    """The run that has the checkpoint, its step, and how many runs it took."""
    told = json.loads(note(ROW, run, "stopped", "70"))

    assert {"state": "stopped", "row": GOES_ON.values()} == told


@pytest.mark.parametrize("gate_met", [True, False, None], ids=["met", "not met", "waits for the publishing"])
def test_the_reason_to_publish_all_the_same_is_handed_on(run, gate_met):
    """Whatever is known of the gates so far: one on the last release is judged by the job that publishes."""
    judged = scores(gate_met)
    judged.save(run / "scores.json", "a test")
    row = Row(**ROW.values() | {"accept": "the faces are better"})

    assert "the faces are better" == json.loads(note(row, run, "finished", "70"))["row"]["accept"]
    assert unmet(row, run) is None
    assert (gate_met is False) == (unmet(ROW, run) is not None)


def test_without_getting_ahead_it_is_not_started_again(run):
    """It was stopped at the step it began with."""
    assert "failed" == json.loads(note(GOES_ON, run, "stopped", "71"))["state"]


def test_a_training_goes_on_from_the_checkpoint_it_was_stopped_with(run):
    """That step, or a later one."""
    assert 4 == check_checkpoint(GOES_ON, run)
    assert 0 == check_checkpoint(ROW, run)


@pytest.mark.parametrize("state", ["damaged", "older", "none", "only the record of a model"])
def test_it_never_begins_again_without_a_word(run, tmp_path, state):
    """Damaged in the artifact, an older one, none at all, or the artifact of a run that was finished."""
    if state == "damaged":
        damage(run / "checkpoints" / "step-00000004")
    elif state == "older":
        run = tmp_path / "other"
        save_checkpoint(run / "checkpoints", Checkpoint(2, {"weights": {"w": torch.zeros(3)}}, {}), keep=2)
    else:
        run = tmp_path / "other"
        run.mkdir()
    if state.startswith("only"):
        (run / "model.json").write_text("{}")

    with pytest.raises(IntegrityError, match="was stopped after step 4, but the artifact of run 70 holds"):
        check_checkpoint(GOES_ON, run)


def test_a_busy_gpu_or_none_is_found_before_anything_is_downloaded(monkeypatch, tmp_path):
    """By nvidia-smi; who is there is told."""
    monkeypatch.setenv("PATH", str(HERE / "bin"), prepend=":")
    assert "Fake GPU, 24576 MiB" == check_gpu()
    monkeypatch.setenv("TEST_BUSY", "4711, python, 9000 MiB")
    with pytest.raises(MachineError, match="in use: 4711, python, 9000 MiB"):
        check_gpu()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MachineError, match="nvidia-smi does not answer"):
        check_gpu()


def test_a_full_disk_is_found_before_anything_is_downloaded(tmp_path):
    """With the bytes that are needed and those that are free."""
    assert check_disk(tmp_path, Room(training=1, publishing=1)) > 1
    with pytest.raises(MachineError, match=r"needs about 1000000\.0 GB of disk, this runner has"):
        check_disk(tmp_path, Room(training=10**15, publishing=1))


def test_a_pipelines_weights_count_once():
    """Whatever formats lie beside one another; what lies at the top, a single-file checkpoint say, is not fetched."""
    files = {
        "v1-4.ckpt": 4000, "unet/diffusion_pytorch_model.bin": 300, "unet/diffusion_pytorch_model.safetensors": 301,
        "unet/config.json": 1, "vae/diffusion_pytorch_model.fp16.safetensors": 10, "tokenizer/vocab.json": 2,
    }  # fmt: skip

    assert 301 + 10 + 2 == weights(files)
