"""What a training tells while it goes: `train.jsonl`, a line a step, and a TensorBoard log."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hubkit.values import write_atomically


class Journal:
    """`train.jsonl` and the TensorBoard log of a run, cut back to the step it goes on from."""

    def __init__(self, folder: Path, done: int) -> None:
        """Forget what was written after `done` steps: those steps are taken again."""
        from torch.utils.tensorboard import SummaryWriter

        path = folder / "train.jsonl"
        kept = [row for row in read_rows(path) if row["step"] <= done]
        write_atomically(path, "".join(json.dumps(row) + "\n" for row in kept).encode())
        self.file = path.open("a")
        self.board = SummaryWriter(str(folder / "tensorboard"), purge_step=done + 1)

    def write(self, row: dict[str, float]) -> None:
        """One step."""
        self.file.write(json.dumps(row) + "\n")
        for name in ("loss", "learning_rate", "examples_per_second"):
            self.board.add_scalar(name, row[name], row["step"])

    def flush(self) -> None:
        """Have everything on disk: a checkpoint is about to be made."""
        self.file.flush()
        self.board.flush()


def read_rows(path: Path) -> list[Mapping[str, Any]]:
    """The steps of a `train.jsonl`; a last line that was cut off is passed over."""
    rows = []
    for line in path.read_text().splitlines() if path.is_file() else ():
        try:
            rows.append(json.loads(line))
        except ValueError:
            break
    return rows
