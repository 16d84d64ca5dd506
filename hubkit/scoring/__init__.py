"""score: how good is it, beside its base, and how sure can one be?"""

from hubkit.scoring.bench import Bench, Drawn, Weights
from hubkit.scoring.choosing import Chosen, pick, picked
from hubkit.scoring.dial import AVERAGE, StyleDial
from hubkit.scoring.features import Features, Look, opened
from hubkit.scoring.gates import Rival, Standing, gated, judge, protocol, verdict
from hubkit.scoring.intervals import Spread, spread
from hubkit.scoring.metric import Measure, Metric, OverRows
from hubkit.scoring.panels import HOLDOUT_SEEDS, TRAINED_ON, Panel, Shows
from hubkit.scoring.readiness import check_ready
from hubkit.scoring.recomputing import Again, recompute
from hubkit.scoring.scoring import TOOK, Plan, look, score, scored, study_of
from hubkit.scoring.searching import NEAREST_KEPT
from hubkit.scoring.study import PromptStudy
from hubkit.scoring.values import (
    BARE,
    Candidate,
    Dial,
    Gate,
    Interval,
    Measured,
    Neighbours,
    Sample,
    Score,
    Scores,
    Study,
    Template,
    Took,
)

__all__ = [
    "AVERAGE",
    "BARE",
    "HOLDOUT_SEEDS",
    "NEAREST_KEPT",
    "TOOK",
    "TRAINED_ON",
    "Again",
    "Bench",
    "Candidate",
    "Chosen",
    "Dial",
    "Drawn",
    "Features",
    "Gate",
    "Interval",
    "Look",
    "Measure",
    "Measured",
    "Metric",
    "Neighbours",
    "OverRows",
    "Panel",
    "Plan",
    "PromptStudy",
    "Rival",
    "Sample",
    "Score",
    "Scores",
    "Shows",
    "Spread",
    "Standing",
    "Study",
    "StyleDial",
    "Template",
    "Took",
    "Weights",
    "check_ready",
    "gated",
    "judge",
    "look",
    "opened",
    "pick",
    "picked",
    "protocol",
    "recompute",
    "score",
    "scored",
    "spread",
    "study_of",
    "verdict",
]  # fmt: skip
