"""The Frechet distance of two sets of features, exact where there are fewer pictures than features.

Paper: Dowson and Landau (1982), The Fréchet distance between multivariate normal distributions, equation 4:
`|mu_x - mu_y|^2 + Tr(S_x + S_y - 2 (S_x S_y)^(1/2))`.

Legend: N drawn pictures, M real ones, D features. Covariances divide by N - 1.
"""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from torch import Tensor

SINGULAR: Final = 1e-7
"""Of the largest factor: what is smaller is rounding."""


def frechet_distance(x_ND: "Tensor", y_MD: "Tensor") -> float:
    """In float64, never below 0; nan with fewer than two pictures on a side."""
    x, y = x_ND.double(), y_MD.double()
    n, m = len(x), len(y)
    if min(n, m) < 2:  # noqa: PLR2004 - a covariance takes two
        return math.nan
    shift = x.mean(0) - y.mean(0)
    x, y = (x - x.mean(0)) / math.sqrt(n - 1), (y - y.mean(0)) / math.sqrt(m - 1)
    root = float(trace_of_root(x, y))
    return max(0.0, float(shift.square().sum() + x.square().sum() + y.square().sum()) - 2 * root)


def trace_of_root(x_ND: "Tensor", y_MD: "Tensor") -> "Tensor":
    """`Tr (x^T x y^T y)^(1/2)`, a scalar: what the two covariances have in common.

    Where a covariance is singular, a root of it is lost to rounding; but for any factors `f f^T = x^T x` and
    `g g^T = y^T y` the roots of the eigenvalues of the product are the singular values of `f^T g`. With fewer pictures
    than features the pictures themselves are such factors, and the smallest.
    """
    import torch

    if min(len(x_ND), len(y_MD)) <= x_ND.shape[1]:
        return _nuclear_norm(x_ND @ y_MD.T)
    of_x, of_y = x_ND.T @ x_ND, y_MD.T @ y_MD
    (half_x, _), (half_y, _) = torch.linalg.cholesky_ex(of_x), torch.linalg.cholesky_ex(of_y)
    if _is_singular(half_x) or _is_singular(half_y):  # a feature that never changes, or is the sum of others
        return _nuclear_norm(_factor(of_x).T @ _factor(of_y))
    squares: Tensor = torch.linalg.eigvalsh(half_x.T @ of_y @ half_x)
    return squares.clamp(min=0).sqrt().sum()


def _nuclear_norm(matrix: "Tensor") -> "Tensor":
    import torch

    singular: Tensor = torch.linalg.svdvals(matrix)
    return singular.sum()


def _is_singular(half_DD: "Tensor") -> bool:
    """By a Cholesky factor, which ends where it cannot go on."""
    diagonal = half_DD.diagonal()
    return not bool(diagonal.min() > SINGULAR * diagonal.max())


def _factor(covariance_DD: "Tensor") -> "Tensor":
    """Of the directions there are, (D, R): those that are only rounding are left out."""
    import torch

    values, vectors = torch.linalg.eigh(covariance_DD)
    there = values > SINGULAR**2 * values[-1]
    factor: Tensor = vectors[:, there] * values[there].sqrt()
    return factor


def over_rows(x_ND: "Tensor", y_MD: "Tensor") -> "Callable[[Tensor, Tensor], float]":
    """The distance over some of the rows, as a function of which of them stay: (N,) and (M,), bool.

    With fewer pictures than features their inner products are computed once, and features are not looked at again.
    """
    x, y = x_ND.double(), y_MD.double()
    if min(len(x), len(y)) > x.shape[1]:
        return lambda keep_N, keep_M: frechet_distance(x[keep_N], y[keep_M])
    x, y = x - y.mean(0), y - y.mean(0)  # near the origin, inner products lose nothing
    within_x, within_y, between = x @ x.T, y @ y.T, x @ y.T
    return lambda keep_N, keep_M: _by_products(
        within_x[keep_N][:, keep_N], within_y[keep_M][:, keep_M], between[keep_N][:, keep_M]
    )


def _by_products(xx_NN: "Tensor", yy_MM: "Tensor", xy_NM: "Tensor") -> float:
    """The distance from the inner products of the features alone."""
    import torch

    n, m = xy_NM.shape
    shift = xx_NN.mean() - 2 * xy_NM.mean() + yy_MM.mean()
    trace_x = (xx_NN.trace() - n * xx_NN.mean()) / (n - 1)
    trace_y = (yy_MM.trace() - m * yy_MM.mean()) / (m - 1)
    centred = xy_NM - xy_NM.mean(0) - xy_NM.mean(1, keepdim=True) + xy_NM.mean()
    root = torch.linalg.svdvals(centred).sum() / math.sqrt((n - 1) * (m - 1))
    return max(0.0, float(shift + trace_x + trace_y - 2 * root))
