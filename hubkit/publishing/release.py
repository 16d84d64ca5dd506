"""What a release is, what a target must offer, and what a publication says."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Protocol

from pydantic import Field

from hubkit.publishing.history import Present
from hubkit.publishing.lock import Lock
from hubkit.values import Record, sha256_of

ACCEPTED: Final = "accepted.json"
HALF: Final = ".fp16."
"""In the names of half-precision copies."""


class Accepted(Record):
    """Somebody's word that a model is published though a gate is not met. It counts for the scores it was given for."""

    reason: str
    unmet: tuple[str, ...] = Field(description="The scores whose gates were not met.")


class Release(Record):
    """A folder that is ready to be published: exactly the files of the manifest, nothing else."""

    name: str = Field(description="The recipe's name: the repo's, unless the target says otherwise.")
    model_id: str = Field(description="What the card tells a reader to load: the target's name for the model.")
    folder: Path
    manifest: dict[str, str] = Field(description="sha256 of every file, by its path in the folder.")
    sizes: dict[str, int] = Field(description="Bytes of every file.")
    message: str = Field(description="Title of the commit.")

    on: str | None = Field(None, description="Commit of the target that it was described for; none where it was empty.")

    @property
    def lock(self) -> Lock:
        """What pins it. Raises IntegrityError where the folder holds none."""
        return Lock.of_folder(self.folder)

    @property
    def files(self) -> Mapping[str, Path]:
        """Every file of the manifest, where it lies."""
        return {path: self.folder / path for path in self.manifest}

    def content(self, path: str) -> Path:
        """A file of the manifest."""
        return self.folder / path

    @property
    def bytes(self) -> int:
        """Size of the whole release."""
        return sum(self.sizes.values())


def hashes(folder: Path) -> dict[str, str]:
    """The sha256 of every file in a folder, by its path there."""
    files = (file for file in sorted(folder.rglob("*")) if file.is_file())
    return {file.relative_to(folder).as_posix(): sha256_of(file) for file in files}


class Publication(Record):
    """Where a release can be found."""

    url: str
    repo: str
    commit: str
    revision: str | None = Field(None, description="What `from_pretrained` takes beside `repo`; none for a folder.")
    tag: str | None = None
    created: bool = Field(description="False when the target already held exactly this release.")
    verified: tuple[str, ...] = Field(description="What was checked after the upload, in words.")


class Target(Protocol):
    """What a place to publish to must offer."""

    @property
    def fp16(self) -> bool:
        """Whether the release holds half-precision copies of the weights too."""
        ...

    @property
    def version(self) -> str | None:
        """The tag that a release will have there, where it has one."""
        ...

    def model_id(self, name: str) -> str:
        """What a reader will load the model by, for its card."""
        ...

    def address_of(self, name: str, path: str) -> str | None:
        """Where everybody can see a file of the release once it is there; None where nobody else can."""
        ...

    def present(self, name: str) -> Present | None:
        """What it holds now under this name; None where that is nothing."""
        ...

    def check(self, name: str, card: Callable[[], str], made: Release | None = None) -> None:
        """Refuse now what would be refused after the training: nobody logged in, no right to write, a bad card.

        `card` writes the draft; it is only asked for once the rest is in order. `made` is the release, where this run
        has made it already: what the target holds may then be that very release.
        """
        ...

    def set_aside(self, release: Release, why: str) -> str | None:
        """What becomes of a release that is not to be published: the address where it can be looked at, if any."""
        ...

    def publish(self, release: Release) -> Publication:
        """Put exactly the release's files there, and verify them."""
        ...
