"""The processes of one launch (`torchrun`, `accelerate launch`): the first does all, the others share the long work."""

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hubkit.errors import MachineError

if TYPE_CHECKING:
    from accelerate import PartialState

LOOK_EVERY: Final = 0.2
"""Seconds between two looks at whether the first process is ready."""


def rank() -> int:
    """The number of this process; 0 is the first, and the only one outside a launcher. Raises MachineError."""
    number = os.environ.get("RANK", "0")
    if os.environ.get("LOCAL_RANK", number) != number:
        raise MachineError("hubkit trains on the devices of one machine", help="start the launcher with one node")
    return int(number)


def turn() -> tuple[int, int]:
    """Whose turn it is, for work that is dealt out in turn: the number of this process, and how many there are."""
    state = _together()
    return state.process_index, state.num_processes


def meet() -> None:
    """Until all processes are here."""
    _together().wait_for_everyone()


def _together() -> "PartialState":
    """What accelerate knows of the processes; the training may have made it already."""
    import torch
    from accelerate import PartialState

    # Without `cpu`, accelerate leaves several processes on CPUs each to itself.
    return PartialState(cpu=not torch.cuda.is_available())


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
