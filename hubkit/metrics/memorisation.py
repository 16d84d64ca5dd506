"""Memorisation: are the drawn pictures nearer to the training's than pictures it never saw are?

Papers: Meehan et al. (2020), A Non-Parametric Test to Detect Data-Copying in Generative Models, section 3,
https://arxiv.org/abs/2004.05675; Somepalli et al. (2023), Diffusion Art or Digital Forgery?,
https://arxiv.org/abs/2212.03860

Legend: N drawn pictures.
"""

import math
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from hubkit.extractors.choice import LooksThrough
from hubkit.scoring import Features, Measure
from hubkit.scoring.searching import common, own_distances, threshold
from hubkit.values import RepoId

if TYPE_CHECKING:
    from torch import Tensor


class Memorisation(Measure, LooksThrough):
    """The share of drawn pictures that are nearer to a training picture than one in a hundred held-out ones is."""

    aims_at_real: ClassVar[bool] = True
    paper: ClassVar[str] = "https://arxiv.org/abs/2004.05675"
    better: ClassVar[Literal["higher", "lower"]] = "lower"
    asks: ClassVar[str] = "share of near-copies of training pictures"
    meaning: ClassVar[str] = (
        "The share of drawn pictures that are nearer to a picture of the training than nearly every held-out picture"
        " is: copies, or nearly. Under real pictures stands the share to expect of pictures that are no copies; the"
        " base, which never saw the training pictures, has its own. No such number tells memorising from merely drawing"
        " the typical: look at the nearest pairs."
    )
    scale: ClassVar[str] = "share of pictures"
    reads_captions: ClassVar[bool] = False
    fewest: ClassVar[int] = 1
    compares_sets: ClassVar[bool] = False
    panels: ClassVar[tuple[str, ...]] = ("holdout", "training")

    kind: Literal["memorisation"]
    extractor: RepoId = Field("openai/clip-vit-large-patch14", description="CLIP, DINO or DINOv2 model on the Hub.")
    at_most: int = Field(
        10_000,
        ge=1,
        description="Training pictures that are searched, at most, drawn by a seed; and held-out ones.",
    )
    above_holdout: Literal["fail", "warn"] = Field(
        "fail",
        description="What it means for the publish when the share's 95 % interval lies above what held-out pictures"
        " give by chance.",
    )

    def value(self, samples: Features, reference: Features) -> float:
        """The share; nan where nothing was held out, or no training picture is at hand."""
        return float(self.parts(samples, reference).mean())

    def parts(self, samples: Features, reference: Features) -> "Tensor":
        """1 for each drawn picture that is nearer than the threshold, 0 for the rest, (N,)."""
        import torch

        if not samples.nearest or not reference.nearest or not len(reference.images):
            return torch.full((len(samples.images),), math.nan, dtype=torch.float64)
        return (samples.nearest.distances < threshold(reference.nearest)).double()

    def among(self, reference: Features, others: Features | None) -> float | None:
        """What to expect of pictures that are as far from the training's as held-out ones are."""
        return common(len(own_distances(reference.nearest))) if reference.nearest and reference.nearest.rows else None
