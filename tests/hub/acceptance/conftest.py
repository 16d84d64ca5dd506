"""The acceptance suite: what the public clients do with a Hub. It knows nothing of ours but the address and tokens.

It holds with Xet, and without: `ACCEPTANCE_WITHOUT_XET=1 pytest tests/hub/acceptance`.
"""

import os
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

WITHOUT_XET = os.environ.get("ACCEPTANCE_WITHOUT_XET") == "1"
if WITHOUT_XET:
    if "huggingface_hub" in sys.modules:
        raise RuntimeError("huggingface_hub read its environment already: run this suite by itself")
    os.environ["HF_HUB_DISABLE_XET"] = "1"

from huggingface_hub import HfApi  # noqa: E402 - it reads its environment once

from hubkit.localhub import LocalHub  # noqa: E402

NewRepo = Callable[..., str]
_numbers = count()

CARD = """---
license: mit
base_model: acme/base
datasets: [acme/cats]
tags: [cats]
library_name: diffusers
---
# Cats
"""


@pytest.fixture
def api(hub: LocalHub) -> HfApi:
    """Alice, who belongs to acme."""
    return HfApi(endpoint=hub.url, token="hf_alice")


@pytest.fixture
def bob(hub: LocalHub) -> HfApi:
    """Bob, who belongs to nobody."""
    return HfApi(endpoint=hub.url, token="hf_bob")


@pytest.fixture
def anonymous(hub: LocalHub) -> HfApi:
    return HfApi(endpoint=hub.url, token=False)


@pytest.fixture
def new_repo(api: HfApi) -> NewRepo:
    def create(**settings: object) -> str:
        return api.create_repo(f"acme/m{next(_numbers)}", **settings).repo_id  # type: ignore[arg-type]

    return create


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One file of each sort: card, text, empty, odd names, a large one that repeats itself and one that does not."""
    root = tmp_path / "folder"
    (root / "sub" / "deep").mkdir(parents=True)
    (root / "README.md").write_text(CARD)
    (root / "sub" / "a.txt").write_text("hello")
    (root / "sub" / "deep" / "b.json").write_text("{}")
    (root / "empty").write_bytes(b"")
    (root / "café #1 %20.txt").write_text("odd name")
    (root / "w.safetensors").write_bytes(os.urandom(300_000) + b"\0" * 300_000 + os.urandom(7))
    (root / "sub" / "x.bin").write_bytes(bytes(range(256)) * 1000)
    return root


def contents(root: Path) -> dict[str, bytes]:
    files = (path for path in root.rglob("*") if path.is_file() and ".cache" not in path.parts)
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


@pytest.fixture
def environment(hub: LocalHub, tmp_path: Path) -> dict[str, str]:
    """Of a program that knows nothing but `HF_ENDPOINT` and a token."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    own = {"HF_ENDPOINT": hub.url, "HF_TOKEN": "hf_alice", "HF_HOME": str(tmp_path / "hf"), "PATH": path}
    return {**os.environ, **own, "OMP_NUM_THREADS": "1", "NO_PROXY": "127.0.0.1,localhost"}
