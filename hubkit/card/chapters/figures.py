"""Numbers as a person reads them."""

import math
from collections.abc import Iterable
from typing import Final

from hubkit.scoring import Interval, Measured

BETTER: Final = {"higher": "↑", "lower": "↓"}
"""Which way is better."""
MINUTE: Final = 60
HOUR: Final = 3600
KIBI: Final = 1024


def count(number: int, singular: str, plural: str = "") -> str:
    """A number of things: '1 picture', '1,024 pictures'."""
    return f"{number:,} {singular if number == 1 else plural or f'{singular}s'}"


def between(numbers: Iterable[int]) -> str:
    """The least and the most of some numbers; one number where they are the same."""
    found = sorted(numbers)
    return f"{found[0]:,}" if found[0] == found[-1] else f"{found[0]:,} to {found[-1]:,}"


def number(value: float | None) -> str:
    """Four digits; the full value stands in the lock."""
    if value is None:
        return ""
    return f"{value:.4g}" if math.isfinite(value) else "not a number"


def interval(found: Interval | None) -> str:
    """Where the truth lies in 95 of 100 cases."""
    is_known = found is not None and math.isfinite(found.low) and math.isfinite(found.high)
    return f"{found.low:.3g} … {found.high:.3g}" if found and is_known else ""


def measured(found: Measured | None) -> str:
    """A number and half its interval: '31.2 ± 3.2'; nothing where there is none."""
    if found is None:
        return ""
    ends = found.interval
    return f"{found.value:.1f}" + (f" ± {(ends.high - ends.low) / 2:.1f}" if ends else "")


def share(found: Measured) -> str:
    """A part of a whole: '83 % (61 … 97)'."""
    around = found.interval
    return f"{found.value:.0%}" + (f" ({100 * around.low:.0f} … {100 * around.high:.0f})" if around else "")


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
