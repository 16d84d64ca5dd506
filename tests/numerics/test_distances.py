"""The metrics against closed forms, loops in float64, and what must hold whatever the numbers."""

import math
import warnings

import pytest
import torch
from torch_fidelity.metric_kid import kid_features_to_metric as features_to_metric
from torchmetrics.image.kid import KernelInceptionDistance

from hubkit.extractors import Extractor
from hubkit.metrics import METRICS
from hubkit.metrics.clip_score import ClipScore
from hubkit.metrics.fid import FrechetDistance
from hubkit.metrics.kid import KernelDistance, unbiased_mmd
from hubkit.scoring import Features, Gate, Interval, Score, gated, verdict
from hubkit.scoring.frechet import frechet_distance

KID = KernelDistance(kind="kid")
FID = FrechetDistance(kind="fid")


def gaussian(count: int, features: int, seed: int, shift: float = 0.0) -> torch.Tensor:
    """Draws of a standard normal distribution."""
    return torch.randn(count, features, generator=torch.Generator().manual_seed(seed)) + shift


def exact(count: int, features: int, seed: int) -> torch.Tensor:
    """Points whose sample mean is exactly 0 and whose sample covariance is exactly the identity (whitened noise)."""
    noise = gaussian(count, features, seed).double()
    left, _, _ = torch.linalg.svd(noise - noise.mean(0), full_matrices=False)
    return left * math.sqrt(count - 1)


def test_frechet_distance_of_shifted_points_is_the_squared_shift():
    """Equal covariances: |mu1 - mu2|^2."""
    points = exact(200, 16, seed=1)

    assert FID.value(Features(points + 0.5), Features(points)) == pytest.approx(16 * 0.25, abs=1e-8)


def test_frechet_distance_of_scaled_points():
    """Commuting covariances: (s - 1)^2 * trace."""
    points = exact(200, 16, seed=2)

    assert FID.value(Features(points * 3), Features(points)) == pytest.approx(4 * 16, abs=1e-7)


def test_frechet_distance_with_fewer_pictures_than_features():
    """The covariance is singular; a shift is still a shift, to the accuracy of torchmetrics' eigenvalues."""
    points = gaussian(20, 64, seed=3).double()

    assert FID.value(Features(points + 0.5), Features(points)) == pytest.approx(16.0, abs=1e-3)


def test_frechet_distance_says_what_a_small_n_does_to_it():
    """Under 2,048 pictures, and with fewer pictures than features."""
    notes = FID.notes(Features(torch.zeros(122, 2048)), 0)

    assert "2,048" in notes[0]
    assert "rank-deficient" in notes[1]
    assert FID.notes(Features(torch.zeros(5000, 2048)), 0) == ()


def test_kernel_distance_is_the_mean_over_pairs():
    """The U-statistic, pair by pair."""
    x, y = gaussian(7, 5, seed=4).double(), gaussian(6, 5, seed=5, shift=0.3).double()

    def kernel(a: torch.Tensor, b: torch.Tensor) -> float:
        return (float(a @ b) / 5 + 1) ** 3

    within_x = sum(kernel(x[i], x[j]) for i in range(7) for j in range(7) if i != j) / 42
    within_y = sum(kernel(y[i], y[j]) for i in range(6) for j in range(6) if i != j) / 30
    between = sum(kernel(a, b) for a in x for b in y) / 42

    assert unbiased_mmd(x, y) == pytest.approx(within_x + within_y - 2 * between, rel=1e-10)


@pytest.mark.parametrize("rows", [40, 300])
def test_other_peoples_code_finds_the_same_kernel_distance(rows):
    """torch-fidelity's and torchmetrics', each with one subset that holds all: to 1e-6."""
    x, y = gaussian(rows, 64, seed=40).double().abs(), gaussian(rows, 64, seed=41).double().abs() * 1.1
    theirs = features_to_metric(
        x, y, kid_subsets=1, kid_subset_size=rows, kid_degree=3, kid_gamma=None, kid_coef0=1, kid_kernel="poly",
        rng_seed=0, verbose=False,
    )["kernel_inception_distance_mean"]  # fmt: skip
    features = torch.nn.Identity()
    features.num_features = 64
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that it keeps all features
        metric = KernelInceptionDistance(feature=features, subsets=1, subset_size=rows).set_dtype(torch.float64)
    metric.update(x, real=True)
    metric.update(y, real=False)

    assert KID.value(Features(y), Features(x)) == pytest.approx(theirs, rel=1e-6)
    assert KID.value(Features(y), Features(x)) == pytest.approx(float(metric.compute()[0]), rel=1e-6)


def test_what_real_pictures_score_is_of_as_many_as_were_drawn():
    """Unpaired: of the distance between two sets of real pictures."""
    real, others = gaussian(60, 16, seed=42), gaussian(60, 16, seed=43)
    paired = Features(real, paired=True)

    assert KID.among(paired, Features(others)) == pytest.approx(unbiased_mmd(others.double(), real.double()))
    assert FID.among(paired, Features(others)) == pytest.approx(frechet_distance(others, real))
    assert KID.among(paired, None) is FID.among(paired, None) is None


def test_a_picture_is_not_held_against_the_real_one_of_its_own_caption():
    """The two are alike whatever the model: with them, equal distributions would lie closer than 0."""
    values, all_pairs = [], []
    for run in range(100):
        captions = gaussian(20, 8, seed=3000 + run)
        drawn, real = (captions + gaussian(20, 8, seed=4000 + 2 * run + which) for which in range(2))
        values.append(KID.value(Features(drawn), Features(real, paired=True)))
        all_pairs.append(KID.value(Features(drawn), Features(real)))
    mean, error = torch.tensor(values).mean(), torch.tensor(values).std() / 10

    assert abs(mean) < 3 * error
    assert torch.tensor(all_pairs).mean() < -10 * error


def test_kernel_distance_is_zero_on_average_under_the_null():
    """Unbiased: it takes both signs, and its mean over replicates is 0 within its standard error."""
    values = [
        unbiased_mmd(gaussian(20, 8, seed=100 + 2 * run).double(), gaussian(20, 8, seed=101 + 2 * run).double())
        for run in range(200)
    ]
    mean = sum(values) / len(values)
    error = math.sqrt(sum((value - mean) ** 2 for value in values) / len(values) / (len(values) - 1))

    assert min(values) < 0 < max(values)
    assert abs(mean) < 3 * error


@pytest.mark.parametrize("metric", [KID, FID], ids=["kid", "fid"])
def test_one_picture_is_no_distribution(metric):
    """What cannot be computed is nan, which meets no gate."""
    assert math.isnan(metric.value(Features(torch.ones(1, 4)), Features(torch.ones(5, 4))))


@pytest.mark.parametrize(
    ("caption", "expected"),
    [([1.0, 0.0], 100.0), ([0.0, 1.0], 0.0), ([1.0, 1.0], 100 / math.sqrt(2)), ([-1.0, 0.0], -100.0)],
)
def test_clip_score_is_a_hundred_cosines(caption, expected):
    """Whatever the lengths of the vectors, and whatever the sign."""
    samples = Features(torch.tensor([[3.0, 0.0]] * 4), torch.tensor([caption] * 4) * 7)

    assert ClipScore(kind="clip-score").value(samples, Features(torch.zeros(0, 2))) == pytest.approx(expected, abs=1e-5)


def scored(value: float, base: float, better: str = "lower", reach: float | None = None) -> Score:
    """A score that says nothing else; its difference is sure to within `reach`."""
    difference = value - base
    interval = None if reach is None else Interval(low=difference - reach, high=difference + reach)
    return Score(
        metric="kid", kind="kid", value=value, base=base, difference_interval=interval, better=better, n=1, scale="",
        extractor="", extractor_revision="", settings={}, reference={},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("gate", "score", "met"),
    [
        (Gate(better_than="base"), scored(0.1, 0.2), True),
        (Gate(better_than="base"), scored(0.2, 0.2), False),
        (Gate(better_than="base"), scored(math.nan, 0.2), False),
        (Gate(better_than="base"), scored(0.1, math.nan), False),
        (Gate(within=1.0), scored(24.5, 25.0, "higher"), True),
        (Gate(within=1.0), scored(23.5, 25.0, "higher"), False),
        (Gate(within=1.0), scored(math.nan, 25.0, "higher"), False),
        (Gate(at_least=20.0), scored(21.0, 0.0, "higher"), True),
        (Gate(at_most=20.0), scored(math.inf, 0.0), False),
        (Gate(at_most=20.0), scored(math.nan, 0.0), False),
        (Gate(at_least=20.0), scored(math.inf, 0.0, "higher"), False),
    ],
)
def test_a_gate_is_met_by_finite_numbers_only(gate, score, met):
    """A comparison with nan is False, so nan passes nowhere."""
    assert gated(gate, score).gate_met is met


@pytest.mark.parametrize(
    ("score", "words"),
    [
        (scored(0.1, 0.2, reach=0.09), "better"),
        (scored(0.1, 0.2, reach=0.11), "no measurable change"),
        (scored(0.3, 0.2, reach=0.09), "worse"),
        (scored(0.3, 0.2, "higher", reach=0.09), "better"),
        (scored(0.3, 0.2), "not tested"),
        (scored(math.nan, 0.2), "not a number"),
    ],
)
def test_a_difference_is_called_what_it_is(score, words):
    """An interval that covers zero is no change."""
    assert verdict(score) == words


@pytest.mark.parametrize("kind", sorted(METRICS))
def test_every_metric_names_its_paper(kind):
    """A number on a card can be looked up."""
    assert METRICS[kind].paper.startswith("https://arxiv.org/")
    assert METRICS[kind].__doc__


def test_a_distance_is_called_fid_with_the_inception_weights_only():
    """Any other extractor gives an fd."""

    class Eyes(Extractor):
        """Has only a name."""

        def __init__(self, name: str) -> None:
            self.name = name

    assert FID.name(Eyes("inception"), 500) == "fid@500"
    assert FID.name(Eyes("mini-clip"), 500) == "fd[mini-clip]@500"
    assert KID.name(Eyes("mini-clip"), 500) == "kid[mini-clip]"
