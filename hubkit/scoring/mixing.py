"""Weights between the base and what was learnt, as a model of their own."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hubkit.families import Family
from hubkit.scoring.dial import AVERAGE, BASE

if TYPE_CHECKING:
    from torch import Tensor

    from hubkit.training.checkpoint import Checkpoint


@dataclass(frozen=True)
class Mixture:
    """The weights of one step, somewhere between the base, the average and the raw ones."""

    step: int
    position: float
    """0 is the base, 1 the average (the raw weights where there is none), 2 the raw weights."""

    @property
    def name(self) -> str:
        """As a card calls it."""
        if self.position == BASE:
            return "base"
        return f"step {self.step}" if self.position == AVERAGE else f"step {self.step}, dial {self.position:g}"

    def of(self, base: "Tensor", milestone: "Checkpoint", name: str) -> "Tensor":
        """One tensor of it, float32: on the line from the base to the average, or from there to the raw weights."""
        import torch

        raw = milestone.tensors["weights"][name]
        average = milestone.tensors.get("ema", milestone.tensors["weights"])[name]
        ends = (base.to(average), average) if self.position <= AVERAGE else (average, raw)
        share = self.position if self.position <= AVERAGE else self.position - AVERAGE
        return torch.lerp(*ends, share)


def write(model: Family, mixture: Mixture, milestone: "Checkpoint", place: Path) -> None:
    """The mixture as a whole pipeline in diffusers' format; what was not trained is the base's."""
    diffuser = model.load()
    pipeline = diffuser.pipeline()
    names = sorted({name.partition(".")[0] for name in milestone.tensors["weights"]})
    weights = {name: _mixed(getattr(pipeline, name).state_dict(), mixture, milestone, name) for name in names}
    shutil.rmtree(place, ignore_errors=True)
    diffuser.save(place, weights)


def _mixed(
    state: "Mapping[str, Tensor]", mixture: Mixture, milestone: "Checkpoint", component: str
) -> "dict[str, Tensor]":
    """One component; buffers, which no training changes, as they are."""
    learnt = milestone.tensors["weights"]
    return {
        key: mixture.of(base, milestone, f"{component}.{key}") if f"{component}.{key}" in learnt else base
        for key, base in state.items()
    }
