"""Milestones: the weights of some steps, kept beyond the checkpoints, so that the style dial can choose among them.

A milestone is what a checkpoint holds of the weights, raw and averaged, without what the optimizer remembers. It shares
its bytes on disk with the checkpoint where the file system allows, and outlives it.
"""

import json
import shutil
from pathlib import Path
from typing import Final

from hubkit.training.checkpoint import MANIFEST, STATE, Checkpoint, damages, read
from hubkit.training.settings import Training
from hubkit.values import link_or_copy

FOLDER: Final = "milestones"
KEPT: Final = ("weights.safetensors", "ema.safetensors", STATE)


def keep_milestones(folder: Path, training: Training) -> None:
    """Keep the milestones among a run's checkpoints that are not kept yet.

    Called after every checkpoint and when a run goes on: killed in between, it finds the newest two still there. That
    of the last step costs nothing, its checkpoint stays.
    """
    for path in sorted((folder / "checkpoints").glob("step-*")):
        target = folder / FOLDER / path.name
        if training.is_milestone(step_of(path)) and not target.exists():
            _link(path, target)


def kept_steps(folder: Path, training: Training) -> list[int]:
    """The steps whose milestones are whole, in order."""
    keep_milestones(folder, training)
    paths = sorted((folder / FOLDER).glob("step-*"))
    return [step for path in paths if training.is_milestone(step := step_of(path)) and not any(damages(path))]


def milestone(folder: Path, step: int) -> Checkpoint:
    """The weights after `step` steps: `weights` and, where there is an average, `ema`, by the parameters' names, such
    as `unet.conv_in.weight`. They are read from disk as they are needed.
    """
    return read(folder / FOLDER / f"step-{step:08d}")


def step_of(path: Path) -> int:
    """The step that a checkpoint's folder is named after."""
    return int(path.name.removeprefix("step-"))


def _link(checkpoint: Path, target: Path) -> None:
    """Whole or not there: the manifest of the smaller folder comes last, and one rename makes it visible."""
    known = json.loads((checkpoint / MANIFEST).read_bytes())
    making = target.with_name(f".tmp-{target.name}")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    kept = [name for name in KEPT if name in known]
    for name in kept:
        link_or_copy(checkpoint / name, making / name)
    (making / MANIFEST).write_text(json.dumps({name: known[name] for name in kept}, indent=1))
    making.rename(target)
