"""Publishing into a folder: whole or not at all."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hubkit.errors import MachineError
from hubkit.publishing import Release
from hubkit.targets.folder import FolderTarget

TARGET = FolderTarget(kind="folder", path="published")


@pytest.fixture(autouse=True)
def _working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_the_folder_holds_exactly_the_release(release: Release):
    """Once, and again without doing anything."""
    first = TARGET.publish(release)
    again = TARGET.publish(release)

    assert (first.created, again.created) == (True, False)
    assert first.commit == again.commit
    assert set(release.manifest) == files(Path("published", "tiny"))


def test_a_new_release_takes_the_place_of_the_old(release: Release, released: Callable[..., Release]):
    """The link is turned in one step, and nothing of the old release is left."""
    TARGET.publish(release)
    (release.folder / "README.md").write_text("new")
    (release.folder / "images" / "usage.png").unlink()
    newer = released(release.folder)

    TARGET.publish(newer)

    assert set(newer.manifest) == files(Path("published", "tiny"))
    assert Path("published", "tiny", "README.md").read_text() == "new"
    assert len(list(Path("published", ".tiny").iterdir())) == 1


def test_a_damaged_copy_is_made_anew(release: Release):
    """Publishing again repairs what was changed in the published folder."""
    TARGET.publish(release)
    Path("published", "tiny", "README.md").write_text("scribbled")

    assert TARGET.publish(release).created
    assert (release.folder / "README.md").read_text() == Path("published", "tiny", "README.md").read_text()


def test_what_is_not_ours_is_left_alone():
    """A folder of that name that hubkit did not publish is a fault, before the training."""
    Path("published", "tiny").mkdir(parents=True)

    with pytest.raises(MachineError, match="not published by hubkit"):
        TARGET.check("tiny", str)
