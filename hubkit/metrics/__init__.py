"""The metrics, by the `kind` of the recipe's `[[metrics]]` tables."""

from typing import Final

from hubkit.metrics.clip_score import ClipScore
from hubkit.metrics.clip_t import PromptFidelity
from hubkit.metrics.diversity import ClassDiversity, Diversity
from hubkit.metrics.fid import FrechetDistance
from hubkit.metrics.fidelity import ClipFidelity, DinoFidelity
from hubkit.metrics.kid import KernelDistance
from hubkit.metrics.memorisation import Memorisation
from hubkit.metrics.prior import Leak, PriorPreservation
from hubkit.metrics.sanity import Sanity

METRICS: Final = {
    "clip-score": ClipScore,
    "fid": FrechetDistance,
    "kid": KernelDistance,
    "dino": DinoFidelity,
    "clip-i": ClipFidelity,
    "clip-t": PromptFidelity,
    "pres": PriorPreservation,
    "div": ClassDiversity,
    "leak": Leak,
    "memorisation": Memorisation,
    "diversity": Diversity,
    "sanity": Sanity,
}
