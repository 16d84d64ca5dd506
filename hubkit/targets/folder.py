"""Publish into a folder of this machine."""

from typing import Literal

from pydantic import Field

from hubkit.publishing import Publication, Release
from hubkit.values import Settings


class FolderTarget(Settings):
    """The release as a folder, for a machine without a Hub."""

    kind: Literal["folder"]
    path: str = Field("published", description="Relative to the working directory, without '..'.")

    def check(self, name: str, card: str) -> None:
        """Refuse a folder that cannot be written."""
        raise NotImplementedError

    def publish(self, release: Release) -> Publication:
        """Copy the release beside its target, then swap."""
        raise NotImplementedError
