"""The search for the nearest training picture, and when there are too many that are too near.

A recipe that mirrors pictures teaches their mirrors too, so both are searched. Distances are 1 - cosine.

Legend: N drawn pictures, M held-out ones, T of the training with their mirrors, D features.
"""

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from hubkit.data import CaptionedImages
from hubkit.randomness import permutation
from hubkit.scoring.features import Features, Look, Nearest
from hubkit.scoring.likeness import cosines
from hubkit.scoring.metric import Metric
from hubkit.scoring.panels import Laid, mirrored_pictures, real_pictures
from hubkit.scoring.values import Neighbours, Score

if TYPE_CHECKING:
    from torch import Tensor

PERCENTILE: Final = 0.01
"""Of the held-out pictures' own distances to the training: what is nearer counts as a copy. Low, since copies are far
below it and each hundredth more is a hundredth of false alarms; not lower, since the few hundred pictures that a
finetune holds out have no finer quantile.
"""
MEASURED_BY: Final = "held_out_pictures_measured_by"
"""In a score's settings: how many."""
NEAREST_KEPT: Final = 8
"""Pairs of each panel; a card shows as many of all panels together, so its nearest are the nearest of all."""
AT_ONCE: Final = 1024
ONE_SIDED: Final = 0.025
"""Of what lies above a two-sided 95 % interval."""
ALL_BUT_THE_SAME: Final = 0.1
"""Of the distance that is usual: what is nearer still is the same picture, saved anew or slightly changed."""
ROUNDING: Final = 1e-6
"""Equal pictures may lie so far apart."""


@runtime_checkable
class Searches(Protocol):
    """A metric that looks for the nearest training picture of each drawn one."""

    at_most: int
    """Training pictures that are searched."""
    above_holdout: str
    """'fail' or 'warn': what too many mean."""


def rows_to_search(images: CaptionedImages, at_most: int) -> tuple[int, ...]:
    """The training's rows, or as many as may be, drawn by the seed of the split."""
    order = permutation(images.source.seed, "search", 0, len(images.train))[:at_most]
    return tuple(sorted(images.train[place] for place in order))


def pictures_to_search(images: CaptionedImages, rows: Sequence[int]) -> list[Look]:
    """Those rows' pictures, and after them their mirrors where the training mirrors."""
    return real_pictures(images, rows) + (mirrored_pictures(images, rows) if images.source.horizontal_flip else [])


def nearest(x_ND: "Tensor", training_TD: "Tensor", rows: Sequence[int]) -> Nearest:
    """The nearest of the training's pictures, whose dataset rows are `rows`; their mirrors may come after them."""
    import torch

    if not (len(x_ND) and len(training_TD)):
        return Nearest(torch.full((len(x_ND),), math.nan, dtype=torch.float64), [-1] * len(x_ND), [False] * len(x_ND))
    found = [cosines(x_ND[start : start + AT_ONCE], training_TD).max(dim=1) for start in range(0, len(x_ND), AT_ONCE)]
    places = torch.cat([one.indices for one in found]).tolist()
    return Nearest(
        1 - torch.cat([one.values for one in found]),
        [rows[place % len(rows)] for place in places],
        [place >= len(rows) for place in places],
    )


def own_distances(held_out: Nearest) -> "Tensor":
    """Of the held-out pictures to the training, (M,), ascending: the measure of what is near. Without those that are
    themselves all but copies of a training picture, which the split did not find: they would pass for what is usual.
    """
    own_M: Tensor = held_out.distances.sort().values
    return own_M[own_M >= ALL_BUT_THE_SAME * own_M.median()] if len(own_M) else own_M


def threshold(held_out: Nearest) -> float:
    """The distance below which a picture counts as a copy: the held-out picture's that has `rank` - 1 nearer ones."""
    own_M = own_distances(held_out)
    return max(ROUNDING, float(own_M[rank(len(own_M)) - 1]))


def rank(held_out: int) -> int:
    """Of the held-out picture whose distance is the percentile, from 1."""
    return 1 + math.floor(PERCENTILE * (held_out - 1))


def common(held_out: int) -> float:
    """How likely one more held-out picture is below the threshold: all ranks are equally likely for it."""
    return rank(held_out) / (held_out + 1)


def at_most_common(held_out: int) -> float:
    """The same, but more than it is in 39 of 40 cases: so few held-out pictures leave their share uncertain (Clopper
    and Pearson, 1934).
    """
    below = rank(held_out) - 1
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _chance(below, held_out, middle) > ONE_SIDED else (low, middle)
    return high


def _chance(at_most: int, of: int, share: float) -> float:
    """That no more than so many of so many happen."""
    logarithms = (
        math.lgamma(of + 1) - math.lgamma(k + 1) - math.lgamma(of - k + 1)
        + k * math.log(share) + (of - k) * math.log1p(-share)
        for k in range(at_most + 1)
    )  # fmt: skip
    return math.fsum(map(math.exp, logarithms))


def nearest_pairs(files: Sequence[str], drawn: Nearest, held_out: Nearest) -> tuple[Neighbours, ...]:
    """The pairs of a drawn and a training picture that are nearest, nearest first; one for each drawn picture."""
    limit = threshold(held_out)
    return tuple(
        Neighbours(
            file=files[number],
            row=drawn.rows[number],
            mirrored=drawn.mirrored[number],
            distance=float(drawn.distances[number]),
            threshold=limit,
        )
        for number in drawn.distances.argsort(stable=True)[:NEAREST_KEPT].tolist()
    )


def searched(score: Score, drawn: Features, held_out: Features, laid: Laid) -> Score:
    """The score with the nearest pairs, what was searched, and a warning where too many are too near."""
    if drawn.nearest is None or held_out.nearest is None or not len(held_out.images) or not laid.training_rows:
        return score
    found = score.model_copy(
        update={
            "settings": score.settings | dict(_search(laid, held_out.nearest)),
            "nearest": nearest_pairs([look.name for look in laid.finetuned], drawn.nearest, held_out.nearest),
        }
    )
    worries = (*score.warnings, *too_near(found), *_the_same(drawn.nearest, held_out.nearest))
    return found.model_copy(update={"warnings": worries})


def _search(laid: Laid, held_out: Nearest) -> Iterator[tuple[str, int | str]]:
    """What was searched, and what the distances are measured by."""
    yield "training_pictures_searched", len(laid.training_rows)
    yield "mirrors_searched", "yes" if len(laid.training) > len(laid.training_rows) else "no"
    yield MEASURED_BY, len(own_distances(held_out))


def _the_same(drawn: Nearest, held_out: Nearest) -> Iterator[str]:
    """Single pictures, where they are too near to be like one another by chance."""
    limit = max(ROUNDING, ALL_BUT_THE_SAME * threshold(held_out))
    if same := int((drawn.distances < limit).sum()):
        yield (
            f"{same} of the drawn pictures {_are(same)} all but identical to a training picture, nearer than a tenth of"
            f" what counts as a copy ({limit:.3g}): look at the nearest pairs"
        )
    if left_out := len(held_out.rows) - len(own_distances(held_out)):
        yield (
            f"{left_out} of the held-out pictures {_are(left_out)} all but identical to one that was trained on, and"
            " not counted here; every other score counts them"
        )


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def copies(scores: Sequence[Score], metrics: Sequence[Metric]) -> tuple[str, ...]:
    """Searches that forbid publishing, in words."""
    forbidding = {one.kind for one in metrics if isinstance(one, Searches) and one.above_holdout == "fail"}
    return tuple(f"{one.metric}: {worry}" for one in scores if one.kind in forbidding for worry in too_near(one))


def too_near(score: Score) -> Iterator[str]:
    """What is wrong with the share of near pictures, in words; nothing where chance may have made it."""
    most = at_most_common(int(score.settings.get(MEASURED_BY, 0)))
    if score.interval is None or not score.interval.low > most:
        return
    yield (
        f"{score.value:.1%} of the drawn pictures count as copies, {score.interval.low:.1%} at least (95 % interval);"
        f" of pictures that are none {most:.1%} would at most: look at the nearest pairs"
    )
