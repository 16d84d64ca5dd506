"""FID: the Frechet distance between samples and held-out pictures in Inception features.

Paper: Heusel et al. (2017), GANs Trained by a Two Time-Scale Update Rule, https://arxiv.org/abs/1706.08500
"""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from hubkit.scoring import Gate
from hubkit.values import HUB_FILE, Extractor, LocalPath, Settings


class FrechetDistance(Settings):
    """Called FID with the Inception weights only; with any other extractor it is `fd[extractor]`."""

    paper: ClassVar[str] = "https://arxiv.org/abs/1706.08500"

    kind: Literal["fid"]
    extractor: Extractor = Field("inception", description="'inception', or a CLIP model on the Hub.")
    revision: str | None = Field(None, description="Of the extractor on the Hub; resolved to a commit SHA and locked.")
    weights: Annotated[str | None, LocalPath("the recipe's folder", unless=HUB_FILE)] = Field(
        None, description="Inception weights: a file beside the recipe, or `namespace/name:file` on the Hub."
    )
    gate: Gate | None = Field(None, description="What the model must meet to be published.")

    def problems(self) -> Iterator[tuple[str, str]]:
        """What is wrong between the keys of this table."""
        if self.weights and self.extractor != "inception":
            yield "weights", "would be ignored: they are Inception's"
        if self.revision and self.extractor == "inception":
            yield "revision", "would be ignored: Inception is not on the Hub; its weights are chosen by `weights`"
