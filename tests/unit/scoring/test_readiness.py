"""What the scores will need is asked before the training, and what is drawn for them is a fair sample."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from hubkit.data import CaptionedImages, Source
from hubkit.data.pull import split
from hubkit.errors import RecipeError
from hubkit.families import FAMILIES
from hubkit.methods import METHODS
from hubkit.metrics import METRICS
from hubkit.sampling import Samples
from hubkit.scoring import Gate, StyleDial, check_ready
from hubkit.scoring.panels import panels
from hubkit.training import Training

FULL = METHODS["full"](kind="full")
BASE = FAMILIES["stable-diffusion"](kind="stable-diffusion", base="alice/base")
EVERY = Source(repo="alice/cats", resolution=32)


@dataclass(frozen=True)
class Plan:
    """What scoring and choosing ask of a recipe."""

    metrics: tuple[Any, ...] = ()
    dial: StyleDial | None = None
    samples: Samples = field(default_factory=lambda: Samples(subjects=("a cat",)))
    method: Any = FULL
    model: Any = BASE
    study: None = None
    training: Training = field(default_factory=lambda: Training(steps=1, batch_size=1, learning_rate=1e-4))


def images(rows: int, held_out: int) -> CaptionedImages:
    """Of two kinds, one after the other; as many held out."""
    source = EVERY.model_copy(update={"holdout": held_out})
    train, holdout = split(source, {row: row for row in range(rows)})
    captions = tuple("a cat" if 2 * row < rows else "a dog" for row in range(rows))
    return CaptionedImages(
        source=source, revision="d" * 40, license=None, sizes=((32, 32),) * rows, train=tuple(train),
        holdout=tuple(holdout), skipped=(), captions=captions,
    )  # fmt: skip


def gated(kind: str) -> Any:
    """A metric with a gate."""
    return METRICS[kind](kind=kind, gate=Gate(better_than="base"))


def confident(kind: str) -> Any:
    """The same, with its whole interval."""
    return METRICS[kind](kind=kind, gate=Gate(better_than="base", confident=True))


@pytest.mark.parametrize(
    ("plan", "held_out", "said"),
    [
        (Plan((gated("kid"),)), 0, "metrics.kid.gate takes 2 pictures, and there will be 0"),
        (Plan((gated("kid"),)), 1, "metrics.kid.gate takes 2 pictures, and there will be 1"),
        (Plan((gated("fid"),)), 49, "metrics.fid.gate takes 50 pictures, and there will be 49"),
        (Plan((gated("clip-score"),)), 0, "metrics.clip-score.gate takes 1 picture, and there will be 0"),
        (Plan((confident("kid"),)), 19, "metrics.kid.gate takes 20 pictures, and there will be 19"),
        (Plan((confident("clip-score"),)), 1, "metrics.clip-score.gate takes 2 pictures, and there will be 1"),
        (Plan((METRICS["memorisation"](kind="memorisation"),)), 0, "measured by held-out pictures, and there are none"),
        (Plan((), StyleDial()), 15, "the dial chooses by 8 of them at least, and half are 7"),
        (Plan((gated("kid"),), StyleDial(prompts=8)), 2, "metrics.kid.gate takes 2 pictures, and there will be 1"),
    ],
)  # fmt: skip
def test_what_could_only_fail_after_the_training_is_refused_before_it(plan, held_out, said):
    """In one line, with what is held out; exit 2."""
    with pytest.raises(RecipeError) as caught:
        check_ready(plan, images(100, held_out))

    assert said in str(caught.value)
    assert f"holds {held_out} rows out" in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("plan", "held_out"),
    [
        (Plan((gated("kid"),)), 2),
        (Plan((gated("fid"),)), 50),
        (Plan((confident("kid"),)), 20),
        (Plan((confident("clip-score"),)), 2),
        (Plan((METRICS["kid"](kind="kid"),)), 0),
        (Plan((METRICS["memorisation"](kind="memorisation"),)), 1),
        (Plan((), StyleDial()), 16),
    ],
)  # fmt: skip
def test_what_can_be_measured_is_not_refused(plan, held_out):
    """A number without a gate may be withheld."""
    check_ready(plan, images(100, held_out))


def test_the_captions_of_a_sorted_dataset_are_sampled():
    """Fewer are drawn than are held out: of both kinds, as they are held out, though the dataset has one after the
    other. So are the dial's.
    """
    found = images(4000, 400)
    share = sum(caption == "a cat" for caption in (found.captions[row] for row in found.holdout)) / 400
    samples = Samples(subjects=("a cat",), holdout=100)
    of_dial = StyleDial(prompts=32)
    for drawn in (
        panels(FULL, found, samples)["holdout"].texts,
        panels(FULL, of_dial.takes(found), of_dial.draws(samples))["holdout"].texts,
    ):
        assert abs(sum(text == "a cat" for text in drawn) / len(drawn) - share) < 0.2


def test_the_dials_rows_serve_nothing_else():
    """Every held-out row is the dial's or the scores', none is both; half of them at most are the dial's."""
    found = images(100, 21)
    for prompts, mine in ((8, 10), (32, 10)):
        dial = StyleDial(prompts=prompts)
        taken, left = dial.takes(found).holdout, dial.leaves(found).holdout

        assert len(taken) == mine
        assert sorted([*taken, *left]) == sorted(found.holdout)


def test_the_split_is_known_by_its_rows():
    """Its hash is the same whatever their order."""
    found = images(100, 10)

    assert found.model_copy(update={"holdout": tuple(sorted(found.holdout))}).split == found.split
    assert images(100, 11).split != found.split
