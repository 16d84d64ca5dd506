"""A running Hub for tests that speak to it through the public clients."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from hubkit.localhub import Faults, LocalHub, running

os.environ["NO_PROXY"] = "127.0.0.1,localhost"  # proxy variables would apply to loopback too

TOKENS = """
alice  write hf_alice acme
alice  read  hf_alice_read acme
bob    write hf_bob
seeder admin hf_admin
"""


@pytest.fixture(scope="session", autouse=True)
def _own_client_caches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No client may read or write the user's caches; hf_xet reads its variables when it is first used."""
    home = tmp_path_factory.mktemp("hf_home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HOME", str(home))
        patch.setenv("HF_XET_CACHE", str(home / "xet"))
        patch.setenv("HF_HUB_DISABLE_TELEMETRY", "1")
        patch.setenv("HF_HUB_DISABLE_PROGRESS_BARS", "1")
        yield


@pytest.fixture(scope="session")
def token_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tokens") / "tokens"
    path.write_text(TOKENS)
    return path


@pytest.fixture(scope="session")
def witness() -> Faults:
    """Of no faults, but of every request that reached the Hub."""
    return Faults()


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory, token_file: Path, witness: Faults) -> Iterator[LocalHub]:
    store = tmp_path_factory.mktemp("hub") / "store"
    with running(store, token_file=token_file, faults=witness, issuer=True) as started:
        yield started
