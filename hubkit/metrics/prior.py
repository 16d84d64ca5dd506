"""What became of the class: prior preservation (PRES), diversity (DIV), and the leak test.

Paper: Ruiz et al. (2023), DreamBooth, section 4.3 and table 3, https://arxiv.org/abs/2208.12242
"""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Literal, Self

from pydantic import AfterValidator, Field

from hubkit.extractors import Extractor
from hubkit.extractors.choice import LooksThrough
from hubkit.scoring import Features, Gate, OverRows
from hubkit.scoring.likeness import cosines, likeness_to_others, mean_likeness
from hubkit.values import RepoId, Settings

if TYPE_CHECKING:
    from torch import Tensor

ALIKE: Final = 0.05
"""The least alike twentieth of the real pictures does not count."""


class PriorPreservation(LooksThrough):
    """The mean cosine between pictures of the class prompt and the training pictures: what the class took over."""

    paper: ClassVar[str] = "https://arxiv.org/abs/2208.12242"
    better: ClassVar[Literal["higher", "lower"]] = "lower"
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
    gate: Gate | None = Field(None, description="What the score must meet for the model to be published.")

    def value(self, samples: Features, reference: Features) -> float:
        """Over all pairs of a drawn and a real picture."""
        return float(self.parts(samples, reference).mean())

    def parts(self, samples: Features, reference: Features) -> "Tensor":
        """The mean cosine of each drawn picture to the training pictures, (N,)."""
        return cosines(samples.images, reference.images).mean(dim=1)

    def among(self, reference: Features, others: Features | None) -> float | None:
        """What it would be if every picture of the class were the subject."""
        return mean_likeness(reference.images)


class Leak(LooksThrough):
    """The share of pictures drawn without the token that are as like the training pictures as these are like one
    another.
    """

    paper: ClassVar[str] = "https://arxiv.org/abs/2208.12242"
    better: ClassVar[Literal["higher", "lower"]] = "lower"
    meaning: ClassVar[str] = (
        "The leak test: the share of pictures drawn without the token that show the subject all the same, being as"
        " like the training pictures as nineteen in twenty of those are like the rest of them. The base's share is"
        " the rate of false alarms."
    )
    scale: ClassVar[str] = "share of pictures"
    reads_captions: ClassVar[bool] = False
    fewest: ClassVar[int] = 1
    compares_sets: ClassVar[bool] = False
    panels: ClassVar[tuple[str, ...]] = ("class", "plain")

    kind: Literal["leak"]
    extractor: RepoId = Field("facebook/dino-vits16", description="DINO, DINOv2 or CLIP model on the Hub.")
    gate: Gate | None = Field(None, description="What the score must meet for the model to be published.")

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


def _eyes(name: str) -> str:
    """Refuse what is neither LPIPS nor a model on the Hub."""
    from pydantic import TypeAdapter

    return name if name == "lpips" else TypeAdapter(RepoId).validate_python(name)


class Diversity(Settings):
    """The mean distance between pictures of one and the same class prompt."""

    paper: ClassVar[str] = "https://arxiv.org/abs/2208.12242"
    better: ClassVar[Literal["higher", "lower"]] = "higher"
    meaning: ClassVar[str] = (
        "DIV: how different pictures of the same class prompt are from one another, from seed to seed; the mean over"
        " all pairs. Where it falls below the base's, the class has become poorer."
    )
    scale: ClassVar[str] = "mean distance of pairs"
    reads_captions: ClassVar[bool] = False
    fewest: ClassVar[int] = 1
    compares_sets: ClassVar[bool] = False
    panels: ClassVar[tuple[str, ...]] = ("class",)

    kind: Literal["div"]
    extractor: Annotated[str, AfterValidator(_eyes)] = Field(
        "lpips", description="'lpips', as in the paper, or a CLIP or DINO model on the Hub (1 - cosine)."
    )
    revision: str | None = Field(None, description="Of the model on the Hub; resolved to a commit SHA and locked.")
    gate: Gate | None = Field(None, description="What the score must meet for the model to be published.")

    def problems(self) -> Iterator[tuple[str, str]]:
        """What is wrong between the keys of this table."""
        if self.revision and self.extractor == "lpips":
            yield "revision", "would be ignored: LPIPS does not come from a repo of the Hub"

    def pinned(self) -> Self:
        """The same, with the revision's commit SHA where the extractor comes from the Hub."""
        from hubkit import hub

        if self.extractor == "lpips":
            return self
        return self.model_copy(update={"revision": hub.resolve_model(self.extractor, self.revision).sha})

    def see(self) -> Extractor:
        """LPIPS, or the model."""
        from hubkit.extractors.lpips import Lpips
        from hubkit.extractors.named import named

        return Lpips() if self.extractor == "lpips" else named(self.extractor, self.revision)

    def name(self, extractor: Extractor, n: int) -> str:
        """With what it was seen through: LPIPS is named only where it is LPIPS."""
        return f"div[{extractor.name}]"

    def notes(self, n: int, features: int, cut: int) -> tuple[str, ...]:
        """Which distance it is."""
        return ("LPIPS",) if self.extractor == "lpips" else ("1 - cosine of the features, which is not LPIPS",)

    def value(self, samples: Features, reference: Features) -> float:
        """Over all pairs of drawn pictures; nan with fewer than two."""
        return mean_of_pairs(self.distances(samples.images))

    def parts(self, samples: Features, reference: Features) -> OverRows:
        """The mean over the pairs that stay."""
        distances_NN = self.distances(samples.images)
        return lambda keep_N, _: mean_of_pairs(distances_NN[keep_N][:, keep_N])

    def distances(self, x_ND: "Tensor") -> "Tensor":
        """Of every pair, (N, N), float64: LPIPS, or 1 - cosine."""
        if self.extractor != "lpips":
            return 1 - cosines(x_ND, x_ND)
        x_ND = x_ND.double()
        squares_N = x_ND.square().sum(dim=1)
        return squares_N[:, None] + squares_N[None] - 2 * x_ND @ x_ND.T

    def among(self, reference: Features, others: Features | None) -> float | None:
        """The training pictures are no pictures of one prompt."""
        return None


def mean_of_pairs(distances_NN: "Tensor") -> float:
    """Over the pairs of two different pictures; nan with fewer than two."""
    n = len(distances_NN)
    if n < 2:  # noqa: PLR2004 - a pair takes two
        return math.nan
    return float((distances_NN.sum() - distances_NN.diagonal().sum()) / (n * (n - 1)))
