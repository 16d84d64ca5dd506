"""What a repo holds: the release on its main branch, and those before it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import Field

from hubkit import hub
from hubkit.errors import ConflictError, IntegrityError
from hubkit.progress import say
from hubkit.publishing.lock import LARGEST, LOCK, Lock
from hubkit.publishing.versions import newest
from hubkit.values import Record

CARD: Final = "README.md"
LARGEST_CARD: Final = 1 << 20
"""Bytes of a card that is looked at, at most."""


class Past(Record):
    """A release as it stands at a commit; without a lock where hubkit did not make it."""

    commit: str
    tag: str | None
    lock: Lock | None


@dataclass(frozen=True)
class StandingCard:
    """The card that stands in a repo, and the lock beside it, which knows what of it hubkit wrote."""

    text: str
    lock: Lock


class Present(Record):
    """What a target holds when a release is described for it."""

    commit: str
    card: str | None = Field(description="Its README.md, people's edits included.")
    lock: Lock | None
    last: Past = Field(description="The newest version; where no tag is one, what stands there.")
    parent: Past | None = Field(description="What the release that stands there followed.")

    @property
    def standing_card(self) -> StandingCard | None:
        """The card, where it is one that hubkit wrote."""
        return StandingCard(self.card, self.lock) if self.card is not None and self.lock is not None else None

    def before(self, made_from: str) -> Past | None:
        """The release that one described from `made_from` follows: the last; where it stands there itself, the one
        it followed.
        """
        return self.parent if self.lock and self.lock.made_from == made_from else self.last


def present(repo: str) -> Present | None:
    """What stands on the main branch of a repo; None where there is no such repo, or nothing in it."""
    commit = hub.head(repo)
    there = hub.tree(repo, commit) if commit else {}
    if commit is None or not there.keys() - hub.MANAGED:
        return None
    tags = hub.tags(repo)
    now = past(repo, commit, there, tags)
    version = newest(list(tags))
    parent = now.lock.parent if now.lock else None
    return Present(
        commit=commit,
        card=_card(repo, commit, there),
        lock=now.lock,
        last=past_at(repo, tags[version.tag], tags) if version else now,
        parent=past_at(repo, parent.commit, tags) if parent else None,
    )


def past_at(repo: str, commit: str, tags: Mapping[str, str]) -> Past:
    """The release at a commit."""
    return past(repo, commit, hub.tree(repo, commit), tags)


def past(repo: str, commit: str, there: Mapping[str, hub.RemoteFile], tags: Mapping[str, str]) -> Past:
    """The release at a commit whose files are known.

    A lock that cannot be read counts as none: what it lies beside is not known to be a release.
    """
    try:
        lock = read_lock(repo, commit, there[LOCK].size) if LOCK in there else None
    except IntegrityError as error:
        say(f"{error.faults[0].message}: what stands there counts as no release")
        lock = None
    here = [name for name, sha in tags.items() if sha == commit]
    version = newest(here)
    known = version.tag if version else here[0] if here else None
    return Past(commit=commit, tag=known or (lock.version if lock else None), lock=lock)


def read_lock(repo: str, commit: str, size: int) -> Lock:
    """The lock of a repo at a commit, which the Hub lists with so many bytes. Raises IntegrityError."""
    where = f"{repo} at {commit[:7]}"
    if size > LARGEST:
        raise IntegrityError(f"the lock of {where} has {size:,} bytes, more than any release needs", code="HK1010")
    return Lock.parse(hub.read(repo, commit, LOCK), where)


def check_unmoved(repo: str, now: Present | None, on: str | None, lock: Lock) -> None:
    """Refuse to publish on top of something else than was there when the release was described; the release itself
    is nothing else. Raises ConflictError.
    """
    stands = now.commit if now else None
    is_ours = now is not None and now.lock is not None and now.lock.made_from == lock.made_from
    if stands != on and not is_ours:
        raise ConflictError(
            f"{repo} has changed since the release was described: {stands or 'nothing'} stands there",
            help="run the same command again: the card is made anew, against what stands there now",
            code="HK905",
        )


def _card(repo: str, commit: str, there: Mapping[str, hub.RemoteFile]) -> str | None:
    if CARD not in there or there[CARD].size > LARGEST_CARD:
        return None
    return hub.read(repo, commit, CARD).decode("utf-8", "replace")
