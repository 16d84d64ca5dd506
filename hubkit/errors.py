"""The tree of errors a user can meet, each with its exit code.

Anything a person can mend is a `HubkitError`: one line that says what happened and where, and a `help` line that says
what to do. Anything else is a bug of ours (exit code 1).
"""

from dataclasses import dataclass
from typing import ClassVar, Self


def visible(text: str) -> str:
    """A text for a terminal or a log: control characters, and those that turn the writing's direction, are shown and
    not obeyed. So are GitHub's workflow commands, which a runner takes from any line of a log (`::add-mask::`, at a
    line's beginning, and `##[group]`, anywhere).
    """
    shown = "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)
    start = len(shown) - len(shown.lstrip())
    command = "\\" if shown.startswith("::", start) else ""
    return f"{shown[:start]}{command}{shown[start:]}".replace("##[", "#\\#[")


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: its stable code, where it stands, what it is, and what mends it."""

    code: str
    message: str
    where: str = ""
    help: str = ""

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        mend = f"  help: {self.help}".split("\n") if self.help else []
        return "\n".join(map(visible, [f"error[{self.code}]: {place}{self.message}", *mend]))


class HubkitError(Exception):
    """Something a user can mend. `code` is stable; `exit_code` is what the command ends with."""

    exit_code: ClassVar[int] = 1
    code: ClassVar[str] = "HK100"

    def __init__(self, message: str, *, help: str = "", code: str = "") -> None:  # noqa: A002 - the word users read
        """`message` is one self-contained line; `help` says what to do."""
        super().__init__(message)
        self.faults: tuple[Fault, ...] = (Fault(code or self.code, message, help=help),)

    @classmethod
    def of(cls, faults: tuple[Fault, ...]) -> Self:
        """All faults at once."""
        error = cls(faults[0].message)
        error.faults = faults
        return error

    def __str__(self) -> str:
        return "\n".join(str(fault) for fault in self.faults)


class RecipeError(HubkitError):
    """The recipe or the command line is wrong."""

    exit_code = 2
    code = "HK200"


class DatasetError(HubkitError):
    """The dataset is missing, empty or damaged."""

    exit_code = 3
    code = "HK300"


class BaseModelError(HubkitError):
    """The base model is missing, unsafe or of another kind."""

    exit_code = 4
    code = "HK400"


class MachineError(HubkitError):
    """This machine cannot do it: disk, memory, device, a missing library."""

    exit_code = 5
    code = "HK500"


class DivergedError(HubkitError):
    """The training produced a number that is not finite."""

    exit_code = 6
    code = "HK600"


class GateError(HubkitError):
    """The model was made but does not meet the recipe's gates; nothing was published."""

    exit_code = 7
    code = "HK700"


class AuthorisationError(HubkitError):
    """Nobody is logged in, or whoever is may not do this."""

    exit_code = 8
    code = "HK800"


class ConflictError(HubkitError):
    """Somebody else holds or moved what we wanted to write."""

    exit_code = 9
    code = "HK900"


class IntegrityError(HubkitError):
    """Bytes are not what their checksum says."""

    exit_code = 10
    code = "HK1000"


class StoppedError(HubkitError):
    """Stopped cleanly; the same command continues."""

    exit_code = 75
    code = "HK7500"
