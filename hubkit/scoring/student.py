"""Student's t: how far the mean of few numbers may lie from the truth.

Formulas: Abramowitz and Stegun (1964), Handbook of Mathematical Functions, 26.7.3 and 26.7.4.
"""

import math
from typing import Final

WIDEST: Final = 1e9


def between(t: float, freedom: int) -> float:
    """The probability that |T| <= t, for t >= 0 and `freedom` degrees of freedom from 1 on."""
    angle = math.atan(t / math.sqrt(freedom))
    cosine, sine = math.cos(angle), math.sin(angle)
    odd = freedom % 2
    term = cosine if odd else 1.0
    series = 0.0
    for count in range(freedom // 2):
        series += term
        term *= cosine * cosine * (2 * count + 1 + odd) / (2 * count + 2 + odd)
    return 2 / math.pi * (angle + sine * series) if odd else sine * series


def quantile(confidence: float, freedom: int) -> float:
    """The t with |T| <= t in `confidence` (below 1) of all cases, by halving."""
    low, high = 0.0, WIDEST
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if between(middle, freedom) < confidence else (low, middle)
    return high
