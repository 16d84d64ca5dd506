"""Make a repo's tree exactly a release, in one commit, on top of the head we saw; and tag it.

A commit is sent once and its answer may be lost. So the head is read again after every failure, and compared with what
we wanted: that tells a commit that was made from one that was not, and ours from somebody else's.
"""

import time
from dataclasses import dataclass
from typing import Final

from hubkit import hub
from hubkit.errors import ConflictError
from hubkit.progress import say
from hubkit.publishing.release import Release

PAUSES: Final = (1.0, 3.0, 9.0)
"""Seconds before a commit or a tag that surely was not made is tried again."""


@dataclass(frozen=True)
class Placed:
    """The commit that holds a release, and whether it had to be made."""

    commit: str
    created: bool


def place(release: Release, repo: str, *, private: bool) -> Placed:
    """Create the repo where it is missing, and commit where its tree is not the release.

    Raises ConflictError when somebody else moved the head, UnavailableError when the Hub stays away.
    """
    hub.create_repo(repo, private=private)
    seen = hub.resolve_model(repo, "main").sha
    if holds(repo, seen, release):
        return Placed(seen, created=False)
    for pause in PAUSES:
        try:
            return _commit(release, repo, seen)
        except hub.UnavailableError as error:
            now = hub.resolve_model(repo, "main").sha
            if now != seen:
                return _ours(release, repo, now)
            say(f"the commit was not made ({error.faults[0].message}); trying again in {pause:.0f} s")
            time.sleep(pause)
        except ConflictError:
            now = hub.resolve_model(repo, "main").sha
            if now == seen or not holds(repo, now, release):
                raise
            return Placed(now, created=False)
    return _commit(release, repo, seen)


def holds(repo: str, commit: str, release: Release) -> bool:
    """Whether a commit's tree is exactly the release."""
    changed, stale = hub.difference(release.files, hub.tree(repo, commit), release.manifest)
    return not changed and not stale


def _commit(release: Release, repo: str, seen: str) -> Placed:
    changed, stale = hub.difference(release.files, hub.tree(repo, seen), release.manifest)
    sha = hub.commit(repo, changed, deletions=stale, message=release.message, parent=seen)
    return Placed(sha, created=True)


def _ours(release: Release, repo: str, now: str) -> Placed:
    """The head moved while an answer was lost: by our commit, if it holds the release."""
    if holds(repo, now, release):
        return Placed(now, created=True)
    raise ConflictError(
        f"{repo} was changed by somebody else while it was published to: its head is {now}",
        help="look at what they did, then run the same command again",
        code="HK901",
    )


def tag(repo: str, name: str, commit: str) -> None:
    """Tag a commit. A tag that stands there already is left; one that stands elsewhere raises ConflictError."""
    for pause in (0.0, *PAUSES):
        time.sleep(pause)
        if stands := hub.tags(repo).get(name):
            break
        try:
            hub.put_tag(repo, name, commit)
        except (hub.UnavailableError, ConflictError) as error:
            say(f"the tag's answer was lost ({error.faults[0].message}); looking whether it is there")
    else:
        stands = hub.tags(repo).get(name)
    if stands is None:
        raise hub.UnavailableError(f"the tag {name} could not be set on {repo}", help="run the same command again")
    if stands != commit:
        raise ConflictError(
            f"the tag {name} of {repo} stands at {stands}, not at {commit}: tags never move",
            help="choose another tag: --set publish.tag=…",
            code="HK902",
        )
