"""The metrics, by the `kind` of the recipe's `[[metrics]]` tables."""

from typing import Final

from hubkit.metrics.clip_score import ClipScore
from hubkit.metrics.fid import FrechetDistance
from hubkit.metrics.kid import KernelDistance

METRICS: Final = {"clip-score": ClipScore, "fid": FrechetDistance, "kid": KernelDistance}
