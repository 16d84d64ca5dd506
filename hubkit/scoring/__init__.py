"""score: how good is it, beside its base, and how sure can one be?"""

from hubkit.scoring.features import Features, opened
from hubkit.scoring.gates import CONFIDENT, gated, verdict
from hubkit.scoring.intervals import difference_error
from hubkit.scoring.metric import Metric
from hubkit.scoring.panels import HOLDOUT_SEEDS, Panel, Shows
from hubkit.scoring.scoring import score
from hubkit.scoring.values import (
    BARE,
    Candidate,
    Dial,
    Gate,
    Interval,
    Measured,
    Sample,
    Score,
    Scores,
    Study,
    Template,
)

__all__ = [
    "BARE", "CONFIDENT", "HOLDOUT_SEEDS", "Candidate", "Dial", "Features", "Gate", "Interval", "Measured", "Metric",
    "Panel", "Sample", "Score", "Scores", "Shows", "Study", "Template", "difference_error", "gated", "opened", "score",
    "verdict",
]  # fmt: skip
