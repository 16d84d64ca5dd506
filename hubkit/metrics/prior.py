"""What became of the class: prior preservation (PRES) and the leak test; DIV is in `diversity`.

Paper: Ruiz et al. (2023), DreamBooth, section 4.3 and table 3, https://arxiv.org/abs/2208.12242
"""

import math
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from pydantic import Field

from hubkit.extractors.choice import LooksThrough
from hubkit.scoring import Features, Measure
from hubkit.scoring.likeness import cosines, likeness_to_others, mean_likeness
from hubkit.values import RepoId

if TYPE_CHECKING:
    from torch import Tensor

ALIKE: Final = 0.05
"""The least alike twentieth of the real pictures does not count."""


class PriorPreservation(Measure, LooksThrough):
    """The mean cosine between pictures of the class prompt and the training pictures: what the class took over."""

    paper: ClassVar[str] = "https://arxiv.org/abs/2208.12242"
    better: ClassVar[Literal["higher", "lower"]] = "lower"
    asks: ClassVar[str] = "how much other pictures of the class resemble the subject"
    meaning: ClassVar[str] = (
        "PRES: how like the training pictures a picture of the class prompt is, which does not hold the token; the"
        " mean cosine over all pairs. Lower is better: where it rises above the base's, the class has become the"
        " subject."
    )
    scale: ClassVar[str] = "cosine"
    reads_captions: ClassVar[bool] = False
    fewest: ClassVar[int] = 1
    compares_sets: ClassVar[bool] = False
    panels: ClassVar[tuple[str, ...]] = ("class",)

    kind: Literal["pres"]
    extractor: RepoId = Field("facebook/dino-vits16", description="DINO, DINOv2 or CLIP model on the Hub.")

    def value(self, samples: Features, reference: Features) -> float:
        """Over all pairs of a drawn and a real picture."""
        return float(self.parts(samples, reference).mean())

    def parts(self, samples: Features, reference: Features) -> "Tensor":
        """The mean cosine of each drawn picture to the training pictures, (N,)."""
        return cosines(samples.images, reference.images).mean(dim=1)

    def among(self, reference: Features, others: Features | None) -> float | None:
        """What it would be if every picture of the class were the subject."""
        return mean_likeness(reference.images)


class Leak(Measure, LooksThrough):
    """The share of pictures drawn without the token that are as like the training pictures as these are like one
    another.
    """

    paper: ClassVar[str] = "https://arxiv.org/abs/2208.12242"
    better: ClassVar[Literal["higher", "lower"]] = "lower"
    asks: ClassVar[str] = "share that show the subject without being asked"
    meaning: ClassVar[str] = (
        "The leak test: the share of pictures drawn without the token that show the subject all the same. A picture"
        " counts where it is at least as similar to the training pictures as 95 % of these are to one another. The"
        " base's share is the rate of false alarms."
    )
    scale: ClassVar[str] = "share of pictures"
    reads_captions: ClassVar[bool] = False
    fewest: ClassVar[int] = 1
    compares_sets: ClassVar[bool] = False
    panels: ClassVar[tuple[str, ...]] = ("class", "plain")

    kind: Literal["leak"]
    extractor: RepoId = Field("facebook/dino-vits16", description="DINO, DINOv2 or CLIP model on the Hub.")

    def value(self, samples: Features, reference: Features) -> float:
        """By each picture's mean cosine to the training pictures; nan where there are fewer than two of those."""
        return float(self.parts(samples, reference).mean())

    def parts(self, samples: Features, reference: Features) -> "Tensor":
        """1 for each picture that is as like them, 0 for the rest, (N,); all nan with fewer than two real ones."""
        import torch

        if len(reference.images) < 2:  # noqa: PLR2004 - like one another
            return torch.full((len(samples.images),), math.nan, dtype=torch.float64)
        threshold = likeness_to_others(reference.images).quantile(ALIKE)
        return (cosines(samples.images, reference.images).mean(dim=1) >= threshold).double()

    def among(self, reference: Features, others: Features | None) -> float | None:
        """By its making nineteen in twenty."""
        return None
