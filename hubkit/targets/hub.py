"""Publish to the Hub: one commit, verified, then tagged."""

from typing import Literal

from pydantic import Field

from hubkit.publishing import Publication, Release
from hubkit.values import Settings


class HubTarget(Settings):
    """A model repo on the Hub whose tree is exactly the release."""

    kind: Literal["hub"]
    repo: str | None = Field(
        None,
        description="`name`, `namespace/name` or `{user}/name`; default: the recipe's name, in one's own namespace.",
    )
    private: bool = False
    tag: str | None = Field(None, description="Tag of the commit once it is verified. Tags never move.")
    verify: Literal["auto", "full", "hashes"] = Field(
        "auto", description="'full' loads the published model and draws with it again; 'auto' does so under 1 GiB."
    )

    def check(self, name: str, card: str) -> None:
        """Refuse now what would be refused after the training."""
        raise NotImplementedError

    def publish(self, release: Release) -> Publication:
        """One commit on top of the head we saw; then every hash; then the tag."""
        raise NotImplementedError
