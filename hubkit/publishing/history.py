"""What stands in a repo: the release at a revision, and the one that a new release follows."""

from dataclasses import dataclass
from typing import Final

from hubkit import hub
from hubkit.errors import ConflictError, IntegrityError
from hubkit.progress import say
from hubkit.publishing.lock import LARGEST, LOCK, Lock

CARD: Final = "README.md"


@dataclass(frozen=True)
class Standing:
    """What a repo holds at one commit: a release with its lock, or files that hubkit did not publish."""

    commit: str
    tag: str | None
    lock: Lock | None


@dataclass(frozen=True)
class StandingCard:
    """The card that stands in a repo, and the lock beside it, which knows what of it hubkit wrote."""

    text: str
    lock: Lock


def standing_card(repo: str) -> StandingCard | None:
    """The card at the head of a repo; None where there is none, or none that hubkit wrote."""
    there = standing(repo)
    if there is None or there.lock is None or CARD not in hub.tree(repo, there.commit):
        return None
    return StandingCard(hub.read(repo, there.commit, CARD).decode(errors="replace"), there.lock)


def standing(repo: str, revision: str = "main") -> Standing | None:
    """What a repo holds at a revision; None where there is no such repo, or nothing in it.

    A lock that cannot be read counts as none: what it lay beside is not known to be a release.
    """
    commit = hub.head(repo, revision=revision)
    if commit is None:
        return None
    there = hub.tree(repo, commit)
    if not there.keys() - hub.MANAGED:
        return None
    try:
        lock = read_lock(repo, commit, there[LOCK].size) if LOCK in there else None
    except IntegrityError as error:
        say(f"{error.faults[0].message}: what stands there counts as no release")
        lock = None
    stands = [name for name, sha in hub.tags(repo).items() if sha == commit]
    return Standing(commit, stands[0] if stands else lock.version if lock else None, lock)


def predecessor(repo: str, there: Standing | None, made_from: str) -> Standing | None:
    """The release that one described from `made_from` follows: what stands there; or, where that is this very
    release, what stood there before it.
    """
    if there is None or there.lock is None or there.lock.made_from != made_from:
        return there
    return standing(repo, there.lock.parent.commit) if there.lock.parent else None


def follow(repo: str, lock: Lock) -> Standing | None:
    """What a release with this lock is to be placed on. Raises ConflictError where that is not what its card says it
    follows.
    """
    there = standing(repo)
    before = predecessor(repo, there, lock.made_from)
    now, then = before.commit if before else None, lock.parent.commit if lock.parent else None
    if now != then:
        raise ConflictError(
            f"{repo} has changed since the release was described: {now or 'nothing'} stands there",
            help="run the same command again: the card is made anew, against what stands there now",
            code="HK905",
        )
    return there


def read_lock(repo: str, commit: str, size: int) -> Lock:
    """The lock of a repo at a commit, which the Hub lists with so many bytes. Raises IntegrityError."""
    where = f"{repo} at {commit[:7]}"
    if size > LARGEST:
        raise IntegrityError(f"the lock of {where} has {size:,} bytes, more than any release needs", code="HK1010")
    return Lock.parse(hub.read(repo, commit, LOCK), where)
