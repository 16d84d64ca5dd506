"""How did the training of a row end, and what of its run folder goes on to the next job?"""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from hubkit.card import made
from hubkit.ci.rows import Row
from hubkit.errors import GateError, StoppedError
from hubkit.scoring import Scores
from hubkit.values import link_or_copy

State = Literal["finished", "stopped", "failed"]

LARGE: Final = frozenset({"checkpoints", "features", "release", "model"})
"""Goes on only where the next job needs it."""


@dataclass(frozen=True)
class Outcome:
    """How a training ended, and the error it ends with where a gate is not met."""

    state: State
    refused: GateError | None = None


def conclude(row: Row, run: Path, *, code: str) -> Outcome:
    """What became of a training that ended with the exit code `code`; "" where it told none, being killed, say."""
    if code == "0" and made(run):
        refused = unmet(row, run)
        return Outcome("failed" if refused else "finished", refused)
    begun = (run / "model.json").is_file() or newest(run)
    return Outcome("stopped" if code == str(StoppedError.exit_code) and begun else "failed")


def unmet(row: Row, run: Path) -> GateError | None:
    """Why not to publish: a gate is not met, and nobody said why that is accepted. No reviewer is asked then."""
    scores = Scores.load(run / "scores.json")
    if not scores or not scores.refusals or row.accept:
        return None
    return GateError(
        f"not published: {'; '.join(scores.refusals)}",
        help="change the training or the gate; or start the run again with the input 'accept', and say why",
    )


def newest(run: Path) -> Path | None:
    """The newest checkpoint that is whole."""
    from hubkit.training.checkpoint import damages

    whole = (path for path in sorted((run / "checkpoints").glob("step-*"), reverse=True) if not any(damages(path)))
    return next(whole, None)


def carry(run: Path, place: Path) -> None:
    """Put what goes on into `place`: the release where there is one; else the model, else the newest checkpoint."""
    place.mkdir(parents=True)
    for path in _going_on(run):
        there = place / path.relative_to(run)
        if path.is_dir():
            shutil.copytree(path, there, copy_function=link_or_copy)
        else:
            there.parent.mkdir(parents=True, exist_ok=True)
            link_or_copy(path, there)


def _going_on(run: Path) -> Iterator[Path]:
    for path in sorted(run.iterdir()) if run.is_dir() else ():
        if path.name not in LARGE and not path.name.startswith("."):
            yield path
    if made(run):
        yield run / "release"
    elif (run / "model.json").is_file():
        yield run / "model"
    elif found := newest(run):
        yield found


def note(row: Row, run: Path, state: State, this_run: str) -> str:
    """What the job that sorts is told: the state, and the row to publish or to go on with.

    The reason to publish all the same stays in the row: a gate on the last release is judged when it is published. A
    training that was stopped twice at the same step has failed: it would be started over and over.
    """
    if state == "stopped":
        found = newest(run)
        step = int(found.name.removeprefix("step-")) if found else 0
        if step <= row.step and not (run / "model.json").is_file():
            return json.dumps({"state": "failed", "row": row.values()})
        row = replace(row, run=this_run, step=step, attempt=row.attempt + 1)
    return json.dumps({"state": state, "row": row.values()})
