"""A release on the Hub as far as a demo reads it: its card's metadata, its recipe and its lock."""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from hubkit import hub
from hubkit.localhub import LocalHub
from hubkit.recipe import Recipe, dump

from ..publishing.conftest import lock_of

SUBJECTS = ("Yoda", "a cute bunny rabbit")
TEMPLATES = ("{subject}", "{subject} ninja portrait")
VERSIONS = {
    "hubkit-publisher": "0.1.0", "torch": "2.14.1+cu130", "diffusers": "0.42.1", "transformers": "5.23.0",
    "accelerate": "1.15.0",
}  # fmt: skip


def recipe_of(base_revision: str, subjects: Sequence[str], templates: Sequence[str]) -> str:
    recipe = Recipe.model_validate(
        {
            "name": "sd-tiny",
            "model": {"kind": "stable-diffusion", "base": "alice/base", "revision": base_revision},
            "data": {"repo": "alice/ninjas", "revision": "d" * 40, "resolution": 32},
            "method": {"kind": "full"},
            "training": {"steps": 20, "batch_size": 4, "learning_rate": 1e-4},
            "samples": {"subjects": list(subjects), "templates": list(templates), "steps": 7, "seed": 40},
            "publish": {"kind": "hub"},
        }
    )
    return dump(recipe)


@pytest.fixture
def publish(as_alice: LocalHub, tmp_path: Path) -> Callable[..., str]:
    """Put a release of alice/base on the Hub; its commit."""
    hub.put_repo("alice/base", "model", {"README.md": b"---\nlicense: mit\n---\n"}, "base")

    def put(
        subjects: Sequence[str] = SUBJECTS,
        templates: Sequence[str] = TEMPLATES,
        license: str = "mit",  # noqa: A002 - the word of the card
        repo: str = "alice/sd-tiny",
        private: bool = False,
        tags: Sequence[str] = (),
        **lock: Any,
    ) -> str:
        recipe = recipe_of(hub.resolve_model("alice/base").sha, subjects, templates).encode()
        known = {"recipe.toml": hashlib.sha256(recipe).hexdigest()}
        said = lock_of(tmp_path / "none", **{"training": {"versions": VERSIONS}, "files": known, **lock})
        files: dict[str, hub.Content] = {
            "README.md": f"---\nlicense: {license}\ntags: {json.dumps(tags)}\n---\n".encode(),
            "recipe.toml": recipe,
            "hubkit.lock.json": said.text().encode(),
        }
        return hub.put_repo(repo, "model", files, "release", private=private)

    return put
