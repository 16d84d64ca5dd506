"""When the Hub's answer does not arrive, a commit is recognised as made, or as not made, and never doubled."""

import time
from collections.abc import Callable

import pytest

from hubkit import hub
from hubkit.errors import ConflictError
from hubkit.localhub.faults import Fault, Faults
from hubkit.publishing import Release
from hubkit.targets.hub import HubTarget

from .conftest import Lossy

TARGET = HubTarget(kind="hub", verify="hashes", tag="v1")


def times(count: int, what: str) -> Callable[[str], bool]:
    """True for the first `count` requests whose path holds `what`."""
    left = [count]

    def hit(path: str) -> bool:
        if what not in path or not left[0]:
            return False
        left[0] -= 1
        return True

    return hit


def commits() -> int:
    return len(hub.api().list_repo_commits("alice/tiny"))


def test_a_commit_whose_answer_was_lost_is_recognised(lossy: Lossy, release: Release):
    """The commit is there: it is found by its tree, and not made twice."""
    lossy.after = times(1, "/commit/")

    publication = TARGET.publish(release)

    assert publication.created
    assert commits() == 2  # the repo's first commit, and ours


def test_a_commit_that_never_arrived_is_sent_again(lossy: Lossy, release: Release):
    """The head has not moved: nothing was made, so it is safe to try again."""
    lossy.before = times(2, "/commit/")

    publication = TARGET.publish(release)

    assert publication.created
    assert commits() == 2


def test_a_hub_that_stays_away_ends_cleanly(lossy: Lossy, release: Release):
    """After some attempts the run stops with exit code 75, and the same command publishes later."""
    lossy.before = times(99, "/commit/")

    with pytest.raises(hub.UnavailableError) as caught:
        TARGET.publish(release)
    lossy.before = times(0, "")

    assert caught.value.exit_code == 75
    assert TARGET.publish(release).created


@pytest.mark.parametrize("what", ["/commit/", "/tag/"])
def test_a_busy_hub_is_given_the_time_it_asks_for(lossy: Lossy, release: Release, faults: Faults, what: str):
    """`Retry-After` at the commit and at the tag; then there is one of each."""
    faults.add(Fault(f"POST .*{what}main.*|POST .*{what}[0-9a-f]*", status=429, headers={"Retry-After": "1"}))
    began = time.monotonic()
    publication = TARGET.publish(release)

    assert time.monotonic() - began >= 1
    assert commits() == 2
    assert {"v1": publication.commit} == hub.tags("alice/tiny")


def test_somebody_elses_commit_in_place_of_a_lost_answer_is_a_conflict(lossy: Lossy, release: Release):
    """The head moved, but not to what we wanted: nothing of theirs is overwritten."""
    lossy.after = times(1, "/commit/")
    lossy.meanwhile = lambda: hub.put_repo("alice/tiny", "model", {"theirs.txt": b"1"}, "theirs")

    with pytest.raises(ConflictError, match="somebody else"):
        TARGET.publish(release)
    assert "theirs.txt" in hub.tree("alice/tiny", "main")


@pytest.mark.parametrize("lost", ["before", "after"])
def test_a_lost_tag_is_set_once(lossy: Lossy, release: Release, lost: str):
    """Whether the request or its answer was lost, the tag ends at the commit."""
    setattr(lossy, lost, times(1, "/tag/"))

    publication = TARGET.publish(release)

    assert {"v1": publication.commit} == hub.tags("alice/tiny")
