"""The style dial: how much of what was learnt to publish.

The average of the weights during a training starts from the base, so a finetuned model is a mixture of the base and of
what was learnt, and the mixture can be chosen afterwards: from the base over the average to the raw weights, and among
the steps of the training. Along a straight line between two models of one origin, models stay models (Wortsman et al.,
2022, Robust fine-tuning of zero-shot models, https://arxiv.org/abs/2109.01903).

Every candidate draws the same prompts from the same latents. The prompts, and the real pictures they are held against,
are taken from the hold-out and serve nothing else: a choice made on the pictures of the scores would flatter them.
"""

import re
from collections.abc import Iterator
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from hubkit.data import CaptionedImages
from hubkit.randomness import permutation
from hubkit.sampling import Samples
from hubkit.values import Settings, Several

BASE: Final = 0.0
AVERAGE: Final = 1.0
RAW: Final = 2.0
DIAL_SEEDS: Final = 5_000_000
"""Seeds of the dial's pictures begin here."""
MOST: Final = 32
"""Positions there may be."""


def _pick(rule: str) -> str:
    """Refuse what is no rule for picking."""
    if not re.fullmatch(r"last|knee|best:[a-z-]+", rule):
        raise ValueError("must be 'last', 'knee', or 'best:' and the kind of a metric, such as 'best:kid'")
    return rule


def _position(position: float) -> float:
    """Refuse what lies outside the dial."""
    if not BASE < position <= RAW:
        raise ValueError("must be more than 0, the base, and at most 2, the raw weights")
    return position


class StyleDial(Settings):
    """The recipe's `[dial]` table: which weights are held against one another, on which axes, and which are taken."""

    pick: Annotated[str, AfterValidator(_pick)] = Field(
        "knee",
        description="'knee': where style against prompt bends most. 'best:KIND': the best by that metric. 'last': what "
        "the training leaves; the others are only shown.",
    )
    positions: Annotated[Several[Annotated[float, AfterValidator(_position)]], Field(min_length=1, max_length=MOST)] = (
        Field(
            (0.5, 1.0),
            description="Of the last step's weights: 0 is the base, 1 what the training leaves (the average where there"
            " is one), 2 the last raw weights; between them the weights are mixed. The base is always shown.",
        )
    )
    style: str = Field("kid", description="Kind of the metric on the style axis.")
    prompt: str = Field("clip-score", description="Kind of the metric on the prompt axis.")
    prompts: int = Field(
        32, ge=8, le=1000, description="Held-out captions for the dial alone; the scores then do without them."
    )

    def problems(self) -> Iterator[tuple[str, str]]:
        """What is wrong between the keys of this table."""
        if AVERAGE not in self.positions:
            yield "positions", "must hold 1.0, what the training leaves: the others are held against it"
        if len(set(self.positions)) < len(self.positions):
            yield "positions", "holds one twice"
        if self.style == self.prompt:
            yield "prompt", f"is the style's metric too: {self.style!r}"

    @property
    def kinds(self) -> tuple[str, ...]:
        """The metrics it looks at."""
        best = [self.pick.removeprefix("best:")] if self.pick.startswith("best:") else []
        return tuple(dict.fromkeys([self.style, self.prompt, *best]))

    def takes(self, images: CaptionedImages) -> CaptionedImages:
        """The dataset with the dial's own held-out rows."""
        mine = self._rows(images)
        return images.model_copy(update={"holdout": tuple(row for row in images.holdout if row in mine)})

    def leaves(self, images: CaptionedImages) -> CaptionedImages:
        """The dataset with the held-out rows that are left for the scores."""
        mine = self._rows(images)
        return images.model_copy(update={"holdout": tuple(row for row in images.holdout if row not in mine)})

    def draws(self, samples: Samples) -> Samples:
        """What is drawn for the dial: other seeds than those of the scores, and as many prompts as it has."""
        return samples.model_copy(update={"seed": samples.seed + DIAL_SEEDS, "holdout": self.prompts})

    def _rows(self, images: CaptionedImages) -> frozenset[int]:
        """Twice as many rows as prompts, half of the hold-out at most: a distance wants more real pictures."""
        count = min(2 * self.prompts, len(images.holdout) // 2)
        order = permutation(images.source.seed, "dial", 0, len(images.holdout))
        return frozenset(images.holdout[place] for place in order[:count])
