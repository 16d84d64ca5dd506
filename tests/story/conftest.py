"""The command as a person types it, against a local Hub that runs in this process."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hubkit.localhub import LocalHub, running

ROOT = Path(__file__).parents[2]
QUICKSTART = ROOT / "recipes" / "quickstart.toml"
SHORT = (
    "training.steps=6", "training.checkpoint_every=2", "training.batch_size=4", "data.variants=1",
    "samples.holdout=8", "samples.steps=3", "metrics.kid.gate=none", "metrics.clip-score.gate=none",
    "study.seeds=1",
)  # fmt: skip
"""A run of seconds. So few steps and samples meet no gate."""

Hubkit = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """hubkit's own folder, in place of the one in the user's cache."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def server(home: Path) -> Iterator[LocalHub]:
    """The local Hub of `home`; commands find it and use it."""
    with running(home / "local-hub") as server:
        yield server


@pytest.fixture(scope="session")
def environment(home: Path) -> dict[str, str]:
    """What the commands are started with: no token, no endpoint, no proxy."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "HUGGING"))}
    return kept | {
        "HUBKIT_HOME": str(home),
        "HF_HOME": str(home / "user-home"),
        "OMP_NUM_THREADS": "1",
        "NO_PROXY": "127.0.0.1,localhost",
    }


@pytest.fixture(scope="session")
def hubkit(server: LocalHub, environment: dict[str, str]) -> Hubkit:
    """Run `hubkit` with arguments and overrides; the finished process."""

    def run(
        *arguments: object, overrides: tuple[str, ...] = (), cwd: Path = ROOT, **changes: str
    ) -> subprocess.CompletedProcess[str]:
        sets = [part for override in overrides for part in ("--set", override)]
        return subprocess.run(
            [sys.executable, "-m", "hubkit", *map(str, arguments), *sets],
            env=environment | changes, cwd=cwd, capture_output=True, text=True, check=False, timeout=500,
        )  # fmt: skip

    return run
