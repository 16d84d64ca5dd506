"""How alike pictures are: cosines of their features, as the metrics of DreamBooth use them.

Legend: N drawn pictures, M real ones, D features.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def cosines(x_ND: "Tensor", y_MD: "Tensor") -> "Tensor":
    """The cosine of every pair, (N, M), float64."""
    from torch.nn.functional import normalize

    cosine: Tensor = normalize(x_ND.double(), dim=1) @ normalize(y_MD.double(), dim=1).T
    return cosine


def likeness_to_others(x_ND: "Tensor") -> "Tensor":
    """The mean cosine of each to all the others, (N,); nan where there are no others."""
    among = cosines(x_ND, x_ND)
    others: Tensor = (among.sum(dim=1) - among.diagonal()) / (len(x_ND) - 1)
    return others


def mean_likeness(x_ND: "Tensor") -> float | None:
    """The mean of these; None where there are no others."""
    return float(likeness_to_others(x_ND).mean()) if len(x_ND) > 1 else None
