"""Publish into a folder of this machine."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from hubkit.errors import IntegrityError, MachineError
from hubkit.publishing import LOCK, Lock, Past, Present, Publication, Release, inspect
from hubkit.publishing.history import CARD
from hubkit.values import LocalPath, Settings, fingerprint, sha256_of


class FolderTarget(Settings):
    """The release as a folder, for a machine without a Hub."""

    kind: Literal["folder"]
    path: Annotated[str, LocalPath("the working directory")] = Field(
        "published", description="Relative to the working directory, without '..'."
    )
    fp16: bool = Field(default=False, description='Also publish half-precision copies, loaded with `variant="fp16"`.')

    @property
    def version(self) -> str | None:
        """A folder has no tags."""
        return None

    def address_of(self, name: str, path: str) -> None:
        """A folder is this machine's."""

    def present(self, name: str) -> Present | None:
        """The release that the folder holds; older ones are not kept."""
        place = Path(self.path, name)
        if not (place / LOCK).is_file():
            return None
        lock = Lock.of_folder(place)
        parent = lock.parent and Past(commit=lock.parent.commit, tag=lock.parent.tag, lock=None)
        return Present(
            commit=place.resolve().name,
            card=(place / CARD).read_text(encoding="utf-8") if (place / CARD).is_file() else None,
            lock=lock,
            last=Past(commit=place.resolve().name, tag=lock.version, lock=lock),
            parent=parent,
        )

    def model_id(self, name: str) -> str:
        """The folder a reader loads."""
        return Path(self.path, name).as_posix()

    def check(self, name: str, card: Callable[[], str], made: Release | None = None) -> None:
        """Refuse a folder that cannot be written, or that holds something else under this name; and write the draft,
        which refuses a base without a licence.
        """
        place = Path(self.path, name)
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise MachineError(f"{place.parent} cannot be made: {error.strerror}", code="HK505") from error
        if not os.access(place.parent, os.W_OK):
            raise MachineError(f"{place.parent} cannot be written", code="HK505")
        if place.exists() and not place.is_symlink():
            raise MachineError(
                f"{place} is there and was not published by hubkit",
                help="move it away, or set publish.path",
                code="HK506",
            )
        card()

    def set_aside(self, release: Release, why: str) -> None:
        """It stays in the run's folder."""

    def publish(self, release: Release) -> Publication:
        """Copy the release beside its place, verify the copy, and turn the place's link to it in one step."""
        inspect(release)
        self.check(release.name, str)
        place = Path(self.path, release.name)
        digest = fingerprint(release.manifest)
        kept = place.with_name(f".{release.name}") / digest
        created = not (place.is_symlink() and place.resolve() == kept.resolve() and _is_whole(release, kept))
        if created:
            _copy(release, kept)
            _turn(place, kept)
        return Publication(
            url=place.absolute().as_uri(),
            repo=self.model_id(release.name),
            commit=digest,
            created=created,
            verified=(f"all {len(release.manifest)} files have the release's hashes",),
        )


def _copy(release: Release, kept: Path) -> None:
    """Copy under another name, verify, rename: the folder is whole or it is not there."""
    making = kept.with_name(f"{kept.name}.{os.getpid()}.tmp")
    shutil.rmtree(making, ignore_errors=True)
    for path, source in release.files.items():
        (making / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, making / path)
    if not _is_whole(release, making):
        raise IntegrityError(f"the copy in {making} is damaged", help="check the disk, then try again", code="HK1006")
    shutil.rmtree(kept, ignore_errors=True)
    making.rename(kept)


def _turn(place: Path, kept: Path) -> None:
    """Point the link at the new folder, in one step, then remove the folders it no longer points at."""
    link = place.with_name(f".{place.name}.{os.getpid()}.tmp")
    link.unlink(missing_ok=True)
    link.symlink_to(kept.relative_to(place.parent))
    link.replace(place)
    for old in kept.parent.iterdir():
        if old != kept:
            shutil.rmtree(old)


def _is_whole(release: Release, folder: Path) -> bool:
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return there == release.manifest.keys() and all(
        sha256_of(folder / path) == sha256 for path, sha256 in release.manifest.items()
    )
