"""Which version a run must at least be is told from the difference to the newest one."""

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hubkit import hub
from hubkit.errors import RecipeError
from hubkit.publishing import LOCK, Lock, Release
from hubkit.releases import check_version, next_version
from hubkit.targets.hub import HubTarget

from ..publishing.test_versions import NEW_WEIGHTS, but, with_interface
from .conftest import REPO, Publish, spoil


@dataclass
class Run:
    """As much of a finished run as its version depends on."""

    recipe: Any
    folder: Path


@pytest.fixture
def run(release: Release) -> Run:
    """The tiny release, as a run that would go to alice's repo."""
    return Run(SimpleNamespace(name="tiny", publish=HubTarget(kind="hub")), release.folder.parent)


def lock(run: Run, changed: Lock) -> None:
    (run.folder / "release" / LOCK).write_text(changed.text())


def told(run: Any) -> tuple[str | None, str, str]:
    found = next_version(run)
    assert found.model == REPO
    return found.last, found.least, found.why


def test_the_first_is_told_as_such(publish: Publish, run: Run):
    """Where nothing stands, and where no tag is a version."""
    assert told(run) == (None, "v0.1.0", "it is the first")
    publish("best")
    assert told(run) == (None, "v0.1.0", "it is the first")


def test_the_difference_decides(publish: Publish, run: Run, release: Release):
    """A patch for the same weights, a minor version for new ones, a major one where code may break."""
    publish("v1.2.3")
    same = release.lock
    assert told(run) == ("v1.2.3", "v1.2.4", "the weights are the same")
    lock(run, but(same, weights=NEW_WEIGHTS))
    assert told(run) == ("v1.2.3", "v1.3.0", "the weights are new")
    lock(run, with_interface(same, resolution=64))
    assert told(run)[1] == "v2.0.0"


def test_of_a_version_without_a_lock_nothing_is_known(publish: Publish, run: Run):
    """Anything may break."""
    publish("v1.2.3")
    hub.put_tag(REPO, "v1.3.0", spoil({"a.txt": b"a"}, (LOCK,)))

    assert told(run) == ("v1.3.0", "v2.0.0", "v1.3.0 has no lock to compare it with")


@pytest.mark.parametrize("tag", ["newest", "1.2", "v1.2.3.4", "v1.2.3 ", "models/tiny/v1.2.3"])
def test_what_is_no_version_is_refused(tag: str):
    """A release has one."""
    with pytest.raises(RecipeError, match="is no version"):
        check_version(tag)
    check_version("v1.2.3-rc.1")
