"""Intervals cover the truth as often as they say, where the truth is known; and what would not."""

import math
from collections.abc import Callable

import pytest
import torch

from hubkit.metrics.clip_score import ClipScore
from hubkit.metrics.diversity import ClassDiversity
from hubkit.metrics.fid import FrechetDistance
from hubkit.metrics.kid import KernelDistance
from hubkit.scoring import Features, Interval, Spread, spread
from hubkit.scoring.frechet import frechet_distance, over_rows
from hubkit.scoring.intervals import bootstrapped, clustered, grouped, of_means, wilson

D = 16
EXPERIMENTS = 500
KID = KernelDistance(kind="kid")
FID = FrechetDistance(kind="fid")
CLIP_SCORE = ClipScore(kind="clip-score")

Law = tuple[torch.Tensor, torch.Tensor]
"""Mean (D,) and covariance (D, D) of a normal distribution."""


def law(shift: float, scale: float = 1.0) -> Law:
    """Moved along every axis, and wider."""
    return torch.full((D,), shift).double(), torch.eye(D).double() * scale**2


REAL, BASE, FINETUNED = law(0.0), law(0.5, 1.1), law(0.25)


def paired_draws(rows: int, laws: tuple[Law, ...], dice: torch.Generator) -> list[torch.Tensor]:
    """(rows, D) of each; half of a row's variance comes from its caption, which all share."""
    caption = torch.randn(rows, D, generator=dice).double()
    noise = [torch.randn(rows, D, generator=dice).double() for _ in laws]
    return [
        mean + ((caption + own) / math.sqrt(2)) @ torch.linalg.cholesky(covariance).T
        for own, (mean, covariance) in zip(noise, laws, strict=True)
    ]


def mean_kernel(one: Law, other: Law) -> float:
    """E (x . y / D + 1)^3 of independent normal x and y, from their first three moments."""
    moments = []
    for mean, covariance in (one, other):
        third = torch.einsum("i,j,k->ijk", mean, mean, mean)
        for places in ("i,jk->ijk", "j,ik->ijk", "k,ij->ijk"):
            third = third + torch.einsum(places, mean, covariance)
        moments.append((mean, covariance + torch.outer(mean, mean), third))
    first, second, third = ((a * b).sum() / D**power for power, (a, b) in enumerate(zip(*moments, strict=True), 1))
    return float(1 + 3 * first + 3 * second + third)


def true_kid(one: Law, other: Law) -> float:
    """The squared maximum mean discrepancy of two normal distributions."""
    return mean_kernel(one, one) + mean_kernel(other, other) - 2 * mean_kernel(one, other)


def coverage(experiment: Callable[[torch.Generator], Spread], value: float, base: float) -> tuple[float, float, float]:
    """How often the intervals of the value, of the base's and of their difference cover the truth."""
    dice = torch.Generator().manual_seed(5)
    hits = torch.zeros(3)
    for _ in range(EXPERIMENTS):
        found = experiment(dice)
        intervals = (found.interval, found.base_interval, found.difference_interval)
        hits += torch.tensor([covers(*pair) for pair in zip(intervals, (value, base, value - base), strict=True)])
    return tuple((hits / EXPERIMENTS).tolist())


def covers(interval: Interval | None, truth: float) -> bool:
    """Whether the truth lies within."""
    assert interval is not None
    return interval.low <= truth <= interval.high


def test_intervals_of_the_kernel_distance_cover_the_truth():
    """Of both models and of their difference, each picture alike the real one of its caption."""
    rows = 60

    def experiment(dice: torch.Generator) -> Spread:
        real, base, finetuned = paired_draws(rows, (REAL, BASE, FINETUNED), dice)
        return spread(KID, Features(finetuned), Features(base), Features(real, paired=True), range(rows))

    for share in coverage(experiment, true_kid(FINETUNED, REAL), true_kid(BASE, REAL)):
        assert 0.92 <= share <= 0.98


@pytest.mark.parametrize(("prompts", "seeds"), [(50, 1), (20, 4), (5, 8)])
def test_intervals_of_the_clip_score_cover_the_truth(prompts, seeds):
    """Over prompts, each drawn from several latents: pictures of one prompt are alike."""
    caption = torch.tensor([[1.0, 0.0]]).repeat(prompts * seeds, 1)

    def pictures(of_prompt: torch.Tensor, centre: float, dice: torch.Generator) -> Features:
        angle = centre + 0.1 * of_prompt + 0.1 * torch.randn(prompts, seeds, generator=dice)
        return Features(torch.stack([angle.cos(), angle.sin()], -1).reshape(-1, 2), caption)

    def experiment(dice: torch.Generator) -> Spread:
        of_prompt = torch.randn(prompts, 1, generator=dice)
        finetuned, base = (pictures(of_prompt, centre, dice) for centre in (0.5, 0.6))
        return spread(CLIP_SCORE, finetuned, base, base, [row // seeds for row in range(prompts * seeds)])

    mean = math.exp(-0.01)  # E cos of a normal angle: cos(mean) exp(-variance / 2)
    for share in coverage(experiment, 100 * mean * math.cos(0.5), 100 * mean * math.cos(0.6)):
        assert 0.92 <= share <= 0.98


def mean_fid(rows: int, of: Law, draws: int = 1000) -> float:
    """What FID is on average over so many rows, by simulation."""
    dice = torch.Generator().manual_seed(6)
    values = [frechet_distance(*paired_draws(rows, (of, REAL), dice)) for _ in range(draws)]
    return sum(values) / draws


def test_intervals_of_the_frechet_distance_cover_what_it_is_on_average_at_its_n():
    """And its difference. They do not cover its limit: it is biased, and says so by its name `fid@n`."""
    rows = 60

    def experiment(dice: torch.Generator) -> Spread:
        real, base, finetuned = paired_draws(rows, (REAL, BASE, FINETUNED), dice)
        return spread(FID, Features(finetuned), Features(base), Features(real, paired=True), range(rows))

    limit = D * 0.25**2
    average = mean_fid(rows, FINETUNED)

    assert average > 2 * limit
    for share in coverage(experiment, average, mean_fid(rows, BASE)):
        assert 0.92 <= share <= 0.99


def test_a_naive_bootstrap_of_a_distance_does_not_cover():
    """Rows that are drawn twice make a set look smaller than it is: both distances move away from their own value."""
    dice = torch.Generator().manual_seed(7)
    rows, truth = 40, true_kid(FINETUNED, REAL)
    kid_covered = fid_within = 0
    for _ in range(40):
        real, finetuned = paired_draws(rows, (REAL, FINETUNED), dice)
        resamples = [torch.randint(rows, (rows,), generator=dice) for _ in range(100)]
        kids = [KID.value(Features(finetuned[rows]), Features(real[rows], paired=True)) for rows in resamples]
        fids = [frechet_distance(finetuned[rows], real[rows]) for rows in resamples]
        kid_covered += torch.tensor(kids).quantile(0.025) <= truth <= torch.tensor(kids).quantile(0.975)
        low, high = torch.tensor(fids).quantile(torch.tensor([0.025, 0.975]))
        fid_within += bool(low <= frechet_distance(finetuned, real) <= high)

    assert kid_covered < 0.8 * 40
    assert fid_within < 0.2 * 40


def test_twenty_pairs_of_equal_models_show_at_most_three_changes():
    """For every metric with intervals."""
    dice = torch.Generator().manual_seed(8)
    changed = dict.fromkeys(("kid", "fid", "clip-score"), 0)
    for _ in range(20):
        real, base, again = (Features(rows, rows.flip(1)) for rows in paired_draws(60, (REAL, BASE, BASE), dice))
        for metric in (KID, FID, CLIP_SCORE):
            found = spread(metric, again, base, Features(real.images, paired=True), range(60))
            changed[metric.kind] += not covers(found.difference_interval, 0.0)

    assert all(count <= 3 for count in changed.values()), changed


def test_the_error_of_a_mean_is_the_textbook_one():
    """s / sqrt(n), and its interval is Student's but for what 2,000 resamples leave to chance."""
    values = torch.randn(30, generator=torch.Generator().manual_seed(9)).double()
    reaches, errors = bootstrapped([values], torch.arange(30))
    textbook = float(values.std()) / math.sqrt(30)

    assert errors[0] == pytest.approx(textbook)
    assert reaches[0] == pytest.approx(2.045 * textbook, rel=0.06)


def test_pictures_of_one_prompt_count_once():
    """The same picture four times over says no more than once."""
    values = torch.randn(30, generator=torch.Generator().manual_seed(10)).double()
    base = torch.zeros(30).double()
    once = of_means(values, base, torch.arange(30), "prompts")
    four = of_means(values.repeat_interleave(4), base.repeat(4), torch.arange(30).repeat_interleave(4), "prompts")

    assert four.interval is not None
    assert once.interval is not None
    assert four.interval.low == pytest.approx(once.interval.low)
    assert four.interval.high == pytest.approx(once.interval.high)


def test_the_same_pictures_differ_by_nothing_for_sure():
    """A difference of 0 everywhere has no width."""
    values = torch.randn(30, generator=torch.Generator().manual_seed(11)).double()

    assert of_means(values, values, torch.arange(30), "prompts").difference_interval == Interval(low=0.0, high=0.0)


def test_a_share_of_nothing_is_uncertain_all_the_same():
    """No leak in 48 pictures is compatible with one in thirteen (Wilson: z^2 / (n + z^2))."""
    none = torch.zeros(48).double()
    found = of_means(none, none, torch.arange(48), "latents")

    assert found.interval is not None
    assert found.interval.low == pytest.approx(0.0, abs=1e-12)
    assert found.interval.high == pytest.approx(1.96**2 / (48 + 1.96**2))
    assert covers(found.difference_interval, 0.0)
    assert found.difference_interval != Interval(low=0.0, high=0.0)


def test_a_share_that_fell_for_sure_is_a_change():
    """Forty of fifty pictures lost it."""
    base = torch.ones(50).double()
    found = of_means(torch.cat([torch.zeros(40), torch.ones(10)]).double(), base, torch.arange(50), "latents")

    assert found.difference_interval is not None
    assert found.difference_interval.high < -0.5
    assert wilson(0.2, 50).low == pytest.approx(0.1124, abs=1e-4)  # the textbook's 10 of 50
    assert wilson(0.2, 50).high == pytest.approx(0.3304, abs=1e-4)


def test_what_belongs_together_is_found():
    """Pictures of a prompt; with one prompt for all, each picture."""
    prompts = [f"prompt {row // 2}" for row in range(24)]

    assert [row // 2 for row in range(24)] == clustered(prompts, 10)[0].tolist()
    assert clustered(prompts, 10)[1] == "prompts"
    assert clustered(prompts, 13)[1] == "latents"
    assert list(range(24)) == clustered(["a photo of a person"] * 24, 2)[0].tolist()
    assert clustered(["a photo of a person"] * 24, 2)[1] == "latents"


@pytest.mark.parametrize(("clusters", "groups"), [(19, None), (20, 10), (39, 10), (40, 20), (500, 20)])
def test_a_group_holds_two_clusters_at_least(clusters, groups):
    """Fewer pictures have fewer groups; under twenty there is no jackknife."""
    found = grouped(torch.arange(clusters))

    assert groups == (None if found is None else int(found.max()) + 1)


@pytest.mark.parametrize("metric", [KID, FID], ids=["kid", "fid"])
@pytest.mark.parametrize("features", [4, 64], ids=["full rank", "singular"])
def test_leaving_rows_out_is_the_distance_over_the_rest(metric, features):
    """Without looking at the features again."""
    dice = torch.Generator().manual_seed(12)
    drawn, real = (torch.randn(rows, features, generator=dice).double() + 3 for rows in (30, 34))
    keep, keep_real = torch.arange(30) % 7 != 2, torch.arange(34) % 7 != 2
    left = metric.parts(Features(drawn), Features(real, paired=True))(keep, keep_real)
    rest = metric.value(Features(drawn[keep]), Features(real[keep_real], paired=True))

    assert left == pytest.approx(rest, abs=1e-3 if metric is FID else 1e-9)  # torchmetrics', where singular
    if metric is FID:
        exact = frechet_distance(drawn[keep], real[keep_real])
        assert over_rows(drawn, real)(keep, keep_real) == pytest.approx(exact, abs=1e-9)


def test_real_pictures_without_a_picture_of_theirs_are_left_out_in_turn_too():
    """More held-out rows than drawn pictures: all of them are resampled."""
    dice = torch.Generator().manual_seed(13)
    drawn, base, real = (Features(torch.randn(rows, 4, generator=dice)) for rows in (40, 40, 60))
    together = spread(KID, drawn, base, Features(real.images, paired=True), range(40))
    fixed = spread(KID, drawn, base, real, range(40))

    assert together.interval is not None
    assert fixed.interval is not None
    assert together.interval.high - together.interval.low > fixed.interval.high - fixed.interval.low


def test_a_distance_of_pairs_within_a_set_has_an_interval():
    """DIV is no mean over pictures; it is jackknifed over them."""
    dice = torch.Generator().manual_seed(14)
    wide, narrow = (Features(torch.randn(48, 8, generator=dice) + shift) for shift in (0.0, 3.0))
    metric = ClassDiversity(kind="div", extractor="someone/clip")
    found = spread(metric, narrow, wide, wide, ["a photo of a person"] * 48)

    assert found.difference_interval is not None
    assert found.difference_interval.high < 0
    assert covers(found.interval, metric.value(narrow, wide))


def test_what_is_not_a_number_has_no_interval():
    """Rather none than one around nothing."""
    nothing = torch.full((20,), math.nan).double()

    assert of_means(nothing, nothing, torch.arange(20), "prompts").interval is None
