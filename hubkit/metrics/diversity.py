"""Diversity: are the drawn pictures different from one another, of one class prompt (DIV) or of all held-out captions?

Papers: Zhang et al. (2018), The Unreasonable Effectiveness of Deep Features as a Perceptual Metric (LPIPS),
https://arxiv.org/abs/1801.03924; Ruiz et al. (2023), DreamBooth, table 3, https://arxiv.org/abs/2208.12242
"""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Literal, Self

from pydantic import AfterValidator, Field

from hubkit.extractors import Extractor
from hubkit.scoring import Features, Measure, OverRows, Score
from hubkit.scoring.likeness import cosines, products
from hubkit.values import RepoId

if TYPE_CHECKING:
    from torch import Tensor


LEAST_LEFT: Final = 0.8
"""Of the base's diversity; a reader is warned of less."""


def _eyes(name: str) -> str:
    """Refuse what is neither LPIPS nor a model on the Hub."""
    from pydantic import TypeAdapter

    return name if name == "lpips" else TypeAdapter(RepoId).validate_python(name)


class PairDistance(Measure):
    """The mean distance between two pictures of a set."""

    if TYPE_CHECKING:
        kind: str  # of the metric

    over_sets: ClassVar[bool] = True
    better: ClassVar[Literal["higher", "lower"]] = "higher"
    scale: ClassVar[str] = "mean distance of pairs"
    reads_captions: ClassVar[bool] = False
    fewest: ClassVar[int] = 2
    compares_sets: ClassVar[bool] = False

    extractor: Annotated[str, AfterValidator(_eyes)] = Field(
        "lpips", description="'lpips', as in the paper, or a CLIP or DINO model on the Hub (1 - cosine)."
    )
    revision: str | None = Field(None, description="Of the model on the Hub; resolved to a commit SHA and locked.")

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
        return f"{self.kind}[{extractor.name}]"

    def notes(self, drawn: Features, cut: int) -> tuple[str, ...]:
        """Which distance it is."""
        return ("LPIPS",) if self.extractor == "lpips" else ("1 - cosine of the features, which is not LPIPS",)

    def worries(self, score: Score) -> Iterator[str]:
        """A model that draws the same again and again."""
        if score.value < LEAST_LEFT * score.base:
            yield f"less than {LEAST_LEFT:g} of the base's diversity is left"

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
        products_NN = products(x_ND)
        squares_N = products_NN.diagonal()
        return squares_N[:, None] + squares_N[None] - 2 * products_NN


def mean_of_pairs(distances_NN: "Tensor") -> float:
    """Over the pairs of two different pictures; nan with fewer than two."""
    n = len(distances_NN)
    if n < 2:  # noqa: PLR2004 - a pair takes two
        return math.nan
    return float((distances_NN.sum() - distances_NN.diagonal().sum()) / (n * (n - 1)))


class ClassDiversity(PairDistance):
    """The mean distance between pictures of one and the same class prompt."""

    paper: ClassVar[str] = "https://arxiv.org/abs/2208.12242"
    asks: ClassVar[str] = "how different pictures of the class are from one another"
    meaning: ClassVar[str] = (
        "DIV: how different pictures of the same class prompt are from one another, from seed to seed; the mean over"
        " all pairs. Where it falls below the base's, the class has become poorer."
    )
    panels: ClassVar[tuple[str, ...]] = ("class",)

    kind: Literal["div"]

    def among(self, reference: Features, others: Features | None) -> float | None:
        """The training pictures are no pictures of one prompt."""
        return None


class Diversity(PairDistance):
    """The mean distance between the pictures of all held-out captions."""

    aims_at_real: ClassVar[bool] = True
    paper: ClassVar[str] = "https://arxiv.org/abs/1801.03924"
    asks: ClassVar[str] = "how different the pictures are from one another"
    meaning: ClassVar[str] = (
        "How different the drawn pictures are from one another; the mean over all pairs. A model that draws one picture"
        " again and again stays far below what real pictures reach, and may look good by every number that looks at one"
        " picture at a time. A narrow style has less than the base had."
    )
    panels: ClassVar[tuple[str, ...]] = ("holdout",)

    kind: Literal["diversity"]

    def among(self, reference: Features, others: Features | None) -> float | None:
        """That of the held-out pictures; None of one alone."""
        found = mean_of_pairs(self.distances(reference.images))
        return found if math.isfinite(found) else None
