"""FID: the Frechet distance between samples and held-out pictures in Inception features.

Paper: Heusel et al. (2017), GANs Trained by a Two Time-Scale Update Rule, https://arxiv.org/abs/1706.08500
"""

from typing import ClassVar, Literal

from pydantic import Field

from hubkit.scoring import Gate
from hubkit.values import Settings


class FrechetDistance(Settings):
    """Called FID with the Inception weights only; with any other extractor it is `fd[extractor]`."""

    paper: ClassVar[str] = "https://arxiv.org/abs/1706.08500"

    kind: Literal["fid"]
    extractor: str = Field("inception", description="'inception', or a CLIP model on the Hub.")
    revision: str | None = None
    weights: str | None = Field(
        None, description="Inception weights: a file beside the recipe, or `namespace/name:file` on the Hub."
    )
    gate: Gate | None = None
