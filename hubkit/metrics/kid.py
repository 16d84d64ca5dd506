"""KID: the kernel distance between samples and held-out pictures, unbiased at any number of pictures.

Paper: Binkowski et al. (2018), Demystifying MMD GANs, https://arxiv.org/abs/1801.01401
"""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from hubkit.scoring import Gate
from hubkit.values import HUB_FILE, Extractor, LocalPath, Settings


class KernelDistance(Settings):
    """The full U-statistic of the cubic polynomial kernel; no random subsets."""

    paper: ClassVar[str] = "https://arxiv.org/abs/1801.01401"

    kind: Literal["kid"]
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
