"""A gate is met by what is known, and by nothing else."""

import math
from typing import Any

import pytest

from hubkit.metrics import METRICS
from hubkit.scoring import Gate, Interval, Rival, Score, Scores, Standing, gated, judge, protocol

BEFORE = {"extractor_revision": "c" * 40, "settings": {"steps": 30}}


def scored(value: float, base: float = 0.2, **said: Any) -> Score:
    """A KID."""
    fields = {
        "metric": "kid", "kind": "kid", "better": "lower", "n": 200, "scale": "", "extractor": "inception",
        "reference": {}, **BEFORE, **said,
    }  # fmt: skip
    return Score(value=value, base=base, **fields)


def between(low: float, high: float) -> Interval:
    """Where the truth lies."""
    return Interval(low=low, high=high)


def released(value: float, half: float | None = 0.01, **said: Any) -> Standing:
    """A release whose KID was `value`."""
    rival = Rival(value, half, protocol(scored(value, **said).model_dump(mode="json")))
    return Standing("v1.0.0", rivals={("kid", "holdout"): rival})


@pytest.mark.parametrize(
    ("gate", "score", "met"),
    [
        (Gate(better_than="base", confident=True), scored(0.1, difference_interval=between(-0.15, -0.05)), True),
        (Gate(better_than="base", confident=True), scored(0.1, difference_interval=between(-0.25, 0.05)), False),
        (Gate(better_than="base", confident=True), scored(0.1), False),
        (Gate(within=0.1, confident=True), scored(0.25, difference_interval=between(0.0, 0.09)), True),
        (Gate(within=0.1, confident=True), scored(0.25, difference_interval=between(0.0, 0.11)), False),
        (Gate(at_most=0.2, confident=True), scored(0.1, interval=between(0.0, 0.19)), True),
        (Gate(at_most=0.2, confident=True), scored(0.1, interval=between(0.0, 0.21)), False),
        (Gate(at_most=0.2, confident=True), scored(0.1, interval=between(0.0, math.nan)), False),
        (Gate(at_least=20, confident=True), scored(25, better="higher", interval=between(21, 29)), True),
        (Gate(at_least=20, confident=True), scored(25, better="higher", interval=between(19, 31)), False),
        (Gate(at_least=20, confident=True), scored(25, better="higher"), False),
    ],
)  # fmt: skip
def test_a_confident_gate_asks_the_whole_interval(gate, score, met):
    """A number without an interval is not sure of anything."""
    judged = gated(gate, score)

    assert judged.gate_met is met
    assert "95 %" in judged.gate


@pytest.mark.parametrize(
    ("gate", "score", "standing", "met", "words"),
    [
        (Gate(better_than="release"), scored(0.1), released(0.11), True, "v1.0.0 (0.11)"),
        (Gate(better_than="release"), scored(0.1), released(0.1), False, "better than v1.0.0"),
        (Gate(better_than="release"), scored(0.1), released(math.nan), False, "v1.0.0 (nan)"),
        (Gate(better_than="release"), scored(math.nan), released(0.1), False, "v1.0.0"),
        (Gate(within_release=0.02), scored(0.1), released(0.09), True, "at most 0.02 worse than v1.0.0"),
        (Gate(within_release=0.02), scored(0.1), released(0.07), False, "worse than v1.0.0"),
        (Gate(within_release=0.02), scored(0.1), released(math.nan), False, "v1.0.0"),
        (Gate(better_than="release"), scored(0.1), released(0.2, settings={"steps": 50}), False, "otherwise: settings"),
        (Gate(better_than="release"), scored(0.1), Standing(), True, "the base (there is no release yet)"),
        (Gate(better_than="release"), scored(0.3), Standing(), False, "the base (there is no release yet)"),
        (Gate(within_release=0.2), scored(0.3), Standing("v1"), True, "the base (v1 has no such score)"),
        (Gate(better_than="release"), scored(0.1), None, None, "better than the last release"),
        (Gate(better_than="release", at_most=0.05), scored(0.1), None, False, "at most 0.05 and better than the last"),
        (Gate(better_than="release"), scored(0.1), Standing("v1", same=True), True, "this very model"),
    ],
)  # fmt: skip
def test_a_gate_on_the_release(gate, score, standing, met, words):
    """Until there is one, the base stands in; until it is known, nobody says that it is met."""
    judged = gated(gate, score, standing)

    assert judged.gate_met is met
    assert words in judged.gate


@pytest.mark.parametrize(
    ("half", "met"),
    [(0.02, True), (0.06, False), (None, False), (math.nan, False)],
)
def test_confidence_beside_a_release_adds_both_intervals(half, met):
    """0.05 ahead, by intervals of 0.03 and 0.02 to either side: sqrt(0.0013) is less; of 0.03 and 0.06 it is more."""
    score = scored(0.1, interval=between(0.07, 0.13))

    assert gated(Gate(better_than="release", confident=True), score, released(0.15, half)).gate_met is met


def test_what_is_released_stays_as_it_was_judged():
    """The same command again changes nothing, though the last release is now this very model."""
    kid = METRICS["kid"](kind="kid", gate=Gate(better_than="release"))
    bare = Scores(finetuned=(), base=(), templates=(), subjects=(), scores=(scored(0.1),), sampling={})
    waiting = judge(bare, [kid], None)
    first = judge(waiting, [kid], Standing())
    again = judge(first, [kid], Standing("v1.0.0", same=True))

    assert waiting.scores[0].gate_met is None
    assert first.scores[0].gate_met is True
    assert again == first
    assert judge(again, [kid], released(0.05)).refusals


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"confident": True}, "demands nothing"),
        ({"better_than": "release", "within_release": 0.1}, "contradicts better_than"),
        ({"better_than": "base", "within": 0.1}, "contradicts better_than"),
    ],
)
def test_a_gate_that_makes_no_sense_is_refused(table, said):
    """By `hubkit check`, before anything is trained."""
    assert any(said in words for _, words in Gate(**table).problems())
