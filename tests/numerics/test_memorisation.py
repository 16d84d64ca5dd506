"""Planted copies are found, and pictures that are no copies raise no alarm more often than is said."""

import io
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch
from PIL import Image, ImageOps

from hubkit.extractors.clip import Clip
from hubkit.metrics.memorisation import Memorisation
from hubkit.miniature.drawing import portrait
from hubkit.scoring import Features, Score
from hubkit.scoring.checks import warned
from hubkit.scoring.intervals import wilson
from hubkit.scoring.searching import at_most_common, common, copies, distances, nearest, searched, threshold

MEMORISATION = Memorisation(kind="memorisation")
MINI_CLIP = Path(__file__).parents[2] / "hubkit" / "miniature" / "weights" / "mini-clip"
TRAINED, HELD_OUT, DRAWN = 200, 60, 40


def points(count: int, features: int = 16, *, seed: int) -> torch.Tensor:
    """Draws of a standard normal distribution."""
    return torch.randn(count, features, generator=torch.Generator().manual_seed(seed))


def ninja(numbers: range) -> list[Image.Image]:
    """Portraits, each unlike the others."""
    return [portrait(number, "ninja", purpose="memorisation", size=(64, 64))[0] for number in numbers]


def jpeg(image: Image.Image) -> Image.Image:
    """Saved and read again."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=85)
    return Image.open(file).convert("RGB")


@pytest.fixture(scope="module")
def look() -> Callable[[Sequence[Image.Image]], torch.Tensor]:
    """Features of pictures through the miniature CLIP."""
    clip = Clip.__new__(Clip)
    clip.folder = MINI_CLIP  # where its weights lie: no Hub is asked
    return clip.images


@pytest.fixture(scope="module")
def real(look) -> Features:
    """Held-out pictures, and those of the training with their mirrors."""
    trained = ninja(range(TRAINED))
    held_out = ninja(range(TRAINED, TRAINED + HELD_OUT))
    return Features(look(held_out), training=look([*trained, *map(ImageOps.mirror, trained)]))


@pytest.mark.parametrize("change", [lambda image: image, ImageOps.mirror, jpeg], ids=["exact", "mirrored", "jpeg"])
def test_planted_copies_are_found(look, real, change):
    """Each of them, among pictures that are none; and the pairs say of which row."""
    copied = list(range(0, 120, 10))
    drawn = ninja(range(1000, 1000 + DRAWN - len(copied))) + [
        change(image) for number, image in enumerate(ninja(range(TRAINED))) if number in copied
    ]
    features = Features(look(drawn))
    near = MEMORISATION.parts(features, real)
    files = [f"{number}.png" for number in range(DRAWN)]
    pairs = nearest(files, features, real, range(TRAINED))

    assert near[-len(copied) :].sum() == len(copied)
    assert near[: -len(copied)].mean() <= at_most_common(HELD_OUT)
    assert wilson(MEMORISATION.value(features, real), DRAWN).low > at_most_common(HELD_OUT)
    assert len(pairs) == 5
    for pair in pairs:
        number = int(pair.file.removesuffix(".png"))
        assert pair.row == copied[number - (DRAWN - len(copied))]
        assert pair.mirrored is (change is ImageOps.mirror)
        assert pair.distance < pair.threshold
    assert [pair.distance for pair in pairs] == sorted(pair.distance for pair in pairs)


def test_pictures_that_are_no_copies_have_the_common_share():
    """Over 400 experiments with pictures as far from the training's as held-out ones: the share that is
    announced, and hardly an alarm.
    """
    shares, expected = [], common(50)
    for seed in range(400):
        training = points(100, seed=3 * seed)
        reference = Features(points(50, seed=3 * seed + 1), training=training)
        shares.append(MEMORISATION.value(Features(points(50, seed=3 * seed + 2)), reference))
    error = math.sqrt(sum((share - expected) ** 2 for share in shares)) / len(shares)

    assert MEMORISATION.among(reference, lambda: reference) == expected == 1 / 51
    assert sum(shares) / len(shares) == pytest.approx(expected, abs=3 * error)
    assert sum(wilson(share, 50).low > at_most_common(50) for share in shares) <= 2


def test_the_threshold_is_an_order_of_the_held_out_distances():
    """The nearest of up to a hundred, the second of two hundred."""
    training = points(80, seed=1)
    for count, place in ((2, 0), (100, 0), (101, 1), (200, 1), (201, 2)):
        reference = Features(points(count, seed=2), training=training)
        own, _ = distances(reference.images, training)

        assert threshold(reference) == own.sort().values[place]


@pytest.mark.parametrize(("held_out", "expected"), [(50, 1 - 0.025 ** (1 / 50)), (100, 1 - 0.025 ** (1 / 100))])
def test_how_many_may_be_near_by_chance(held_out, expected):
    """Where none of the held-out ones is below the threshold, Clopper and Pearson's limit has a closed form."""
    assert at_most_common(held_out) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("copied", "above_holdout", "refused"), [
    (30, "fail", True), (30, "warn", False), (0, "fail", False),
])  # fmt: skip
def test_too_many_copies_are_a_warning_and_forbid_the_publish(copied, above_holdout, refused):
    """On the way a score takes: searched, looked over for other worries, asked for what forbids."""
    training = points(100, seed=1)
    reference = Features(points(60, seed=2), training=training)
    drawn = Features(torch.cat([training[:copied], points(60 - copied, seed=3)]))
    metric = Memorisation(kind="memorisation", above_holdout=above_holdout)
    value = metric.value(drawn, reference)
    score = Score(
        metric="memorisation[clip]", kind="memorisation", value=value, base=0.0, interval=wilson(value, 60),
        better="lower", n=60, scale=metric.scale, extractor="alice/clip", extractor_revision="c" * 40, settings={},
        reference={},
    )  # fmt: skip
    found = warned(searched(score, drawn, reference, [f"{number}.png" for number in range(60)], range(100)), cut=0)

    assert bool(found.warnings) is (copied > 0)
    assert bool(copies([found], [metric])) is refused
    assert found.settings == {"training_pictures_searched": 100, "mirrors_searched": "no"}


def test_nothing_held_out_is_not_a_number():
    """Which meets no gate."""
    drawn = Features(points(3, seed=1))

    assert math.isnan(MEMORISATION.value(drawn, Features(points(0, seed=1), training=points(3, seed=2))))
    assert math.isnan(MEMORISATION.value(drawn, Features(points(3, seed=1))))


def test_distances_are_searched_in_parts():
    """As all at once have them."""
    drawn, training = points(2500, seed=1), points(5, seed=2)
    found, places = distances(drawn, training)
    every = 1 - torch.nn.functional.normalize(drawn.double()) @ torch.nn.functional.normalize(training.double()).T

    assert torch.allclose(found, every.min(dim=1).values, atol=1e-12)
    assert torch.equal(places, every.argmin(dim=1))
