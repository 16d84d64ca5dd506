"""The processes of one distributed training (`torchrun`, `accelerate launch`): the first does all, the others train."""

import os
import time
from pathlib import Path
from typing import Final

LOOK_EVERY: Final = 0.2
"""Seconds between two looks at whether the first process is ready."""


def rank() -> int:
    """The number of this process; 0 is the first, and the only one outside a launcher."""
    return int(os.environ.get("RANK", "0"))


def announce(folder: Path) -> None:
    """Tell the others that the run folder holds the pinned recipe and the pulled data, and the Hub can be asked."""
    _note(folder).touch()


def withdraw(folder: Path) -> None:
    """Nothing is announced any more."""
    _note(folder).unlink(missing_ok=True)


def wait_for_first(folder: Path) -> None:
    """Until the first process has announced itself. The launcher ends us if it dies."""
    while not _note(folder).exists():
        time.sleep(LOOK_EVERY)


def _note(folder: Path) -> Path:
    """Named by the launcher, which is the parent of all processes of a machine."""
    return folder / f".ready-{os.getppid()}"
