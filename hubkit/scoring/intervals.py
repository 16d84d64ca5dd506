"""How sure one can be of a score: where it would lie had other prompts been drawn, in 95 of 100 cases.

What belongs together leaves together: the pictures of one prompt, of both models, and the real picture they are held
against where each has its own.

Papers: Hall (1988), Theoretical Comparison of Bootstrap Confidence Intervals (studentised, symmetric); Kott (2001),
The Delete-a-Group Jackknife; Wilson (1927), Probable Inference; Bonett and Price (2012), Adjusted Wald Intervals for a
Difference of Binomial Proportions Based on Paired Data.

Legend: N drawn pictures, C clusters, B resamples, G groups.
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hubkit.randomness import generator
from hubkit.scoring import student
from hubkit.scoring.features import Features
from hubkit.scoring.metric import Metric
from hubkit.scoring.values import Interval

if TYPE_CHECKING:
    from torch import Tensor

RESAMPLES: Final = 2000
AT_ONCE: Final = 100
FEWEST: Final = 10
"""Clusters, below which an interval would say more of the method than of the model."""
CONFIDENCE: Final = 0.95
NORMAL: Final = 1.960
"""A normal variable lies within so many standard deviations in as many cases."""
GROUPS: Final = (20, 10)
"""Of the jackknife: as many as there are two clusters for."""


@dataclass(frozen=True)
class Spread:
    """The intervals of one score; None where there is too little to make one from."""

    interval: Interval | None = None
    base_interval: Interval | None = None
    difference_interval: Interval | None = None
    difference_error: float | None = None
    intervals_by: str = ""


def spread(
    metric: Metric, finetuned: Features, base: Features, real: Features, prompts: Sequence[Hashable]
) -> Spread:  # fmt: skip
    """The intervals of a metric's value on both models and of their difference, finetuned - base.

    Both models drew the same prompts from the same latents, so their difference is taken within a row. Where the
    real pictures are paired with the drawn ones they leave together; otherwise the real ones are held fixed.
    """
    import torch

    ours, theirs = metric.parts(finetuned, real), metric.parts(base, real)
    if isinstance(ours, torch.Tensor):
        assert isinstance(theirs, torch.Tensor)  # noqa: S101 - of the same metric
        return of_means(ours, theirs, *clustered(prompts, 2))
    assert not isinstance(theirs, torch.Tensor)  # noqa: S101 - of the same metric
    clusters, what = clustered(prompts, FEWEST)
    groups = grouped(clusters)
    if groups is None:
        return Spread()
    rows = torch.arange(len(real.images))
    count = int(groups.max()) + 1
    of_real = torch.where(rows < len(groups), groups[rows.clamp(max=len(groups) - 1)], rows % count)
    stays = [(groups != group, of_real != group if real.paired else rows >= 0) for group in range(count)]
    left_out = [torch.tensor([parts(*kept) for kept in stays], dtype=torch.float64) for parts in (ours, theirs)]
    everything = groups >= 0, rows >= 0
    return jackknifed(ours(*everything), theirs(*everything), left_out[0], left_out[1], what)


def fewest_for_interval(*, of_sets: bool) -> int:
    """Pictures below which a number has no interval, whatever it is."""
    return 2 * min(GROUPS) if of_sets else 2


def clustered(prompts: Sequence[Hashable], fewest: int) -> "tuple[Tensor, str]":
    """Which pictures belong together, (N,), numbered from 0, and what they have in common.

    Pictures of one prompt; where there are fewer prompts than `fewest` each picture stands for itself, and what is said
    holds for these prompts with other latents.
    """
    import torch

    different = {prompt: number for number, prompt in enumerate(dict.fromkeys(prompts))}
    if len(different) < fewest:
        return torch.arange(len(prompts)), "latents"
    return torch.tensor([different[prompt] for prompt in prompts]), "prompts"


def grouped(clusters_N: "Tensor") -> "Tensor | None":
    """The group of each picture, (N,), none of fewer than two clusters; None where there are too few."""
    clusters = int(clusters_N.max()) + 1 if len(clusters_N) else 0
    fitting = [count for count in GROUPS if clusters >= 2 * count]
    return clusters_N % max(fitting) if fitting else None


def jackknifed(value: float, base: float, left_out_G: "Tensor", base_left_out_G: "Tensor", what: str) -> Spread:
    """By the delete-a-group jackknife (Kott, equation 3), from the values with each group left out.

    A bootstrap would not do for a distance between sets: rows that are drawn twice bring back the bias of small sets.
    The jackknife's intervals are those of the distance over as many pictures: a bias that depends on their number is
    in the value and in the interval alike, and falls out of the difference as far as both models share it.
    """
    count = len(left_out_G)

    def error(values_G: "Tensor") -> float:
        return math.sqrt((count - 1) / count * float((values_G - values_G.mean()).square().sum()))

    reach = student.quantile(CONFIDENCE, count - 1)
    of_difference = error(left_out_G - base_left_out_G)
    return Spread(
        interval=_around(value, reach * error(left_out_G)),
        base_interval=_around(base, reach * error(base_left_out_G)),
        difference_interval=_around(value - base, reach * of_difference),
        difference_error=of_difference,
        intervals_by=f"jackknife, leaving out {count} groups of {what} in turn",
    )


def of_means(values_N: "Tensor", base_N: "Tensor", clusters_N: "Tensor", what: str) -> Spread:
    """Of two means over pictures, and of the mean of their differences."""
    clusters = int(clusters_N.max()) + 1 if len(clusters_N) else 0
    if clusters < 2:  # noqa: PLR2004 - one alone has no spread
        return Spread()
    values, base = values_N.double(), base_N.double()
    if {*values.tolist(), *base.tolist()} <= {0.0, 1.0}:
        return of_shares(values, base, clusters_N, what)
    few = clusters < FEWEST
    reaches, errors = (by_student if few else bootstrapped)([values, base, values - base], clusters_N)
    means = [float(values.mean()), float(base.mean()), float((values - base).mean())]
    intervals = [_around(mean, reach) for mean, reach in zip(means, reaches, strict=True)]
    return Spread(
        interval=intervals[0], base_interval=intervals[1], difference_interval=intervals[2],
        difference_error=errors[2],
        intervals_by=f"Student's t over {clusters} {what}" if few
        else f"bootstrap over {what}, studentised, {RESAMPLES:,} resamples",
    )  # fmt: skip


def by_student(of: "Sequence[Tensor]", clusters_N: "Tensor") -> tuple[list[float], list[float]]:
    """The same as `bootstrapped`, for so few clusters that there is little to resample: the mean lies within Student's
    t of itself, as if the clusters' own means were normal.
    """
    errors = [_error(sums_C) / len(clusters_N) for sums_C in excess(of, clusters_N)]
    reach = student.quantile(CONFIDENCE, int(clusters_N.max()))
    return [reach * error for error in errors], errors


def excess(of: "Sequence[Tensor]", clusters_N: "Tensor") -> "list[Tensor]":
    """By how much the sum over each cluster is more than its pictures' share of the whole, (C,)."""
    import torch

    nothing_C = torch.zeros(int(clusters_N.max()) + 1, dtype=torch.float64)
    return [nothing_C.index_add(0, clusters_N, values - values.mean()) for values in of]


def bootstrapped(of: "Sequence[Tensor]", clusters_N: "Tensor") -> tuple[list[float], list[float]]:
    """Half the width of the 95 % interval, and the standard error, of each mean over pictures, by resampling clusters.

    Symmetric percentile-t (Hall, section 2): t is |mean* - mean| / error*, and the interval reaches as far as its
    95 % quantile times the error. Plain percentiles are too narrow by their lack of a Student's t where clusters are
    few. nan where too many resamples hold but one value.
    """
    import torch

    sizes_C = torch.bincount(clusters_N).double()
    count = len(sizes_C)
    sums = excess(of, clusters_N)
    errors = [_error(sums_C) / len(clusters_N) for sums_C in sums]
    t: list[list[Tensor]] = [[] for _ in of]
    for start in range(0, RESAMPLES, AT_ONCE):
        drawn = torch.randint(count, (AT_ONCE, count), generator=generator(0, "bootstrap", count, start))
        times_BC = torch.zeros(AT_ONCE, count, dtype=torch.float64)
        times_BC.scatter_add_(1, drawn, torch.ones_like(times_BC))
        for sums_C, kept in zip(sums, t, strict=True):
            moved_B = (times_BC @ sums_C) / (times_BC @ sizes_C)
            rest_BC = sums_C - moved_B[:, None] * sizes_C
            squares_B = (times_BC * rest_BC.square()).sum(1) * count / (count - 1)
            kept.append((moved_B.abs() * (times_BC @ sizes_C) / squares_B.sqrt()).nan_to_num(0.0, posinf=math.inf))
    quantiles = [float(torch.cat(kept).quantile(CONFIDENCE)) for kept in t]
    return [quantile * error if error else 0.0 for quantile, error in zip(quantiles, errors, strict=True)], errors


def _error(sums_C: "Tensor") -> float:
    """The standard error of a sum over clusters whose mean is 0."""
    return math.sqrt(float(sums_C.square().sum()) * len(sums_C) / (len(sums_C) - 1))


def of_shares(values_N: "Tensor", base_N: "Tensor", clusters_N: "Tensor", what: str) -> Spread:
    """Of two shares of pictures: a share of 0 or of 1 has no spread to resample, and is uncertain all the same.

    Wilson's interval for each; for the difference Bonett and Price's, which adds one picture to either kind of change.
    Clusters count once, however many pictures they hold.
    """
    n = int(clusters_N.max()) + 1
    gained = float(((values_N - base_N) > 0).double().mean()) * n
    lost = float(((values_N - base_N) < 0).double().mean()) * n
    won, gone = (gained + 1) / (n + 2), (lost + 1) / (n + 2)
    error = math.sqrt((won + gone - (won - gone) ** 2) / (n + 2))
    return Spread(
        interval=wilson(float(values_N.mean()), n),
        base_interval=wilson(float(base_N.mean()), n),
        difference_interval=Interval(
            low=max(-1.0, won - gone - NORMAL * error), high=min(1.0, won - gone + NORMAL * error)
        ),
        difference_error=error,
        intervals_by=f"Wilson's interval over {what}; of the difference, Bonett and Price's",
    )


def wilson(share: float, n: int) -> Interval:
    """Of a share of n (Wilson, 1927): it stays between 0 and 1 and is never without width."""
    z = NORMAL
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    reach = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return Interval(low=max(0.0, centre - reach), high=min(1.0, centre + reach))


def _around(centre: float, reach: float) -> Interval | None:
    return Interval(low=centre - reach, high=centre + reach) if math.isfinite(centre + reach) else None
