"""A release of the tiny model, small and whole."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hubkit.localhub import LocalHub
from hubkit.publishing import LOCK, Interface, Lock, Release, commit, draw, hashes, interface_of, usage
from hubkit.values import fingerprint

from ...lossy import Lossy, losing

SAMPLING: dict[str, str | int | float] = {
    "steps": 2,
    "guidance_scale": 2.0,
    "scheduler": "DDIMScheduler",
    "resolution": 32,
}
PROMPT = "a ninja"
NO_INTERFACE = Interface(
    pipeline="", components={}, architecture={}, prediction_type=None, tokenizer=None, resolution=32, trigger=None,
    license="mit",
)  # fmt: skip
CARD = "---\nlicense: mit\nbase_model: alice/base\npipeline_tag: text-to-image\n---\n# Tiny\n"


def lock_of(folder: Path, **said: object) -> Lock:
    """A lock over a folder's files; `said` is what it says otherwise than usual."""
    files = {path: digest for path, digest in hashes(folder).items() if path != LOCK}
    weights = {path: digest for path, digest in files.items() if path.endswith(".safetensors")}
    usual = {
        "name": "tiny",
        "model_id": "alice/tiny",
        "version": None,
        "made_from": fingerprint(files),
        "recipe": {"sha256": "0" * 64, "tables": {"method": {"kind": "full"}}},
        "base": {"repo": "alice/base", "revision": "b" * 40, "license": "mit"},
        "data": {"repo": "alice/ninjas", "revision": "d" * 40, "license": "mit", "rows": 10, "held_out": 2},
        "extractors": {},
        "training": {"steps": 2, "device": "CPU", "versions": {"hubkit-publisher": "0.1.0"}},
        "weights": weights,
        "interface": interface_of(folder, resolution=32, trigger=None, license="mit")
        if (folder / "model_index.json").is_file()
        else NO_INTERFACE,
        "scores": [],
        "sampling": SAMPLING,
        "proof": {"path": "images/usage.png", "prompt": PROMPT, "seed": 3},
        "pictures": [],
        "files": files,
    }
    return Lock.model_validate({**usual, **said})


def release_of(folder: Path, on: str | None = None, **said: object) -> Release:
    """The release that a folder holds, once a lock over it is written into it; `on` is what it was described for."""
    lock = lock_of(folder, **said)
    (folder / LOCK).write_text(lock.text())
    return Release(
        name="tiny",
        model_id="alice/tiny",
        folder=folder,
        manifest=hashes(folder),
        sizes={
            path.relative_to(folder).as_posix(): path.stat().st_size for path in folder.rglob("*") if path.is_file()
        },
        message="tiny: 2 steps",
        on=on,
    )


@pytest.fixture
def released() -> Callable[..., Release]:
    """`release_of`, for tests that change a release's folder."""
    return release_of


@pytest.fixture(scope="session")
def proof(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The picture that the tiny model draws by the card's code."""
    picture = tmp_path_factory.mktemp("proof") / "usage.png"
    draw(usage(str(tiny_model), PROMPT, 3, SAMPLING), picture)
    return picture


@pytest.fixture
def release(tiny_model: Path, proof: Path, tmp_path: Path) -> Release:
    """The tiny model with a card and its proof, in a folder of its own."""
    folder = tmp_path / "release"
    shutil.copytree(tiny_model, folder)
    (folder / "images").mkdir()
    shutil.copyfile(proof, folder / "images" / "usage.png")
    (folder / "README.md").write_text(CARD)
    return release_of(folder)


@pytest.fixture
def lossy(as_alice: LocalHub, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lossy]:
    """The client talks to the Hub through the proxy, and does not wait long between attempts."""
    from huggingface_hub import constants

    with losing(as_alice.url) as proxy:
        monkeypatch.setattr(constants, "ENDPOINT", proxy.url)
        monkeypatch.setattr(commit, "PAUSES", (0.01, 0.01, 0.01))
        yield proxy
