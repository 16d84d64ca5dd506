"""Releases of the tiny model in a repo of alice's, which the tests then spoil."""

from collections.abc import Callable
from typing import Any

import pytest

from hubkit import hub
from hubkit.localhub import LocalHub
from hubkit.publishing import Release, newest
from hubkit.targets.hub import HubTarget

from ..publishing.conftest import lossy, proof, release, release_of

__all__ = ["lossy", "proof", "release"]  # fixtures

REPO = "alice/tiny"
WEIGHTS = "unet/diffusion_pytorch_model.safetensors"

Publish = Callable[..., str]


RECIPE = 'name = "tiny"\n\n[method]\nkind = "full"\n'

TABLES = {"name": "tiny", "method": {"kind": "full"}}


@pytest.fixture
def publish(release: Release, as_alice: LocalHub) -> Publish:
    """Publish the tiny model as a version, with what its lock says otherwise than usual; the commit."""

    def published(tag: str | None = None, toml: str = RECIPE, **said: Any) -> str:
        (release.folder / "recipe.toml").write_text(toml)
        recipe = {"sha256": hub.hashed(toml.encode(), "sha256"), "tables": TABLES}
        on = hub.head(REPO)
        tags = hub.tags(REPO) if on else {}
        last = newest(list(tags))
        usual = {
            "version": tag,
            "made_from": f"for {tag}",
            "recipe": recipe,
            "parent": {"commit": tags[last.tag], "tag": last.tag} if last else None,
        }
        made = release_of(release.folder, on=on, **{**usual, **said})
        target = HubTarget.model_validate({"kind": "hub", "verify": "hashes", "tag": tag})
        return target.publish(made).commit

    return published


def spoil(files: dict[str, bytes], deletions: tuple[str, ...] = ()) -> str:
    """What somebody else does to the repo, in a commit; its sha."""
    return hub.commit(REPO, files, deletions=deletions, message="spoilt", parent=hub.head(REPO) or "")
