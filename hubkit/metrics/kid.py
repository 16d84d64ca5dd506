"""KID: the kernel distance between samples and held-out pictures, unbiased at any number of pictures.

Paper: Binkowski et al. (2018), Demystifying MMD GANs, https://arxiv.org/abs/1801.01401
"""

from typing import ClassVar, Literal

from pydantic import Field

from hubkit.scoring import Gate
from hubkit.values import Settings


class KernelDistance(Settings):
    """The full U-statistic of the cubic polynomial kernel; no random subsets."""

    paper: ClassVar[str] = "https://arxiv.org/abs/1801.01401"

    kind: Literal["kid"]
    extractor: str = Field("inception", description="'inception', or a CLIP model on the Hub.")
    revision: str | None = None
    weights: str | None = Field(
        None, description="Inception weights: a file beside the recipe, or `namespace/name:file` on the Hub."
    )
    gate: Gate | None = None
