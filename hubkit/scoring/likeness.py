"""How alike pictures are: cosines of their features, as the metrics of DreamBooth use them.

Legend: N drawn pictures, M real ones, D features.
"""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from torch import Tensor

AT_ONCE: Final = 65_536
"""Features of every picture that are looked at together."""


def cosines(x_ND: "Tensor", y_MD: "Tensor") -> "Tensor":
    """The cosine of every pair, (N, M), float64."""
    from torch.nn.functional import normalize

    cosine: Tensor = normalize(x_ND.double(), dim=1) @ normalize(y_MD.double(), dim=1).T
    return cosine


def products(x_ND: "Tensor") -> "Tensor":
    """The inner product of every pair, (N, N), float64; in parts, since a picture may have millions of features."""
    import torch

    found_NN = torch.zeros(len(x_ND), len(x_ND), dtype=torch.float64)
    for part_NP in torch.split(x_ND, AT_ONCE, dim=1):
        found_NN += part_NP.double() @ part_NP.double().T
    return found_NN


def coordinates(x_ND: "Tensor") -> "Tensor":
    """As few numbers as can hold them: points with the same inner products, (N, N), float64. No distance and no
    cosine between them is another; the axes mean nothing.
    """
    import torch

    values_N, vectors_NN = torch.linalg.eigh(products(x_ND))
    found: Tensor = (vectors_NN * values_N.clamp(min=0).sqrt()).contiguous()  # eigh gives columns
    return found


def likeness_to_others(x_ND: "Tensor") -> "Tensor":
    """The mean cosine of each to all the others, (N,); nan where there are no others."""
    among = cosines(x_ND, x_ND)
    others: Tensor = (among.sum(dim=1) - among.diagonal()) / (len(x_ND) - 1)
    return others


def mean_likeness(x_ND: "Tensor") -> float | None:
    """The mean of these; None where there are no others."""
    return float(likeness_to_others(x_ND).mean()) if len(x_ND) > 1 else None
