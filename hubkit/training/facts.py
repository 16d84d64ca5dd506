"""Facts of a finished training that its record keeps: the machine, the versions, the weights."""

import platform
import re
import resource
import sys
from collections.abc import Sequence
from importlib.metadata import version
from math import fsum
from pathlib import Path
from typing import Any, Final

import torch

from hubkit.training.settings import TrainedModel
from hubkit.values import sha256_of

PACKAGES: Final = (
    "hubkit-publisher",
    "torch",
    "diffusers",
    "transformers",
    "accelerate",
    "datasets",
    "huggingface_hub",
    "safetensors",
)


def machine() -> dict[str, Any]:
    """What it ran on: the fields of `TrainedModel` that tell of the machine."""
    return {"peak_memory_bytes": peak_memory(), "device": device_name(), "versions": versions()}


def weight_hashes(model: Path) -> dict[str, str]:
    """sha256 of each weight file of a diffusers folder, by its path there."""
    return {str(file.relative_to(model)): sha256_of(file) for file in sorted(model.glob("*/*.safetensors"))}


def whole(trained: TrainedModel) -> bool:
    """Whether the weights on disk are the ones the record tells of."""
    return all(
        (trained.folder / name).is_file() and sha256_of(trained.folder / name) == digest
        for name, digest in trained.weights.items()
    )


def mean(values: Sequence[float]) -> float:
    """The average."""
    return fsum(values) / len(values)


def peak_memory() -> int:
    """Bytes: of the GPU where there is one, of this process otherwise."""
    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def device_name() -> str:
    """The GPU by its name, or the CPU with its model and threads."""
    if torch.cuda.is_available():
        return str(torch.cuda.get_device_name())
    threads = torch.get_num_threads()
    return f"CPU ({processor()}, {threads} {'thread' if threads == 1 else 'threads'})"


def processor() -> str:
    """The CPU's model, as Linux says it; elsewhere its architecture."""
    try:
        said = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.machine()
    named = re.search(r"^model name\s*:\s*(.+)$", said, re.MULTILINE)
    return named[1].strip() if named else platform.machine()


def versions() -> dict[str, str]:
    """What was installed."""
    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}
