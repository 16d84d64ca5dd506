"""A release as it stands in a repo: known by its lock alone, whoever made it, on whatever machine."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from hubkit import hub
from hubkit.errors import IntegrityError
from hubkit.publishing.history import read_lock
from hubkit.publishing.lock import LOCK, Lock


@dataclass(frozen=True)
class StandingRelease:
    """What a commit of a repo claims to hold."""

    repo: str
    commit: str
    tag: str | None
    lock: Lock
    lock_sha256: str

    @classmethod
    def at(cls, repo: str, commit: str, tag: str | None = None) -> Self:
        """The release at a commit. Raises IntegrityError where there is none, or where its lock cannot be read."""
        there = hub.tree(repo, commit)
        if LOCK not in there:
            raise IntegrityError(
                f"{repo} at {tag or commit[:7]} is no release of hubkit: it holds no {LOCK}",
                help="nothing says what it should hold, so nothing can be held against it",
                code="HK1011",
            )
        lock = read_lock(repo, commit, there[LOCK].size)
        return cls(repo, commit, tag, lock, hub.hashed(hub.read(repo, commit, LOCK), "sha256"))

    def __str__(self) -> str:
        return f"{self.repo} at {self.tag or self.commit[:12]}"

    @property
    def manifest(self) -> Mapping[str, str]:
        """The sha256 of every file it should hold."""
        return {**self.lock.files, LOCK: self.lock_sha256}

    def content(self, path: str) -> bytes:
        """A small file of it."""
        return hub.read(self.repo, self.commit, path)
