"""What clients read from their environment, for tests that speak to a Hub, and where such a Hub is quick."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ["NO_PROXY"] = "127.0.0.1,localhost"  # proxy variables would apply to loopback too


@pytest.fixture
def memory() -> Iterator[Path]:
    """A folder in memory, if there is such: a kill loses nothing that waits for the disk, so nobody need wait."""
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if os.access(shared, os.W_OK) else None) as name:
        yield Path(name)
