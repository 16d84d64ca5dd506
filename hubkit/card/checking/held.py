"""A release where it lies: in a folder, or in a repo at a commit."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hubkit import hub
from hubkit.errors import BaseModelError, RecipeError
from hubkit.publishing import CARD, LARGEST_CARD, LOCK, Lock, hashes, read_lock


@dataclass(frozen=True)
class Held:
    """A release as it is read: its card and its lock, and the names of its files."""

    where: str
    """In words, for people."""
    card: str
    lock: Lock
    files: frozenset[str]
    folder: Callable[[], Path]
    """Where its files lie on this machine; those of a repo are downloaded by it."""


def of_folder(folder: Path) -> Held:
    """The release in a folder. Raises RecipeError, IntegrityError."""
    lock = Lock.of_folder(folder)
    if not (folder / CARD).is_file():
        raise RecipeError(f"{folder} holds no {CARD}")
    text = (folder / CARD).read_text(encoding="utf-8", errors="replace")
    return Held(str(folder), text[:LARGEST_CARD], lock, frozenset(hashes(folder)), lambda: folder)


def of_repo(model: str) -> Held:
    """The release in a repo, `namespace/name` or `namespace/name@revision`; nothing but card and lock is downloaded.

    Raises BaseModelError where hubkit did not publish it, IntegrityError where its lock cannot be read.
    """
    repo, _, revision = model.partition("@")
    hub.check_repo_id(repo)
    facts = hub.resolve_model(repo, revision or None)
    for name, most in ((LOCK, None), (CARD, LARGEST_CARD)):
        if name not in facts.files:
            raise BaseModelError(
                f"{repo} has no {name}: it is no release of hubkit",
                help="a card is checked against the lock that `hubkit train … --push` publishes with it",
                code="HK422",
            )
        if most is not None and facts.files[name] > most:
            raise BaseModelError(f"the {name} of {repo} is too large: {facts.files[name]:,} bytes", code="HK422")
    lock = read_lock(repo, facts.sha, facts.files[LOCK])
    text = hub.read(repo, facts.sha, CARD).decode("utf-8", "replace")

    def folder() -> Path:
        return hub.snapshot(repo, facts.sha, allow=[*lock.files, LOCK])

    return Held(f"{repo} at {facts.sha[:7]}", text, lock, frozenset(facts.files), folder)
