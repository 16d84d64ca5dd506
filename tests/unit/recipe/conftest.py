"""A recipe without a fault, and a way to write variants of it."""

from collections.abc import Callable
from pathlib import Path

import pytest

OWN_PICTURES = {"avatar": Path("pictures")}
"""Shipped recipes without a dataset: what `--data` gives them."""

GOOD = """\
name = "cats"

[model]
kind = "stable-diffusion"
base = "someone/base"

[data]
repo = "someone/cats"

[method]
kind = "full"

[training]
steps = 100
batch_size = 8
learning_rate = 1e-4
ema = { decay = 0.99 }

[samples]
subjects = ["a cat", "a dog"]
templates = ["{subject}", "{subject} in a hat"]

[[metrics]]
kind = "kid"
gate = { better_than = "base" }

[[metrics]]
kind = "fid"

[publish]
kind = "hub"
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write the good recipe with pieces of its text replaced: `write(("steps = 100", "steps = 0"))`."""

    def write(*replacements: tuple[str, str], text: str = GOOD) -> Path:
        for old, new in replacements:
            assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the good recipe"
            text = text.replace(old, new)
        path = tmp_path / "cats.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write
