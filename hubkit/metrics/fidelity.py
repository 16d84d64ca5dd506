"""Subject fidelity: are the pictures of the token like the pictures it was taught from? DINO and CLIP-I.

Paper: Ruiz et al. (2023), DreamBooth, section 4.1, https://arxiv.org/abs/2208.12242
"""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from hubkit.extractors import Extractor
from hubkit.extractors.choice import LooksThrough
from hubkit.scoring import Features, Measure
from hubkit.scoring.likeness import cosines, mean_likeness
from hubkit.values import RepoId

if TYPE_CHECKING:
    from torch import Tensor


class SubjectFidelity(Measure, LooksThrough):
    """The mean cosine between drawn pictures and real ones, over all pairs."""

    aims_at_real: ClassVar[bool] = True
    paper: ClassVar[str] = "https://arxiv.org/abs/2208.12242"
    better: ClassVar[Literal["higher", "lower"]] = "higher"
    scale: ClassVar[str] = "cosine"
    reads_captions: ClassVar[bool] = False
    fewest: ClassVar[int] = 1
    compares_sets: ClassVar[bool] = False
    panels: ClassVar[tuple[str, ...]] = ("instance",)

    def notes(self, drawn: Features, cut: int) -> tuple[str, ...]:
        """What it is held between."""
        return ("the base drew the same prompts without the token: the floor",)

    def value(self, samples: Features, reference: Features) -> float:
        """Over all pairs of a drawn and a real picture."""
        return float(self.parts(samples, reference).mean())

    def parts(self, samples: Features, reference: Features) -> "Tensor":
        """The mean cosine of each drawn picture to the real ones, (N,)."""
        return cosines(samples.images, reference.images).mean(dim=1)

    def among(self, reference: Features, others: Features | None) -> float | None:
        """The ceiling: the mean cosine of each real picture to the others."""
        return mean_likeness(reference.images)


class DinoFidelity(SubjectFidelity):
    """In DINO's eyes, which tell two dogs apart where CLIP sees two dogs."""

    asks: ClassVar[str] = "how like the training pictures, individuals told apart"
    meaning: ClassVar[str] = (
        "How like the training pictures the drawn ones are, in the eyes of a network that learnt without labels and"
        " tells individuals of a kind apart: the mean cosine over all pairs. What the training pictures reach"
        " among themselves is the ceiling; the base's number, drawn without the token, is the floor."
    )

    kind: Literal["dino"]
    extractor: RepoId = Field("facebook/dino-vits16", description="DINO, DINOv2 or another vision model on the Hub.")

    def name(self, extractor: Extractor, n: int) -> str:
        """DINO with DINO's own weights, a likeness with anything else."""
        return f"dino[{extractor.name}]" if "dino" in extractor.name.lower() else f"likeness[{extractor.name}]"


class ClipFidelity(SubjectFidelity):
    """In CLIP's eyes."""

    asks: ClassVar[str] = "how like the training pictures"
    meaning: ClassVar[str] = (
        "How like the training pictures the drawn ones are as CLIP sees them, more the kind than the"
        " individual: the mean cosine over all pairs. What the training pictures reach among themselves is the ceiling;"
        " the base's number, drawn without the token, is the floor."
    )

    kind: Literal["clip-i"]
    extractor: RepoId = Field("openai/clip-vit-large-patch14", description="CLIP model on the Hub.")
