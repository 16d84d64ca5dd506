"""What forbids a publish whatever the gates say, and what a reader is warned of."""

import math
from typing import Any

import pytest

from hubkit.metrics import METRICS
from hubkit.scoring import Gate, Interval, Score
from hubkit.scoring.checks import failures, warned
from hubkit.scoring.keeping import Row

KID = METRICS["kid"](kind="kid")
GATED = METRICS["clip-score"](kind="clip-score", gate=Gate(within=5.0))


def scored(kind: str, **said: Any) -> Score:
    """A score that says little else."""
    fields = {
        "metric": kind, "kind": kind, "value": 1.0, "base": 1.0, "better": "lower", "n": 100, "scale": "",
        "extractor": "", "extractor_revision": "", "settings": {}, "reference": {}, **said,
    }  # fmt: skip
    return Score(**fields)


def drawn(count: int, panel: str = "holdout", **said: Any) -> list[Row]:
    """Pictures of the finetuned model."""
    return [
        Row(panel=panel, model="finetuned", number=number, file=f"{number}.png", sha256=str(number), **said)
        for number in range(count)
    ]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (drawn(99) + drawn(1, blank=True), None),
        (drawn(98) + drawn(2, blank=True), "2 of 100 holdout pictures have but one colour"),
        (drawn(99) + drawn(1, repeated=True), None),
        (drawn(98) + drawn(2, repeated=True), "2 of 100 holdout pictures are another of them again"),
        (drawn(500) + drawn(60, "instance") + drawn(2, "instance", blank=True), "2 of 62 instance pictures have but"),
        ([row.model_copy(update={"model": "base"}) for row in drawn(50, blank=True)], None),
    ],
    ids=["1 % blank", "2 % blank", "1 % again", "2 % again", "by the panel", "the base's are its own"],
)
def test_pictures_that_show_nothing_or_come_again_are_not_published(rows, words):
    """One in a hundred may, in each set of prompts by itself."""
    found = failures([KID], [scored("kid")], rows)

    assert [words] * bool(words) == [one[: len(words)] for one in found if words]
    assert bool(found) is bool(words)


@pytest.mark.parametrize("said", [{"value": math.nan}, {"base": math.inf}])
def test_what_is_no_number_is_not_published(said):
    """Not the model's, and not the base's; one that was withheld is none."""
    assert "is not a number" in failures([KID], [scored("kid", **said)], drawn(3))[0]
    assert not failures([KID], [scored("kid", withheld="too few", **said)], drawn(3))


def test_a_gate_without_a_score_is_not_met():
    """Also where there is only the score that no gate judges."""
    beside = scored("clip-score", panel="training")

    assert failures([GATED], [scored("clip-score")], drawn(3)) == ()
    for there in ([], [beside], [scored("kid"), beside]):
        assert failures([GATED], there, drawn(3)) == (
            "clip-score has a gate and no score: there were no pictures for it to judge",
        )


@pytest.mark.parametrize(
    ("kind", "said", "words"),
    [
        ("kid", {"difference_interval": Interval(low=-0.2, high=0.1)}, "no measurable change"),
        ("kid", {"difference_interval": Interval(low=-0.2, high=-0.1)}, None),
        ("clip-score", {"difference_interval": Interval(low=-3.0, high=-1.1)}, "by 1.1 points at least"),
        ("clip-score", {"difference_interval": Interval(low=-3.0, high=-0.9)}, None),
        ("div", {"value": 0.79}, "less than 0.8 of the base's diversity"),
        ("diversity", {"value": 0.79}, "less than 0.8 of the base's diversity"),
        ("diversity", {"value": 0.81}, None),
    ],
)
def test_what_a_reader_is_warned_of(kind, said, words):
    """By the metric's own threshold, on either side of it."""
    found = warned(scored(kind, **said), METRICS[kind](kind=kind), cut=0).warnings

    assert bool(found) is bool(words)
    assert (words or "") in "".join(found)


def test_texts_that_were_cut_are_told():
    """More than one in twenty."""
    assert warned(scored("clip-score"), GATED, cut=5).warnings == ()
    assert "6 of 100 texts were cut" in warned(scored("clip-score"), GATED, cut=6).warnings[0]
