"""Disk that a recipe's training and its publishing need at least, told before either begins."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from hubkit import hub
from hubkit.errors import AuthorisationError
from hubkit.recipe import Recipe

GIGABYTE: Final = 10**9

TRAINED_COPIES: Final = 4
"""What a checkpoint holds of each trained weight: itself, AdamW's two moments, the moving average."""

LOADED_AGAIN: Final = 1 << 30
"""Bytes. A release under this size is downloaded once more and drawn with."""

SPARE: Final = 2 * GIGABYTE


@dataclass(frozen=True)
class Room:
    """Bytes, each an estimate that is rather too large."""

    training: int
    publishing: int


def room(recipe: Recipe) -> Room | None:
    """What the recipe needs, from the Hub's listing of its base and dataset; None where they are gated and nobody is
    logged in. Raises BaseModelError, DatasetError, StoppedError.
    """
    try:
        base = weights(hub.resolve_model(recipe.model.base, recipe.model.revision).files)
        data = 0
        if recipe.data.repo:
            data = sum(hub.resolve_dataset(recipe.data.repo, recipe.data.revision).files.values())
    except AuthorisationError:
        return None
    release = base * 3 // 2 if recipe.publish.fp16 else base
    checkpoints = (recipe.training.keep_checkpoints + 1) * TRAINED_COPIES * base
    again = release if release < LOADED_AGAIN else 0
    return Room(training=2 * base + release + checkpoints + 2 * data + SPARE, publishing=release + again + SPARE)


def weights(files: Mapping[str, int]) -> int:
    """Bytes of a pipeline's weights: one file of each component, the largest, whatever formats lie beside it."""
    largest: dict[str, int] = {}
    for path, size in files.items():
        parent = str(PurePosixPath(path).parent)
        if parent != ".":
            largest[parent] = max(size, largest.get(parent, 0))
    return sum(largest.values())
