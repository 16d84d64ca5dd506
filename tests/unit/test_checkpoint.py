"""A checkpoint is whole or not there, also when the disk is full."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from hubkit.training.checkpoint import Checkpoint, latest_checkpoint, save_checkpoint

FULL_DISK = """
import resource, signal, sys, torch
from pathlib import Path
from hubkit.errors import MachineError
from hubkit.training.checkpoint import Checkpoint, latest_checkpoint, save_checkpoint
folder = Path(sys.argv[1])
small = Checkpoint(1, {"weights": {"a": torch.ones(4)}}, {})
save_checkpoint(folder, small, keep=2)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    save_checkpoint(folder, Checkpoint(2, {"weights": {"a": torch.ones(100_000)}}, {}), keep=2)
except MachineError as error:
    print(error)
print(latest_checkpoint(folder).step, sorted(path.name for path in folder.iterdir()))
"""


def checkpoint(step: int) -> Checkpoint:
    """Told apart by its values."""
    return Checkpoint(step, {"weights": {"a": torch.full((3, 2), float(step))}}, {"scaler": None})


def test_what_is_saved_is_read(tmp_path):
    """Tensors, values and the step."""
    save_checkpoint(tmp_path, checkpoint(7), keep=2)
    read = latest_checkpoint(tmp_path)

    assert read is not None
    assert read.step == 7
    assert read.tensors["weights"]["a"].tolist() == [[7.0, 7.0]] * 3
    assert read.state == {"scaler": None}


def test_old_ones_go_once_the_new_one_is_there(tmp_path):
    """The newest two stay."""
    for step in (1, 2, 3, 10):
        save_checkpoint(tmp_path, checkpoint(step), keep=2)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["step-00000003", "step-00000010"]


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def stranger(path: Path) -> None:
    path.with_name("stranger.bin").write_bytes(b"?")


@pytest.mark.parametrize("file", ["weights.safetensors", "state.json", "manifest.json"])
@pytest.mark.parametrize("damage", [truncate, flip, Path.unlink, stranger], ids=lambda damage: damage.__name__)
def test_a_damaged_one_is_passed_over(tmp_path, file, damage):
    """Whatever is wrong with whichever file, the one before it is taken."""
    save_checkpoint(tmp_path, checkpoint(1), keep=2)
    save_checkpoint(tmp_path, checkpoint(2), keep=2)
    damage(tmp_path / "step-00000002" / file)
    read = latest_checkpoint(tmp_path)

    assert read is not None
    assert read.step == 1


def test_what_a_killed_save_left_is_swept_away(tmp_path):
    """It was never a checkpoint."""
    (tmp_path / ".tmp-00000005-1").mkdir()

    assert latest_checkpoint(tmp_path) is None
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="needs limits on files")
def test_a_full_disk_loses_nothing(tmp_path):
    """One line, the temporary files gone, the last good checkpoint still there."""
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)], capture_output=True, text=True, check=True, timeout=120
    )

    assert "cannot be written" in done.stdout
    assert done.stdout.splitlines()[-1] == "1 ['step-00000001']"
