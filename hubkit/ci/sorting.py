"""Between training and publishing: finished rows go on to be published, stopped ones are started again elsewhere.

    python3 -m hubkit.ci.sorting FOLDER

reads the notes the trainings left in FOLDER. It runs where runs may be started (`actions: write`), so nothing but the
standard library and git's checkout takes part.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from hubkit.ci.rows import Row, matrix
from hubkit.ci.steps import output, summarise
from hubkit.errors import HubkitError, RecipeError

WORKFLOW: Final = "train.yml"
LARGEST_NOTE: Final = 16 * 1024


def read(folder: Path) -> dict[str, list[Row]]:
    """The rows by the state their training ended in. Raises RecipeError for a note nobody of ours can have written."""
    rows: dict[str, list[Row]] = {"finished": [], "stopped": [], "failed": []}
    for path in sorted(folder.rglob("*.json")) if folder.is_dir() else ():
        try:
            said = json.loads(path.read_bytes()[:LARGEST_NOTE])
            rows[said["state"]].append(Row.read(said["row"]))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise RecipeError(f"{path.name[:80]!r} is no note of a training", code="HK245") from error
    return rows


def again(row: Row, ref: str) -> list[str]:
    """The command that starts a run which goes on with a stopped row, on the same branch or tag."""
    given = {"recipe": row.recipe, "minutes": row.minutes, "accept": row.accept}
    given |= {"run": row.run, "step": row.step, "attempt": row.attempt}
    fields = [part for key, value in given.items() for part in ("--raw-field", f"{key}={value}")]
    return ["gh", "workflow", "run", WORKFLOW, "--ref", ref, *fields]


def start_again(rows: Iterable[Row], ref: str) -> None:
    """Start a run for each stopped row. Raises CalledProcessError when GitHub refuses."""
    for row in rows:
        subprocess.run(again(row, ref), check=True)  # noqa: S603
        summarise(f"`{row.recipe}` was stopped after step {row.step}; run {row.attempt} goes on with it.\n")


def main(arguments: Sequence[str]) -> int:
    """Sort the notes in a folder; the exit code."""
    try:
        rows = read(Path(arguments[0]))
    except HubkitError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return error.exit_code
    output("publish", matrix(rows["finished"]))
    output("any", "true" if rows["finished"] else "false")
    start_again(rows["stopped"], os.environ["GITHUB_REF_NAME"])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
