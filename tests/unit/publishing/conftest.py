"""A release of the tiny model, small and whole."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from hubkit.publishing import Release, draw, usage
from hubkit.values import sha256_of

SAMPLING: dict[str, str | int | float] = {
    "steps": 2,
    "guidance_scale": 2.0,
    "scheduler": "DDIMScheduler",
    "resolution": 32,
}
PROMPT = "a ninja"
CARD = "---\nlicense: mit\nbase_model: alice/base\npipeline_tag: text-to-image\n---\n# Tiny\n"


def release_of(folder: Path, model_id: str = "alice/tiny") -> Release:
    """The release that a folder holds."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return Release(
        name="tiny",
        model_id=model_id,
        folder=folder,
        manifest={path.relative_to(folder).as_posix(): sha256_of(path) for path in files},
        sizes={path.relative_to(folder).as_posix(): path.stat().st_size for path in files},
        message="tiny: 2 steps",
        proof_prompt=PROMPT,
        proof_image="images/usage.png",
        sampling=SAMPLING,
        seed=3,
    )


@pytest.fixture
def released() -> Callable[[Path], Release]:
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
