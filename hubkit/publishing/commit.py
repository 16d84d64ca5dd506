"""Change `main` of a repo in one commit, on top of the head we saw; and tag it.

A commit is sent once and its answer may be lost. So the head is read again after every failure, and compared with what
we wanted: that tells a commit that was made from one that was not, and ours from somebody else's.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from hubkit import hub
from hubkit.errors import ConflictError
from hubkit.progress import say
from hubkit.publishing.release import Release

PAUSES: Final = (1.0, 3.0, 9.0)
"""Seconds before a commit or a tag that surely was not made is tried again; longer where the Hub asks for it."""


@dataclass(frozen=True)
class Placed:
    """The commit that holds what was wanted, the head before it, and whether a commit had to be made."""

    commit: str
    seen: str
    created: bool


def place(release: Release, repo: str, seen: str) -> Placed:
    """Make the tree of `main` exactly the release, on top of the commit `seen`.

    Raises ConflictError when somebody else moved the head, UnavailableError when the Hub stays away.
    """

    def send() -> str:
        changed, stale = hub.difference(release.files, hub.tree(repo, seen), release.manifest)
        return hub.commit(repo, changed, deletions=stale, message=release.message, parent=seen)

    return bring(repo, seen, lambda commit: holds(repo, commit, release), send)


def restore(repo: str, source: str | None, seen: str, message: str) -> Placed:
    """Make the tree of `main` that of another commit of the repo, on top of `seen`; None empties it.

    Large files are copied by the Hub itself. Raises ConflictError, UnavailableError.
    """
    wanted = {} if source is None else hub.tree(repo, source)

    def is_restored(commit: str) -> bool:
        return hub.same_files(wanted, hub.tree(repo, commit))

    return bring(repo, seen, is_restored, lambda: hub.copy_tree(repo, source, onto=seen, message=message))


def bring(repo: str, seen: str, is_wanted: Callable[[str], bool], send: Callable[[], str]) -> Placed:
    """Send a commit on top of `seen` until `main` is what is wanted, and no more than once in effect."""
    if is_wanted(seen):
        return Placed(seen, seen, created=False)
    for pause in PAUSES:
        try:
            return Placed(send(), seen, created=True)
        except hub.UnavailableError as error:
            if found := _ours(repo, seen, is_wanted):
                return found
            seconds = max(pause, error.asked_to_wait)
            say(f"the commit was not made ({error.faults[0].message}); trying again in {seconds:.0f} s")
            time.sleep(seconds)
        except ConflictError:
            if found := _ours(repo, seen, is_wanted):
                return found
            raise
    return Placed(send(), seen, created=True)


def holds(repo: str, commit: str, release: Release) -> bool:
    """Whether a commit's tree is exactly the release."""
    changed, stale = hub.difference(release.files, hub.tree(repo, commit), release.manifest)
    return not changed and not stale


def _ours(repo: str, seen: str, is_wanted: Callable[[str], bool]) -> Placed | None:
    """The commit whose answer was lost, where `main` holds it; None where `main` has not moved."""
    now = hub.resolve_model(repo, "main").sha
    if now == seen:
        return None
    if is_wanted(now):
        return Placed(now, seen, created=True)
    raise ConflictError(
        f"{repo} was changed by somebody else meanwhile: its head is {now}",
        help="look at what they did, then run the same command again",
        code="HK901",
    )


def found_repo(repo: str, *, private: bool) -> str:
    """The head of a repo in which there is nothing yet; it is created where it is missing. Raises ConflictError."""
    if hub.head(repo) is None:
        hub.create_repo(repo, private=private)
    head = hub.resolve_model(repo, "main").sha
    if hub.tree(repo, head).keys() - hub.MANAGED:
        raise ConflictError(
            f"{repo} was empty when the release was described; somebody has put files there since",
            help="run the same command again: it looks at what is there",
            code="HK905",
        )
    return head


def tag(repo: str, name: str, commit: str) -> None:
    """Tag a commit. A tag that stands there already is left; one that stands elsewhere raises ConflictError."""
    for pause in (*PAUSES, None):
        if (stands := hub.tags(repo).get(name)) or pause is None:
            break
        try:
            hub.put_tag(repo, name, commit)
        except ConflictError:
            continue  # it was set meanwhile: by us, if it stands where we want it
        except hub.UnavailableError as error:
            say(f"the tag's answer was lost ({error.faults[0].message}); looking whether it is there")
            time.sleep(max(pause, error.asked_to_wait))
    if stands is None:
        raise hub.UnavailableError(f"the tag {name} could not be set on {repo}", help="run the same command again")
    if stands != commit:
        raise ConflictError(
            f"the tag {name} of {repo} stands at {stands}, not at {commit}: tags never move",
            help="choose another tag: --tag, or publish.tag in the recipe",
            code="HK902",
        )
