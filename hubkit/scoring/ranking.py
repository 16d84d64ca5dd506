"""Which template is best, from one number for each picture: pure functions on arrays.

Subjects are the sample, and so the clusters: the pictures of one subject go up and down together. A mean is the mean
over the subjects' own means, and lies within Student's t of it. (A bootstrap over a handful of subjects is far too
sure of itself: docs/decisions/0030.) Everything that is compared was drawn from the same latents.

Legend: S subjects, L initial latents of each, T templates, R real pictures. All arrays are float64.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hubkit.scoring.student import quantile
from hubkit.scoring.values import BARE, Interval, Measured, Template

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

    Array = NDArray[float64]

SURE: Final = 0.95
RESAMPLES: Final = 2000
"""Of the subjects, for how often a template comes first."""


@dataclass(frozen=True)
class Cells:
    """What was measured of one model's pictures, (S, L, T), both 100 x a cosine."""

    identity: "Array"
    """To the bare subject's text, whatever the template."""
    style: "Array"
    """To the mean of real pictures."""


@dataclass(frozen=True)
class Scale:
    """An axis of merit: 0 and 1 in the units of the cosines, and whether the two differ measurably."""

    zero: float
    one: float
    counts: bool

    def __call__(self, cosine: "Array") -> "Array":
        """Where on the axis."""
        return (cosine - self.zero) / (self.one - self.zero)


@dataclass(frozen=True)
class Scales:
    """Identity from real pictures (0), which show something else than the subject, to the base's bare ones (1); style
    from the base's bare pictures (0) to real ones (1).
    """

    identity: Scale
    style: Scale

    def merit(self, cells: Cells) -> "Array":
        """The mean over the axes that count, (S, L, T); 0 where none does."""
        import numpy as np

        axes = ((self.identity, cells.identity), (self.style, cells.style))
        placed = [scale(cosine) for scale, cosine in axes if scale.counts]
        return np.mean(placed, axis=0) if placed else np.zeros_like(cells.style)


def scales(base: Cells, bare: int, real_identity_RS: "Array", real_style_R: "Array") -> Scales:
    """The two axes, between the base's pictures of the bare subjects (template number `bare`) and real ones."""
    import numpy as np

    base_identity_S, base_style_S = base.identity[:, :, bare].mean(axis=1), base.style[:, :, bare].mean(axis=1)
    real_style_S = np.full_like(base_style_S, real_style_R.mean())
    return Scales(
        identity=_scale(real_identity_RS.mean(axis=0), base_identity_S),
        style=_scale(base_style_S, real_style_S),
    )


def _scale(zero_S: "Array", one_S: "Array") -> Scale:
    """An axis counts where its ends differ measurably, and the right way round."""
    apart = over_subjects((one_S - zero_S)[:, None])
    least = apart.interval.low if apart.interval else apart.value
    return Scale(float(zero_S.mean()), float(one_S.mean()), counts=bool(least > 0))


def over_subjects(x_SL: "Array", confidence: float = SURE) -> Measured:
    """The mean over subjects and latents, with its interval; without one where there is but one subject."""
    x_S = x_SL.mean(axis=1)
    value = float(x_S.mean())
    half = _half_width(x_S, confidence)
    return Measured(value=value, interval=None if half is None else Interval(low=value - half, high=value + half))


def share(x_SL: "Array") -> Measured:
    """The mean of numbers from 0 to 1, with an interval that stays inside.

    One more subject is thought to be there, all of whose pairs are ties: four subjects that agree are no proof that
    every subject does. (What Agresti and Coull, 1998, do for proportions, by the subject.)
    """
    import numpy as np

    supposed = over_subjects(np.append(x_SL.mean(axis=1), 0.5)[:, None])
    value, interval = float(x_SL.mean()), supposed.interval
    if interval is None or len(x_SL) == 1:
        return Measured(value=value)
    return Measured(
        value=value, interval=Interval(low=max(0.0, min(value, interval.low)), high=min(1.0, max(value, interval.high)))
    )


def _half_width(x_S: "Array", confidence: float) -> float | None:
    freedom = len(x_S) - 1
    if freedom < 1:
        return None
    return quantile(confidence, freedom) * float(x_S.std(ddof=1)) / math.sqrt(len(x_S))


def shares_won(merit_SLT: "Array") -> "Array":
    """The share of its pairs that each picture wins against the other templates', from the same subject and latents,
    (S, L, T), for two templates or more. A tie is half a win.
    """
    import numpy as np

    ahead_SLTT = np.sign(merit_SLT[..., :, None] - merit_SLT[..., None, :])
    others = merit_SLT.shape[-1] - 1
    won: Array = (ahead_SLTT.sum(axis=-1) + others) / (2 * others)
    return won


def leads(won_SLT: "Array", resamples: int = RESAMPLES) -> "Array":
    """The share of resamples of the subjects in which each template wins most, (T,); those that tie share it."""
    import numpy as np

    won_ST = won_SLT.mean(axis=1)
    draws = np.random.default_rng(0).integers(len(won_ST), size=(resamples, len(won_ST)))
    won_BT = won_ST[draws].mean(axis=1)
    first_BT = np.isclose(won_BT, won_BT.max(axis=1, keepdims=True), rtol=0, atol=1e-12)
    shared: Array = (first_BT / first_BT.sum(axis=1, keepdims=True)).mean(axis=0)
    return shared


def ranked(templates: Sequence[str], finetuned: Cells, base: Cells, axes: Scales) -> tuple[Template, ...]:
    """The templates, best first by the pairs they win. `templates` holds the bare one. Where two win equally many,
    the one of more merit is before the other, then the bare one.
    """
    merit_SLT = axes.merit(finetuned)
    won_SLT = shares_won(merit_SLT)
    leading = leads(won_SLT)
    bare = templates.index(BARE)
    rows = [
        Template(
            template=template,
            identity=over_subjects(finetuned.identity[..., number]),
            style=over_subjects(finetuned.style[..., number]),
            base_identity=over_subjects(base.identity[..., number]),
            base_style=over_subjects(base.style[..., number]),
            gain=over_subjects(finetuned.style[..., number] - base.style[..., number]),
            merit=over_subjects(merit_SLT[..., number]),
            wins=share(won_SLT[..., number]),
            leads=float(leading[number]),
            **_against_bare(finetuned, base, number, bare),
        )
        for number, template in enumerate(templates)
    ]
    return tuple(sorted(rows, key=lambda row: (-row.wins.value, -row.merit.value, row.template != BARE, row.template)))


def _against_bare(finetuned: Cells, base: Cells, number: int, bare: int) -> dict[str, Any]:
    """What a template does that the bare subject does not; nothing for the bare one."""
    if number == bare:
        return {}
    added = finetuned.style[..., number] - finetuned.style[..., bare]
    added_to_base = base.style[..., number] - base.style[..., bare]
    return {
        "added": over_subjects(added),
        "interaction": over_subjects(added - added_to_base),
        "cost": over_subjects(finetuned.identity[..., bare] - finetuned.identity[..., number]),
    }


def needed(templates: Sequence[str], finetuned: Cells, axes: Scales, winner: str) -> bool:
    """Whether the winner has measurably more merit than the bare subject.

    It was picked among several, so each comparison is as much surer as there are of them (Bonferroni).
    """
    if winner == BARE:
        return False
    merit_SLT = axes.merit(finetuned)
    ahead = merit_SLT[..., templates.index(winner)] - merit_SLT[..., templates.index(BARE)]
    found = over_subjects(ahead, 1 - (1 - SURE) / (len(templates) - 1))
    return found.interval is not None and found.interval.low > 0
