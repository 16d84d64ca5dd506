"""KID: the kernel distance between samples and held-out pictures, unbiased at any number of pictures.

Paper: Binkowski et al. (2018), Demystifying MMD GANs, https://arxiv.org/abs/1801.01401
"""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal

from hubkit.extractors import Extractor
from hubkit.extractors.choice import ComparesPictures
from hubkit.scoring import Features, Measure, OverRows, Score

if TYPE_CHECKING:
    from torch import Tensor


class KernelDistance(Measure, ComparesPictures):
    """The squared maximum mean discrepancy under the cubic kernel, over all pairs; no random subsets. It may fall a
    little below 0.
    """

    aims_at_real: ClassVar[bool] = True
    paper: ClassVar[str] = "https://arxiv.org/abs/1801.01401"
    over_sets: ClassVar[bool] = True
    better: ClassVar[Literal["higher", "lower"]] = "lower"
    asks: ClassVar[str] = "how far from pictures of its dataset"
    meaning: ClassVar[str] = (
        "How far the drawn pictures, as a set, are from pictures of the dataset that the training never saw;"
        " 0 means that the extractor cannot tell the two sets apart, and chance may put it a little below. Unbiased at"
        " any number of pictures."
    )
    scale: ClassVar[str] = "squared maximum mean discrepancy"
    reads_captions: ClassVar[bool] = False
    fewest: ClassVar[int] = 2
    compares_sets: ClassVar[bool] = True
    panels: ClassVar[tuple[str, ...]] = ("holdout",)

    kind: Literal["kid"]

    def name(self, extractor: Extractor, n: int) -> str:
        """KID with Inception, a kernel distance with anything else."""
        return "kid" if extractor.name == "inception" else f"kid[{extractor.name}]"

    def worries(self, score: Score) -> Iterator[str]:
        """A training that left no trace."""
        difference = score.difference_interval
        if difference and difference.low <= 0 <= difference.high:
            yield "no measurable change: the 95 % interval of the difference to the base covers 0"

    def value(self, samples: Features, reference: Features) -> float:
        """Equation 4 of the paper, in float64; nan with fewer than two pictures on a side."""
        return unbiased_mmd(samples.images.double(), reference.images.double(), paired=reference.paired)

    def parts(self, samples: Features, reference: Features) -> OverRows:
        """From the kernel of all pairs, computed once."""
        x, y = samples.images.double(), reference.images.double()
        within_x, within_y, between = cubic_kernel(x, x), cubic_kernel(y, y), cubic_kernel(x, y)
        return lambda keep_N, keep_M: of_kernels(
            within_x[keep_N][:, keep_N], within_y[keep_M][:, keep_M], between[keep_N][:, keep_M],
            paired=reference.paired,
        )  # fmt: skip

    def among(self, reference: Features, others: Features | None) -> float | None:
        """What as many real pictures of the training score: a model could do no better but by luck."""
        return self.value(others, replace(reference, paired=False)) if others else None


def cubic_kernel(x_ND: "Tensor", y_MD: "Tensor") -> "Tensor":
    """`(x . y / D + 1) ** 3`, shape (N, M) (section 4.1)."""
    kernel: Tensor = (x_ND @ y_MD.T / x_ND.shape[1] + 1) ** 3
    return kernel


def unbiased_mmd(x_ND: "Tensor", y_MD: "Tensor", *, paired: bool = False) -> float:
    """The U-statistic of the squared maximum mean discrepancy (Gretton et al., 2012, equation 3).

    Where x_k and y_k are `paired`, as a picture and the real one of its caption, k(x_k, y_k) is left out (equation 4):
    the two are not independent, and would make the distance too small at any number of pictures.
    """
    return of_kernels(cubic_kernel(x_ND, x_ND), cubic_kernel(y_MD, y_MD), cubic_kernel(x_ND, y_MD), paired=paired)


def of_kernels(within_x_NN: "Tensor", within_y_MM: "Tensor", between_NM: "Tensor", *, paired: bool) -> float:
    """The same from the kernel of all pairs; nan with fewer than two pictures on a side."""
    n, m = between_NM.shape
    if min(n, m) < 2:  # noqa: PLR2004 - a pair takes two
        return math.nan
    own = between_NM.diagonal() if paired else between_NM.new_zeros(0)
    return float(
        (within_x_NN.sum() - within_x_NN.trace()) / (n * (n - 1))
        + (within_y_MM.sum() - within_y_MM.trace()) / (m * (m - 1))
        - 2 * (between_NM.sum() - own.sum()) / (n * m - len(own))
    )
