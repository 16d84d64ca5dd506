"""What DreamBooth has drawn for the scores: the subject, and what must not have become the subject."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from hubkit.data import CaptionedImages
from hubkit.sampling import Samples, Shot, study
from hubkit.scoring import HOLDOUT_SEEDS, Panel
from hubkit.scoring.panels import some_trained_on

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
    learnt = images.train
    unseen = [images.captions[row] for row in images.holdout or some_trained_on(images)]
    told = [method.instance_caption(caption) for caption in unseen]
    told += [shot.prompt for shot in study(samples) if method.names_token(shot.prompt)]
    prompts = _as_many(told, samples.holdout)
    plain = [method.plain(prompt) for prompt in prompts]
    ordinary = [method.class_prompt] * samples.holdout
    return [
        _of_rows("holdout", images.holdout, method, images, samples),
        _of_rows("training", some_trained_on(images), method, images, samples),
        Panel(
            "instance", "prompts with the token", _shots(prompts, "instance", samples), tuple(plain), learnt,
            paired=False, base_shots=_shots(plain, "instance", samples),
        ),
        Panel(
            "plain", "the same prompts without the token", _shots(plain, "instance", samples), tuple(plain), learnt,
            paired=False,
        ),
        Panel(
            "class", "the class prompt", _shots(ordinary, "class", samples), tuple(ordinary), learnt, paired=False,
        ),
    ]  # fmt: skip


def _as_many(prompts: Sequence[str], count: int) -> list[str]:
    """The different prompts again and again, `count` in all."""
    different = list(dict.fromkeys(prompts))
    return [different[number % len(different)] for number in range(count)]


def _of_rows(
    name: str, rows: Sequence[int], method: "DreamBooth", images: CaptionedImages, samples: Samples
) -> Panel:  # fmt: skip
    """The prompts of dataset rows, beside their own pictures."""
    prompts = [method.instance_caption(images.captions[row]) for row in rows[: samples.holdout]]
    plain = [method.plain(prompt) for prompt in prompts]
    words = {"holdout": "held-out captions", "training": "training captions"}[name]
    return Panel(
        name, f"{words}, with the token", _shots(prompts, name, samples), tuple(plain), tuple(rows), paired=True,
        base_shots=_shots(plain, name, samples),
    )  # fmt: skip


def _shots(prompts: Sequence[str], name: str, samples: Samples) -> tuple[Shot, ...]:
    first = samples.seed + SEEDS[name]
    return tuple(Shot(prompt, first + number) for number, prompt in enumerate(prompts))
