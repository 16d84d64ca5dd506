"""score: how good is it, beside its base, and how sure can one be?"""

from hubkit.scoring.features import Features, opened
from hubkit.scoring.gates import CONFIDENT, gated, verdict
from hubkit.scoring.intervals import difference_error
from hubkit.scoring.metric import Metric
from hubkit.scoring.panels import HOLDOUT_SEEDS, Panel, Shows
from hubkit.scoring.scoring import score
from hubkit.scoring.values import Gate, Interval, Sample, Score, Scores

__all__ = [
    "CONFIDENT", "HOLDOUT_SEEDS", "Features", "Gate", "Interval", "Metric", "Panel", "Sample", "Score", "Scores",
    "Shows", "difference_error", "gated", "opened", "score", "verdict",
]  # fmt: skip
