"""The Frechet distance against closed forms, against other people's code, and what must hold whatever the numbers.

Samples are whitened, so that their moments are what the closed forms say to the last digits, not only on average.
"""

import math
import warnings

import pytest
import torch
from torch_fidelity.metric_fid import fid_statistics_to_metric

from hubkit.errors import IntegrityError
from hubkit.metrics.fid import FrechetDistance, cross_check
from hubkit.scoring import Features
from hubkit.scoring.frechet import frechet_distance, over_rows

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from cleanfid.fid import frechet_distance as clean_frechet_distance

FID = FrechetDistance(kind="fid")
EXACT = 1e-10


def draws(rows: int, features: int, seed: int) -> torch.Tensor:
    """Of a standard normal distribution, float64."""
    return torch.randn(rows, features, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def white(rows: int, features: int, seed: int) -> torch.Tensor:
    """Points whose sample mean is 0 and whose sample covariance is the identity (more rows than features)."""
    noise = draws(rows, features, seed)
    left, _, _ = torch.linalg.svd(noise - noise.mean(0), full_matrices=False)
    return left * math.sqrt(rows - 1)


def moments(points: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean (D,) and covariance (D, D)."""
    return points.mean(0), points.T.cov()


SPECTRUM = torch.arange(1, 65, dtype=torch.float64)
NARROW = draws(20, 64, 1)
"""Fewer pictures than features."""
DEFICIENT = draws(200, 20, 21) @ draws(20, 64, 22)
"""More pictures than features, of which many are sums of others."""
LEFT, RIGHT = NARROW.clone(), draws(20, 64, 2)
LEFT[:, 32:] = RIGHT[:, :32] = 0


@pytest.mark.parametrize(
    ("x", "y", "truth"),
    [
        pytest.param(white(80, 1, 3) * 3 + 1, white(90, 1, 4) * 0.5 - 1, 4 + 2.5**2, id="one feature"),
        pytest.param(
            white(80, 64, 3) * SPECTRUM.sqrt() + 0.5, white(90, 64, 4) * SPECTRUM.flip(0).sqrt(),
            64 * 0.25 + float((SPECTRUM.sqrt() - SPECTRUM.flip(0).sqrt()).square().sum()), id="diagonal",
        ),
        pytest.param(
            white(80, 64, 3) / SPECTRUM, 2 * white(90, 64, 4) / SPECTRUM, float(SPECTRUM.pow(-2).sum()), id="power law",
        ),
        pytest.param(white(80, 64, 3), white(80, 64, 3), 0.0, id="the same"),
        pytest.param(NARROW, NARROW, 0.0, id="the same, N < d"),
        pytest.param(draws(5, 2048, 5), draws(5, 2048, 5), 0.0, id="the same, N = 5, d = 2,048"),
        pytest.param(NARROW + 1, NARROW, 64.0, id="moved, N < d"),
        pytest.param(draws(5, 512, 5) + 0.5, draws(5, 512, 5), 128.0, id="moved, N = 5"),
        pytest.param(
            2 * NARROW, NARROW, float(NARROW.mean(0).square().sum() + NARROW.var(0).sum()), id="scaled, N < d",
        ),
        pytest.param(
            LEFT, RIGHT,
            float((LEFT.mean(0) - RIGHT.mean(0)).square().sum() + LEFT.var(0).sum() + RIGHT.var(0).sum()),
            id="nothing in common, N < d",
        ),
        pytest.param(2 * DEFICIENT, DEFICIENT, float(DEFICIENT.mean(0).square().sum() + DEFICIENT.var(0).sum()),
                     id="scaled, rank < d < N"),
        pytest.param(DEFICIENT, DEFICIENT, 0.0, id="the same, rank < d < N"),
    ],
)  # fmt: skip
def test_closed_forms(x, y, truth):
    """(mu1 - mu2)^2 + (s1 - s2)^2 and what follows from it, to ten digits; never below 0."""
    assert truth == pytest.approx(frechet_distance(x, y), abs=EXACT)
    assert frechet_distance(x, y) >= 0


@pytest.mark.parametrize(("rows", "others"), [(80, 90), (20, 30), (20, 90)], ids=["N > d", "N < d", "one of each"])
def test_what_must_hold_whatever_the_numbers(rows, others):
    """Symmetric; blind to rotation and order; its root is a distance; a sum over shards is the sum over the whole."""
    x, y, z = draws(rows, 64, 6).abs(), draws(others, 64, 7).abs() * 1.2, draws(others, 64, 8) + 0.3
    turn = torch.linalg.qr(draws(64, 64, 9)).Q
    distance = frechet_distance(x, y)
    shuffled = torch.cat([x[::2], x[1::2]])

    assert distance == pytest.approx(frechet_distance(y, x), abs=EXACT)
    assert distance == pytest.approx(frechet_distance(x @ turn, y @ turn), abs=EXACT)
    assert distance == pytest.approx(frechet_distance(shuffled, y.flip(0)), abs=EXACT)
    assert distance == pytest.approx(frechet_distance(x.repeat(1, 2), y.repeat(1, 2)) / 2, abs=1e-6)  # singular
    assert math.sqrt(frechet_distance(x, z)) <= math.sqrt(distance) + math.sqrt(frechet_distance(y, z))


def test_a_feature_that_never_changes_does_no_harm():
    """Its covariance has no Cholesky factor."""
    x, y = draws(80, 8, 10), draws(90, 8, 11)
    still = torch.zeros(1, 3).double()
    wider, also_wider = (torch.cat([points, still.expand(len(points), 3)], 1) for points in (x, y))

    assert frechet_distance(x, y) == pytest.approx(frechet_distance(wider, also_wider), abs=1e-9)


def test_one_picture_has_no_covariance():
    """What cannot be computed is nan."""
    assert math.isnan(frechet_distance(draws(1, 4, 1), draws(5, 4, 2)))


def by_torch_fidelity(x: torch.Tensor, y: torch.Tensor) -> float:
    """Eigenvalues of the product, by numpy."""
    statistics = ({"mu": points.mean(0).numpy(), "sigma": points.T.cov().numpy()} for points in (x, y))
    return float(fid_statistics_to_metric(*statistics, verbose=False)["frechet_inception_distance"])


def by_clean_fid(x: torch.Tensor, y: torch.Tensor) -> float:
    """The matrix root of the product, by scipy."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of scipy's `disp`
        (mean, covariance), (other_mean, other_covariance) = moments(x), moments(y)
        return float(
            clean_frechet_distance(mean.numpy(), covariance.numpy(), other_mean.numpy(), other_covariance.numpy())
        )


@pytest.mark.parametrize("theirs", [by_torch_fidelity, by_clean_fid])
def test_other_peoples_code_finds_the_same(theirs):
    """To 1e-6 of the value at full rank, to 1e-3 where a covariance is singular."""
    x, y = draws(300, 64, 12).abs(), draws(260, 64, 13).abs() * 1.1

    assert frechet_distance(x, y) == pytest.approx(theirs(x, y), rel=1e-6)
    assert frechet_distance(x[:40], y[:30]) == pytest.approx(theirs(x[:40], y[:30]), abs=1e-3)


@pytest.mark.parametrize("rows", [300, 40], ids=["full rank", "singular"])
def test_the_headline_number_is_torchmetrics_and_ours(rows):
    """Within what the cross-check allows, which lets it through."""
    x, y = draws(rows, 64, 14).abs().float(), draws(rows, 64, 15).abs().float() * 1.1

    assert FID.value(Features(x), Features(y)) == pytest.approx(frechet_distance(x, y), abs=1e-3)


@pytest.mark.parametrize("wrong", [1.01, math.nan])
def test_a_number_that_two_algorithms_disagree_about_is_refused(wrong):
    """Exit 10; nan agrees with nothing."""
    x, y = draws(80, 8, 16), draws(90, 8, 17) + 1
    right = frechet_distance(x, y)

    cross_check(right, x, y)
    with pytest.raises(IntegrityError, match="one of them is wrong") as caught:
        cross_check(right * wrong, x, y)
    assert caught.value.faults[0].code == "HK1050"


def test_forty_distances_over_the_inceptions_features_are_cheap():
    """The features are looked at once: what is left is singular values of a matrix of pictures."""
    x, y = draws(60, 2048, 18), draws(60, 2048, 19)
    left_out = over_rows(x, y)
    keep = torch.arange(60) % 20 != 3

    assert left_out(keep, keep) == pytest.approx(frechet_distance(x[keep], y[keep]), abs=1e-8)
