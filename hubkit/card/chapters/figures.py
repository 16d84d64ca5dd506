"""Numbers as a person reads them."""

import math
from typing import Final

from hubkit.scoring import Interval

MINUTE: Final = 60
HOUR: Final = 3600
KIBI: Final = 1024


def number(value: float | None) -> str:
    """Four digits; the full value stands in the lock."""
    if value is None:
        return ""
    return f"{value:.4g}" if math.isfinite(value) else "not a number"


def interval(found: Interval | None) -> str:
    """Where the truth lies in 95 of 100 cases."""
    return "" if found is None else f"{found.low:.3g} … {found.high:.3g}"


def duration(seconds: float) -> str:
    """In the units a person would use."""
    whole = round(seconds)
    if whole < MINUTE:
        return f"{seconds:.1f} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE} s"
    return f"{whole // HOUR} h {whole % HOUR // MINUTE} min"


def size(count: float) -> str:
    """Bytes in the unit that fits."""
    for unit in ("B", "KiB", "MiB"):
        if count < KIBI:
            return f"{count:.4g} {unit}"
        count /= KIBI
    return f"{count:.4g} GiB"
