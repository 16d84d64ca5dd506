"""What DreamBooth has drawn for the scores: the subject, and what must not have become the subject."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from hubkit.data import CaptionedImages
from hubkit.sampling import Samples, Shot
from hubkit.scoring import HOLDOUT_SEEDS, Panel

if TYPE_CHECKING:
    from hubkit.methods.dreambooth import DreamBooth

OFFERS: Final = ("instance", "plain", "class")
"""The prompts with the token; the same prompts without it; the class prompt."""
SEEDS: Final = {"holdout": HOLDOUT_SEEDS, "training": 1_000_000, "instance": 2_000_000, "class": 3_000_000}
"""Where the seeds of each panel begin; class images have hashed ones. The plain prompts are drawn from the seeds of
those with the token, so that the token alone makes the difference.
"""


def panels(method: "DreamBooth", images: CaptionedImages, samples: Samples) -> list[Panel]:
    """The panels of the captions, with the token in the prompts, and those of the method, each with as many pictures
    as `samples.holdout` says. The base draws the prompts without the token, which means nothing to it.
    """
    told = [method.instance_caption(caption) for caption in images.captions]
    learnt = images.train
    unseen = images.holdout if method.reads_captions and images.holdout else learnt
    prompts = [told[unseen[number % len(unseen)]] for number in range(samples.holdout)]
    plain = [method.plain(prompt) for prompt in prompts]
    return [
        _of_rows("holdout", told, images.holdout, method, samples),
        _of_rows("training", told, learnt, method, samples),
        Panel(
            "instance", "prompts with the token", _shots(prompts, "instance", samples), tuple(plain), learnt,
            paired=False, base_shots=_shots(plain, "instance", samples),
        ),
        Panel(
            "plain", "the same prompts without the token", _shots(plain, "instance", samples), tuple(plain), learnt,
            paired=False,
        ),
        Panel(
            "class", "the class prompt", _shots([method.class_prompt] * samples.holdout, "class", samples),
            (method.class_prompt,) * samples.holdout, learnt, paired=False,
        ),
    ]  # fmt: skip


def _of_rows(
    name: str, told: Sequence[str], rows: Sequence[int], method: "DreamBooth", samples: Samples
) -> Panel:  # fmt: skip
    """The prompts of dataset rows, beside their own pictures."""
    prompts = [told[row] for row in rows[: samples.holdout]]
    plain = [method.plain(prompt) for prompt in prompts]
    words = {"holdout": "held-out captions", "training": "training captions"}[name]
    return Panel(
        name, f"{words}, with the token", _shots(prompts, name, samples), tuple(plain), tuple(rows), paired=True,
        base_shots=_shots(plain, name, samples),
    )  # fmt: skip


def _shots(prompts: Sequence[str], name: str, samples: Samples) -> tuple[Shot, ...]:
    first = samples.seed + SEEDS[name]
    return tuple(Shot(prompt, first + number) for number, prompt in enumerate(prompts))
