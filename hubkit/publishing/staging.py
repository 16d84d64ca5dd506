"""A release as a pull request: it can be loaded, verified and looked at before readers of `main` see it.

A pull request is not merged with the Hub's button. That would bring its changes into whatever `main` then is, a mixture
if somebody else pushed meanwhile; so its tree is copied onto the `main` we saw, in one commit, or not at all.
"""

import time
from typing import Final

from hubkit import hub
from hubkit.progress import say
from hubkit.publishing import commit
from hubkit.publishing.commit import holds
from hubkit.publishing.release import Release

FOR_REVIEW: Final = "For review: "


def propose(release: Release, repo: str, seen: str, title: str, words: str) -> hub.Proposal:
    """The release as a pull request on top of `seen`; an open one that holds it already is taken."""
    for pause in (*commit.PAUSES, None):
        if known := _known(release, repo, title):
            return known
        changed, stale = hub.difference(release.files, hub.tree(repo, seen), release.manifest)
        files = {path: release.files[path] for path in changed}
        try:
            return hub.propose(repo, files, stale, parent=seen, title=title, words=words)
        except hub.UnavailableError as error:
            if pause is None:
                raise
            say(f"the pull request's answer was lost ({error.faults[0].message}); looking whether it is there")
            time.sleep(max(pause, error.asked_to_wait))
    raise AssertionError("the last attempt returns or raises")


def stage_title(release: Release) -> str:
    """Tells the pull request of one release from that of another."""
    return f"Stage: {release.message} ({release.lock.made_from[:12]})"


def _known(release: Release, repo: str, title: str) -> hub.Proposal | None:
    return next((one for one in hub.proposals(repo, title) if holds(repo, one.commit, release)), None)
