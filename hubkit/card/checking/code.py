"""The code of a card: is it what hubkit writes, and does it draw?

A card is a stranger's. What is executed is never its text, but hubkit's own template with the lock's prompt, seed and
sampling as literals in it, and only where the card holds exactly that; and only on files that have the lock's hashes,
of the kinds that hold no code.
"""

import math
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Final

from hubkit.card.checking.held import Held
from hubkit.card.checking.marks import Marks
from hubkit.errors import Fault, IntegrityError
from hubkit.publishing import ALLOWED, draw, psnr, strange_libraries, usage
from hubkit.values import sha256_of

CODE: Final = "HK1044"


def code_faults(held: Held, marks: Marks) -> Iterator[Fault]:
    """Whether the card's code is hubkit's for this lock: if not, it is not executed."""
    lock = held.lock
    try:
        expected = usage(lock.model_id, lock.proof.prompt, lock.proof.seed, lock.sampling, lock.version)
    except (KeyError, ValueError) as error:
        yield Fault(CODE, f"the lock does not say how its picture was drawn: {error}", "hubkit.lock.json")
        return
    if any(mark.text == expected for mark in marks.python):
        return
    where = marks.python[0].where if marks.python else "README.md"
    found = "the card's code is not what hubkit writes for this lock" if marks.python else "the card holds no code"
    yield Fault(
        CODE, f"{found}: nothing is executed", where, "publish the run again; code is executed as hubkit wrote it"
    )


def tried(held: Held, marks: Marks, *, run: bool) -> tuple[list[Fault], str]:
    """What is wrong with the code, and what was done with it, in words."""
    if faults := list(code_faults(held, marks)):
        return faults, "the code was not executed: it is not hubkit's"
    if not run:
        return [], "the code is hubkit's; it was not executed"
    folder = held.folder()
    if unsafe := list(_unsafe(held, folder)):
        return unsafe, "the code was not executed: the files are not the lock's"
    try:
        return [], f"the code was executed and drew a picture: {_drawn(held, folder)}"
    except IntegrityError as error:
        return list(error.faults), "the code was executed and drew nothing"


def _drawn(held: Held, folder: Path) -> str:
    """Execute the code on the release's own files; how near its picture is to the card's. Raises IntegrityError."""
    proof = held.lock.proof
    with TemporaryDirectory(prefix="hubkit-card-") as desk:
        picture = Path(desk, "again.png")
        draw(usage(str(folder.resolve()), proof.prompt, proof.seed, held.lock.sampling), picture)
        likeness = psnr(folder / proof.path, picture)
    if math.isinf(likeness):
        return "bit for bit the card's" if likeness > 0 else "of another size than the card's"
    return f"PSNR {likeness:.1f} dB to the card's"


def _unsafe(held: Held, folder: Path) -> Iterator[Fault]:
    """Why these files are not loaded: they are not the lock's, or of a kind that can hold code."""
    for path, sha in held.lock.files.items():
        if PurePosixPath(path).suffix not in ALLOWED:
            yield Fault(CODE, f"{path[:120]!r} is no part of a model: nothing is executed", "hubkit.lock.json")
        elif not (folder / path).is_file():
            yield Fault(CODE, f"{path[:120]!r} is missing: nothing is executed", "hubkit.lock.json")
        elif path != "README.md" and sha256_of(folder / path) != sha:
            yield Fault(CODE, f"{path[:120]!r} is not what the lock says: nothing is executed", "hubkit.lock.json")
    for strange in strange_libraries(folder):
        yield Fault(CODE, f"{strange}: nothing is executed", "model_index.json")
