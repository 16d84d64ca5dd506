"""FID: the Frechet distance between samples and held-out pictures in Inception features.

Paper: Heusel et al. (2017), GANs Trained by a Two Time-Scale Update Rule, https://arxiv.org/abs/1706.08500
"""

from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

from hubkit.errors import IntegrityError
from hubkit.extractors import Extractor
from hubkit.extractors.choice import ComparesPictures
from hubkit.scoring import Features, Measure, OverRows
from hubkit.scoring.frechet import frechet_distance, over_rows

if TYPE_CHECKING:
    from torch import Tensor

WITHHELD_UNDER: Final = 50
"""Pictures, with fewer of which an FID is nearly all bias."""
COMPARABLE: Final = 2048
"""Pictures from which on an FID is usually taken for comparable; with fewer, its bias is large."""


class FrechetDistance(Measure, ComparesPictures):
    """Called FID with the Inception weights only; with any other extractor it is `fd[extractor]`."""

    aims_at_real: ClassVar[bool] = True
    paper: ClassVar[str] = "https://arxiv.org/abs/1706.08500"
    over_sets: ClassVar[bool] = True
    better: ClassVar[Literal["higher", "lower"]] = "lower"
    asks: ClassVar[str] = "how far from pictures of its dataset, by mean and spread"
    meaning: ClassVar[str] = (
        "How far the drawn pictures, as a set, are from pictures of the dataset that the training never saw,"
        " by the mean and the spread of their features. It shrinks as more pictures are drawn, and a good model may"
        " come out below real pictures, whose captions are other ones."
    )
    scale: ClassVar[str] = "squared Frechet distance"
    reads_captions: ClassVar[bool] = False
    fewest: ClassVar[int] = WITHHELD_UNDER
    compares_sets: ClassVar[bool] = True
    panels: ClassVar[tuple[str, ...]] = ("holdout",)

    kind: Literal["fid"]

    def name(self, extractor: Extractor, n: int) -> str:
        """With its n: two of them at different n do not compare."""
        return f"fid@{n}" if extractor.name == "inception" else f"fd[{extractor.name}]@{n}"

    def notes(self, drawn: Features, cut: int) -> tuple[str, ...]:
        """What a small n does to it."""
        n, features = drawn.images.shape
        few = (
            f"over {n} pictures, under {COMPARABLE:,}: biased upwards, comparable only with the base's number beside it"
        )
        deficient = f"rank-deficient: fewer pictures than the {features} features"
        return tuple(note for note, holds in ((few, n < COMPARABLE), (deficient, n < features)) if holds)

    def value(self, samples: Features, reference: Features) -> float:
        """torchmetrics' Frechet distance over the extracted features, in float64; nan with fewer than two pictures on
        a side. Raises IntegrityError where it is not what another algorithm finds.
        """
        import torch
        from torchmetrics.image.fid import FrechetInceptionDistance

        if min(len(samples.images), len(reference.images)) < 2:  # noqa: PLR2004 - a covariance takes two
            return float("nan")
        features: Any = torch.nn.Identity()
        features.num_features = samples.images.shape[1]
        metric = FrechetInceptionDistance(feature=features, sync_on_compute=False)
        metric.update(reference.images.double(), real=True)
        metric.update(samples.images.double(), real=False)
        found = float(metric.compute())
        cross_check(found, samples.images.double(), reference.images.double())
        return found

    def parts(self, samples: Features, reference: Features) -> OverRows:
        """In our own form, which is cheap enough to repeat."""
        return over_rows(samples.images, reference.images)

    def among(self, reference: Features, others: Features | None) -> float | None:
        """What as many real pictures of the training score: mostly the bias of so few pictures. Drawn ones share their
        captions with the reference, these do not, so a good model may come out lower.
        """
        return frechet_distance(others.images, reference.images) if others else None


def cross_check(found: float, x_ND: "Tensor", y_MD: "Tensor") -> None:
    """Raise IntegrityError where torchmetrics' number, by the eigenvalues of the product of the covariances, is not
    ours, by singular values or Cholesky factors.

    The first loses up to the root of the machine's precision where a covariance is singular, hence the tolerance.
    """
    ours = frechet_distance(x_ND, y_MD)
    traces = float(x_ND.var(dim=0).sum() + y_MD.var(dim=0).sum())
    if not abs(found - ours) <= 1e-3 + 1e-5 * traces:
        raise IntegrityError(
            f"torchmetrics finds a Frechet distance of {found:.6g}, our own form {ours:.6g}: one of them is wrong",
            help="score again with the versions of constraints.txt, or leave the metric out",
            code="HK1050",
        )
