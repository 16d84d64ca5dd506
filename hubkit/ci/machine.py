"""ready: is this runner fit to train a row now? Asked before anything is downloaded."""

import shutil
import subprocess
from pathlib import Path
from typing import Final

from hubkit.ci.room import GIGABYTE, Room
from hubkit.ci.rows import Row
from hubkit.errors import IntegrityError, MachineError
from hubkit.training import TrainedModel

ASK_SECONDS: Final = 60
"""A GPU that hangs answers nothing for ever."""


def check_gpu() -> str:
    """The GPUs in words. Raises MachineError when there is none, or when somebody computes on one."""
    names = _asked("--query-gpu=name,memory.total")
    if not names:
        raise MachineError("nvidia-smi lists no GPU", help="look at the driver of this runner", code="HK520")
    if busy := _asked("--query-compute-apps=pid,process_name,used_memory"):
        raise MachineError(
            f"the GPU of this runner is in use: {'; '.join(busy)[:300]}",
            help="end what runs there; the runner hooks in .github/runner do so for what a job left behind",
            code="HK521",
        )
    return "; ".join(names)


def check_disk(folder: Path, needed: Room | None) -> int:
    """Bytes that are free where the run will lie. Raises MachineError when they are too few."""
    free = shutil.disk_usage(folder).free
    if needed and free < needed.training:
        raise MachineError(
            f"the training needs about {needed.training / GIGABYTE:.1f} GB of disk, "
            f"this runner has {free / GIGABYTE:.1f} GB free",
            help="free some, or lower training.keep_checkpoints",
            code="HK522",
        )
    return free


def check_checkpoint(row: Row, run: Path) -> int:
    """The step a continued training goes on from; 0 where the row begins one.

    Raises IntegrityError when the run folder does not hold what the run before was stopped with: it never begins again
    without a word.
    """
    if not row.run:
        return 0
    from hubkit.training.checkpoint import latest_checkpoint
    from hubkit.training.facts import whole

    trained = TrainedModel.load(run / "model.json")
    if trained and whole(trained.model_copy(update={"folder": run / "model"})):
        return trained.steps
    found = latest_checkpoint(run / "checkpoints")
    if found is None or found.step < row.step:
        there = f"one of step {found.step}" if found else "no whole one"
        raise IntegrityError(
            f"the training was stopped after step {row.step}, but the artifact of run {row.run} holds {there}",
            help="start the training again from its beginning, by hand",
            code="HK1020",
        )
    return found.step


def _asked(question: str) -> list[str]:
    command = ["nvidia-smi", question, "--format=csv,noheader"]
    try:
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=ASK_SECONDS)  # noqa: S603
    except (OSError, subprocess.SubprocessError) as error:
        raise MachineError(
            f"nvidia-smi does not answer on this runner: {str(error)[:200]}",
            help="only a runner with a GPU may have the label gpu",
            code="HK520",
        ) from error
    return [line.strip() for line in done.stdout.splitlines() if line.strip()]
