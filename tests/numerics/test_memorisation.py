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
from hubkit.scoring import Features, Panel, Score
from hubkit.scoring.checks import warned
from hubkit.scoring.features import Look
from hubkit.scoring.intervals import wilson
from hubkit.scoring.panels import Laid
from hubkit.scoring.searching import at_most_common, common, copies, nearest, nearest_pairs, searched, threshold

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


def searching(images: torch.Tensor, training: torch.Tensor) -> Features:
    """Pictures with their nearest of the training, which may have its mirrors behind it."""
    return Features(images, nearest=nearest(images, training, range(min(len(training), TRAINED))))


@pytest.fixture(scope="module")
def look() -> Callable[[Sequence[Image.Image]], torch.Tensor]:
    """Features of pictures through the miniature CLIP."""
    clip = Clip.__new__(Clip)
    clip.folder = MINI_CLIP  # where its weights lie: no Hub is asked
    return clip.images


@pytest.fixture(scope="module")
def training(look) -> torch.Tensor:
    """Features of the training's pictures, and after them of their mirrors."""
    trained = ninja(range(TRAINED))
    return look([*trained, *map(ImageOps.mirror, trained)])


@pytest.fixture(scope="module")
def real(look, training) -> Features:
    """Held-out pictures."""
    return searching(look(ninja(range(TRAINED, TRAINED + HELD_OUT))), training)


@pytest.mark.parametrize("change", [lambda image: image, ImageOps.mirror, jpeg], ids=["exact", "mirrored", "jpeg"])
def test_planted_copies_are_found(look, training, real, change):
    """Each of them, among pictures that are none; and the pairs say of which row."""
    copied = list(range(0, 120, 10))
    drawn = ninja(range(1000, 1000 + DRAWN - len(copied))) + [
        change(image) for number, image in enumerate(ninja(range(TRAINED))) if number in copied
    ]
    features = searching(look(drawn), training)
    near = MEMORISATION.parts(features, real)
    files = [f"{number}.png" for number in range(DRAWN)]
    pairs = nearest_pairs(files, features.nearest, real.nearest)

    assert near[-len(copied) :].sum() == len(copied)
    assert near[: -len(copied)].mean() <= at_most_common(HELD_OUT)
    assert wilson(MEMORISATION.value(features, real), DRAWN).low > at_most_common(HELD_OUT)
    assert len(pairs) == 8
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
        reference = searching(points(50, seed=3 * seed + 1), training)
        shares.append(MEMORISATION.value(searching(points(50, seed=3 * seed + 2), training), reference))
    error = math.sqrt(sum((share - expected) ** 2 for share in shares)) / len(shares)

    assert MEMORISATION.among(reference, None) == expected == 1 / 51
    assert sum(shares) / len(shares) == pytest.approx(expected, abs=3 * error)
    assert sum(wilson(share, 50).low > at_most_common(50) for share in shares) <= 2


def test_the_threshold_is_an_order_of_the_held_out_distances():
    """The nearest of up to a hundred, the second of two hundred."""
    training = points(80, seed=1)
    for count, place in ((2, 0), (100, 0), (101, 1), (200, 1), (201, 2)):
        own = nearest(points(count, seed=2), training, range(80))

        assert threshold(own) == own.distances.sort().values[place]


@pytest.mark.parametrize(("held_out", "expected"), [(50, 1 - 0.025 ** (1 / 50)), (100, 1 - 0.025 ** (1 / 100))])
def test_how_many_may_be_near_by_chance(held_out, expected):
    """Where none of the held-out ones is below the threshold, Clopper and Pearson's limit has a closed form."""
    assert at_most_common(held_out) == pytest.approx(expected, abs=1e-12)


def of_laid(drawn: Features, reference: Features) -> Score:
    """The score of sixty pictures, searched among a hundred."""
    value = MEMORISATION.value(drawn, reference)
    score = Score(
        metric="memorisation[clip]", kind="memorisation", value=value, base=0.0, interval=wilson(value, 60),
        better="lower", n=60, scale=MEMORISATION.scale, extractor="alice/clip", extractor_revision="c" * 40,
        settings={}, reference={},
    )  # fmt: skip
    there = [Look(str(number), f"{number}.png", Image.new) for number in range(100)]
    panel = Panel("holdout", "held-out captions", (), (), (), paired=True)
    laid = Laid(panel, (), there[:60], (), training=there, training_rows=range(100))
    return searched(score, drawn, reference, laid)


@pytest.mark.parametrize(("copied", "above_holdout", "refused"), [
    (30, "fail", True), (30, "warn", False), (0, "fail", False),
])  # fmt: skip
def test_too_many_copies_are_a_warning_and_forbid_the_publish(copied, above_holdout, refused):
    """On the way a score takes: searched, looked over for other worries, asked for what forbids."""
    training = points(100, seed=1)
    reference = searching(points(60, seed=2), training)
    drawn = searching(torch.cat([training[:copied], points(60 - copied, seed=3)]), training)
    metric = Memorisation(kind="memorisation", above_holdout=above_holdout)
    found = warned(of_laid(drawn, reference), metric, cut=0)

    assert bool(found.warnings) is (copied > 0)
    assert bool(copies([found], [metric])) is refused
    assert found.settings == {
        "training_pictures_searched": 100, "mirrors_searched": "no", "held_out_pictures_measured_by": 60,
    }  # fmt: skip
    assert copies([found.model_copy(update={"warnings": ("something else",)})], [metric]) == copies([found], [metric])


@pytest.mark.parametrize("change", [0.0, 0.01], ids=["exact", "slightly changed"])
def test_a_copy_among_the_held_out_ones_hides_no_copies(change):
    """A duplicate that the split did not find is no measure of what is near; and a reader is told."""
    training = points(100, seed=1)
    duplicate = training[:1] + change * points(1, seed=5)
    reference = searching(torch.cat([points(59, seed=2), duplicate]), training)
    drawn = searching(torch.cat([training[:40] + change * points(40, seed=6), points(20, seed=3)]), training)

    assert MEMORISATION.value(drawn, reference) >= 40 / 60
    assert MEMORISATION.among(reference, None) == common(59)
    assert "1 of the held-out pictures is all but identical" in " ".join(of_laid(drawn, reference).warnings)


def test_a_single_copy_is_told():
    """It forbids nothing: so few may be chance, and the pairs are there to be looked at."""
    training = points(100, seed=1)
    reference = searching(points(60, seed=2), training)
    found = of_laid(searching(torch.cat([training[:1], points(59, seed=3)]), training), reference)

    assert "1 of the drawn pictures is all but identical to a training picture" in " ".join(found.warnings)
    assert copies([found], [MEMORISATION]) == ()


def test_nothing_held_out_is_not_a_number():
    """Which meets no gate."""
    training = points(3, seed=2)
    drawn = searching(points(3, seed=1), training)

    assert math.isnan(MEMORISATION.value(drawn, searching(points(0, seed=1), training)))
    assert math.isnan(MEMORISATION.value(drawn, searching(torch.zeros(0, 0), training)))
    assert math.isnan(MEMORISATION.value(drawn, Features(points(3, seed=1))))


def test_distances_are_searched_in_parts():
    """As all at once have them."""
    drawn, training = points(2500, seed=1), points(5, seed=2)
    found = nearest(drawn, training, range(5))
    every = 1 - torch.nn.functional.normalize(drawn.double()) @ torch.nn.functional.normalize(training.double()).T

    assert torch.allclose(found.distances, every.min(dim=1).values, atol=1e-12)
    assert found.rows == every.argmin(dim=1).tolist()
