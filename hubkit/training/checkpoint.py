"""Checkpoints that are whole or not there.

A checkpoint is written under a temporary name, every file is fsynced, the manifest with every file's hash comes last,
and one rename makes it
visible. A folder is a checkpoint if its manifest verifies; which one is the newest is told by its step, never by a
clock.
"""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from hubkit.errors import MachineError
from hubkit.progress import say
from hubkit.values import sha256_of

MANIFEST: Final = "manifest.json"
STATE: Final = "state.json"

Weights = Mapping[str, Mapping[str, Tensor]]


@dataclass(frozen=True)
class Checkpoint:
    """What a training needs to go on after `step` optimizer steps: named groups of tensors, and a few plain values."""

    step: int
    tensors: Weights
    state: Mapping[str, Any]


def save_checkpoint(folder: Path, checkpoint: Checkpoint, *, keep: int) -> None:
    """Write `checkpoint` under `folder`, then remove all but the `keep` newest. Raises MachineError when the disk is
    full.
    """
    temporary = folder / f".tmp-{checkpoint.step:08d}-{os.getpid()}"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        for group, tensors in checkpoint.tensors.items():
            save_file(
                {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()},
                temporary / f"{group}.safetensors",
            )
        (temporary / STATE).write_text(json.dumps({"step": checkpoint.step, **checkpoint.state}))
        manifest = {file.name: sha256_of(file) for file in sorted(temporary.iterdir())}
        (temporary / MANIFEST).write_text(json.dumps(manifest, indent=1))
        for file in temporary.iterdir():
            sync(file)
        sync(temporary)
    except (OSError, SafetensorError) as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise MachineError(
            f"the checkpoint of step {checkpoint.step} cannot be written: {error}",
            help="free some space and run the same command again",
        ) from error
    target = folder / f"step-{checkpoint.step:08d}"
    shutil.rmtree(target, ignore_errors=True)  # a damaged one of the same step: a whole one is never written twice
    temporary.rename(target)
    sync(folder)
    for old in sorted(folder.glob("step-*"))[:-keep]:
        shutil.rmtree(old, ignore_errors=True)


def latest_checkpoint(folder: Path) -> Checkpoint | None:
    """The newest checkpoint that verifies; a damaged one is named and passed over."""
    for leftover in folder.glob(".tmp-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    for path in sorted(folder.glob("step-*"), reverse=True):
        faults = list(damages(path))
        if not faults:
            return read(path)
        say(f"checkpoint {path.name} is damaged ({faults[0]}); an older one is used")
    return None


def damages(path: Path) -> Iterator[str]:
    """What is wrong with a checkpoint's files, held against its manifest."""
    try:
        manifest = json.loads((path / MANIFEST).read_bytes())
    except (OSError, ValueError):
        yield "its manifest cannot be read"
        return
    there = {file.name for file in path.iterdir()} - {MANIFEST}
    if extra := there - set(manifest):
        yield f"{min(extra)} does not belong to it"
    for name, digest in manifest.items():
        if name not in there:
            yield f"{name} is missing"
        elif sha256_of(path / name) != digest:
            yield f"{name} has other bytes than were written"


def read(path: Path) -> Checkpoint:
    """Load a verified checkpoint."""
    state = json.loads((path / STATE).read_bytes())
    tensors = {file.stem: load_file(file) for file in sorted(path.glob("*.safetensors"))}
    return Checkpoint(state.pop("step"), tensors, state)


def sync(path: Path) -> None:
    """Have the disk keep a file's bytes, or a folder's entries."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
