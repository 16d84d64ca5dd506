"""KID: the kernel distance between samples and held-out pictures, unbiased at any number of pictures.

Paper: Binkowski et al. (2018), Demystifying MMD GANs, https://arxiv.org/abs/1801.01401
"""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from hubkit.extractors import Extractor
from hubkit.extractors.choice import ComparesPictures
from hubkit.scoring import Features, Gate

if TYPE_CHECKING:
    from torch import Tensor


class KernelDistance(ComparesPictures):
    """The squared maximum mean discrepancy under the cubic kernel, over all pairs; no random subsets. It may fall a
    little below 0.
    """

    paper: ClassVar[str] = "https://arxiv.org/abs/1801.01401"
    better: ClassVar[Literal["higher", "lower"]] = "lower"
    meaning: ClassVar[str] = (
        "How far the drawn pictures, as a set, are from pictures of the dataset that the training never saw;"
        " 0 means that the extractor cannot tell the two sets apart. Unbiased at any number of pictures."
    )
    scale: ClassVar[str] = "squared maximum mean discrepancy"
    resampled: ClassVar[bool] = True
    reads_captions: ClassVar[bool] = False
    panels: ClassVar[tuple[str, ...]] = ("holdout",)

    kind: Literal["kid"]
    gate: Gate | None = Field(None, description="What the score must meet for the model to be published.")

    def name(self, extractor: Extractor, n: int) -> str:
        """KID with Inception, a kernel distance with anything else."""
        return "kid" if extractor.name == "inception" else f"kid[{extractor.name}]"

    def notes(self, n: int, features: int, cut: int) -> tuple[str, ...]:
        """Nothing to warn of: unbiased at any n."""
        return ()

    def value(self, samples: Features, reference: Features) -> float:
        """Equation 4 of the paper, in float64; nan with fewer than two pictures on a side."""
        return unbiased_mmd(samples.images.double(), reference.images.double())

    def among(self, reference: Features) -> float | None:
        """Nothing: real pictures are not held against one another here."""
        return None


def cubic_kernel(x_ND: "Tensor", y_MD: "Tensor") -> "Tensor":
    """`(x . y / D + 1) ** 3`, shape (N, M) (section 4.1)."""
    kernel: Tensor = (x_ND @ y_MD.T / x_ND.shape[1] + 1) ** 3
    return kernel


def unbiased_mmd(x_ND: "Tensor", y_MD: "Tensor") -> float:
    """The U-statistic of the squared maximum mean discrepancy (Gretton et al., 2012, equation 3)."""
    n, m = len(x_ND), len(y_MD)
    if min(n, m) < 2:  # noqa: PLR2004 - a pair takes two
        return float("nan")
    within_x, within_y, between = cubic_kernel(x_ND, x_ND), cubic_kernel(y_MD, y_MD), cubic_kernel(x_ND, y_MD)
    return float(
        (within_x.sum() - within_x.diagonal().sum()) / (n * (n - 1))
        + (within_y.sum() - within_y.diagonal().sum()) / (m * (m - 1))
        - 2 * between.mean()
    )
