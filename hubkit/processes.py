"""The processes of one distributed training (`torchrun`, `accelerate launch`): the first does all, the others train."""

import os
import time
from pathlib import Path
from typing import Final

from hubkit.errors import MachineError

LOOK_EVERY: Final = 0.2
"""Seconds between two looks at whether the first process is ready."""


def rank() -> int:
    """The number of this process; 0 is the first, and the only one outside a launcher. Raises MachineError."""
    number = os.environ.get("RANK", "0")
    if os.environ.get("LOCAL_RANK", number) != number:
        raise MachineError("hubkit trains on the devices of one machine", help="start the launcher with one node")
    return int(number)


def announce(folder: Path) -> None:
    """Tell the others that the run folder holds the pinned recipe and the pulled data, and the Hub can be asked."""
    _note(folder).touch()


def withdraw(folder: Path) -> None:
    """Forget what earlier launches announced. Ours stays until then: a process that comes late must still see it."""
    for note in folder.glob(".ready-*"):
        note.unlink(missing_ok=True)


def wait_for_first(folder: Path) -> None:
    """Until the first process has announced itself. The launcher ends us if it dies."""
    while not _note(folder).exists():
        time.sleep(LOOK_EVERY)


def _note(folder: Path) -> Path:
    """Named by the launcher, which is the parent of all processes of a machine."""
    return folder / f".ready-{os.getppid()}"
