"""The changelog between two releases, from their locks: what matters first, and every text harmless."""

from pathlib import Path
from typing import Any

import pytest

from hubkit.publishing import Lock, changelog

from ..card.test_hostile_texts import HOSTILE, tokens
from .conftest import lock_of
from .test_versions import NEW_WEIGHTS, SCORE, but, with_interface

NAMES = ("v1.2.3", "v1.3.0")


@pytest.fixture
def lock(tmp_path: Path) -> Lock:
    """A lock over two files."""
    (tmp_path / "unet.safetensors").write_bytes(b"weights")
    (tmp_path / "README.md").write_text("card")
    return lock_of(tmp_path, scores=[SCORE], version="v1.2.3")


def test_scores_stand_with_their_intervals_differences_and_verdicts(lock: Lock):
    """One that is new or gone has no difference."""
    other = {"value": 0.05, "interval": {"low": 0.0, "high": 0.1}}
    new = but(lock, weights=NEW_WEIGHTS, scores=[{**SCORE, **other}, {**SCORE, "metric": "fid@64", "value": 9.0}])

    lines = changelog(lock, new, NAMES).splitlines()

    assert lines[0] == "## v1.3.0 after v1.2.3"
    assert lines[2].endswith("The least that may follow v1.2.3 is v1.3.0.")
    assert "| `kid[clip]` holdout | 0.2 (0.15 to 0.25) | 0.05 (0 to 0.1) | -0.15 | better | 64 |" in lines
    assert "| `fid@64` holdout | none | 9 (0.15 to 0.25) | none | new | 64 |" in lines


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"weights": NEW_WEIGHTS}, "The weights are new"),
        ({"training": {"versions": {"torch": "2.15"}}}, "The weights are the same."),
        ({}, "Nothing that is recorded has changed."),
    ],
)
def test_the_first_sentence_says_what_matters(lock: Lock, said: dict[str, Any], words: str):
    """A table that would be empty is left out."""
    text = changelog(lock, but(lock, **said), NAMES)

    assert words in text
    assert ("### Versions" in text) == ("training" in said)
    assert "### Recipe" not in text


def test_what_breaks_code_comes_first(lock: Lock):
    """Named, with what it was and what it is."""
    text = changelog(lock, with_interface(lock, trigger="a sks dog", resolution=64), NAMES)

    assert "**Code that loads the model may break**: resolution, trigger." in text
    assert "is v2.0.0." in text
    assert "| `trigger` | not set | a sks dog |" in text


def test_why_a_gate_did_not_count_is_told(lock: Lock):
    """In the publisher's words."""
    assert "though a gate was not met: the \\<b\\>faces" in changelog(lock, but(lock, accepted="the <b>faces"), NAMES)


@pytest.mark.parametrize("text", HOSTILE, ids=[str(number) for number in range(len(HOSTILE))])
def test_texts_of_a_lock_stay_texts(lock: Lock, text: str):
    """Names, metrics, keys, values, reasons: there are tables, code, headings and one bold word of ours, and nothing
    else.
    """
    new = but(
        with_interface(lock, trigger=text),
        accepted=text,
        recipe={"sha256": "1" * 64, "tables": {"samples": {"subjects": [text]}, "extra": {text: text}}},
        training={"versions": {text: text}},
        extractors={text: text},
        data={**lock.data.model_dump(), "repo": text},
        scores=[{**SCORE, "metric": text, "panel": text}],
    )
    found = {token.type for token in tokens(changelog(lock, new, (text, text)))}

    assert {kind for kind in found if "html" in kind or "link" in kind or "image" in kind or "list" in kind} == set()
    assert found <= {
        "heading_open", "heading_close", "inline", "text", "text_special", "code_inline", "paragraph_open",
        "paragraph_close", "table_open", "table_close", "thead_open", "thead_close", "tbody_open", "tbody_close",
        "tr_open", "tr_close", "th_open", "th_close", "td_open", "td_close", "strong_open", "strong_close", "softbreak",
    }  # fmt: skip


def test_a_long_recipe_is_cut(lock: Lock):
    """Nobody reads a thousand rows."""
    tables = {f"key{number}": number for number in range(1000)}
    text = changelog(lock, but(lock, recipe={"sha256": "1" * 64, "tables": tables}), NAMES)

    assert "and 961 more" in text
    assert len(text.splitlines()) < 80
