"""How sure one can be of a score."""

import math
from typing import Final

from hubkit.scoring.features import GROUPS, Features
from hubkit.scoring.metric import Metric

FEW_FEATURES: Final = 256
"""Up to so many features any metric is cheap enough for a jackknife."""


def difference_error(metric: Metric, finetuned: Features, base: Features, real: Features) -> float | None:
    """The standard error of `value - base` by a delete-a-group jackknife over held-out rows (Kott, 2001).

    Both models draw the same prompts from the same latents, so a group is left out of both at once, and of the
    reference rows it belongs to.
    A bootstrap would not do: rows drawn twice bring back the small-sample bias of a distance between distributions.
    None where there are too few rows, or where forty values take too long.
    """
    rows, features = finetuned.images.shape
    if rows < 2 * GROUPS or (features > FEW_FEATURES and not metric.resampled):
        return None
    left_out = [
        metric.value(finetuned.without(group), real.without(group))
        - metric.value(base.without(group), real.without(group))
        for group in range(GROUPS)
    ]
    centre = sum(left_out) / GROUPS
    return math.sqrt((GROUPS - 1) / GROUPS * sum((value - centre) ** 2 for value in left_out))
