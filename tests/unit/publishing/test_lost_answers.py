"""When the Hub's answer does not arrive, a commit is recognised as made, or as not made, and never doubled."""

import time
from collections.abc import Callable, Iterator

import pytest
from huggingface_hub import close_session, constants

from hubkit import hub
from hubkit.errors import ConflictError, IntegrityError, StoppedError
from hubkit.hub import asking
from hubkit.localhub.faults import Fault, Faults
from hubkit.publishing import Release
from hubkit.targets.hub import HubTarget

from ...lossy import Lossy

TARGET = HubTarget(kind="hub", verify="hashes", tag="v1")


def times(count: int, what: str) -> Callable[[str], bool]:
    """True for the first `count` requests that hold `what`."""
    left = [count]

    def hit(request: str) -> bool:
        if what not in request or not left[0]:
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


@pytest.mark.parametrize("what", ["/commit/main", "/tag/.*"])
@pytest.mark.parametrize(
    "fault",
    [
        {"after": True, "status": 500},
        {"after": True, "status": 504},
        {"cut_after_bytes": -1},
        {"cut_after_bytes": 0},
        {"cut_after_bytes": 9},
    ],
    ids=["500", "504", "before the headers", "after the headers", "in the body"],
)
def test_what_took_effect_is_recognised_whatever_became_of_its_answer(
    lossy: Lossy, release: Release, faults: Faults, what: str, fault: dict[str, int]
):
    """An error of the Hub, or a connection that breaks anywhere in the answer: there is one commit and one tag."""
    faults.add(Fault(f"POST .*{what}", **fault))
    publication = TARGET.publish(release)

    assert 2 == commits()
    assert {"v1": publication.commit} == hub.tags("alice/tiny")


@pytest.fixture
def impatient(lossy: Lossy, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A client that waits for half a second."""
    monkeypatch.setattr(asking, "SILENCE_SECONDS", 0.5)
    hub.head("alice/none")  # the client is hubkit's own from its first question on
    close_session()
    yield
    close_session()


@pytest.mark.usefixtures("impatient")
def test_a_commit_that_is_not_answered_is_made_once(release: Release, faults: Faults):
    """It is sent again on the same parent; when the Hub gets to the first, that parent is no longer the head."""
    faults.add(Fault("POST .*/commit/main", delay_seconds=1.5))
    publication = TARGET.publish(release)
    time.sleep(1.5)

    assert publication.commit == hub.head("alice/tiny")
    assert 2 == commits()


@pytest.mark.usefixtures("impatient")
def test_a_hub_that_says_nothing_is_not_waited_for(release: Release, faults: Faults):
    """The command ends with exit code 75, and the same command publishes later."""
    faults.add(Fault("GET .*/revision/main", delay_seconds=2))
    began = time.monotonic()
    with pytest.raises(StoppedError) as caught:
        TARGET.publish(release)

    assert caught.value.exit_code == 75
    assert time.monotonic() - began < 2
    assert TARGET.publish(release).created


LYING = {
    "the storage": [Fault("PUT /_lfs/.*", times=9, status=200), Fault("POST .*/lfs/verify", times=9, status=200)],
    "the batch": [Fault("POST .*/objects/batch", times=9, body=b'{"transfer": "basic", "objects": []}')],
}


@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # of the client's LFS uploads
@pytest.mark.parametrize("who", LYING)
@pytest.mark.usefixtures("as_alice")
def test_an_upload_that_did_not_arrive_is_no_release(
    release: Release, faults: Faults, monkeypatch: pytest.MonkeyPatch, who: str
):
    """Weights that the Hub says it has, and has not: no commit names them, nothing is tagged."""
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    for fault in LYING[who]:
        faults.add(fault)
    with pytest.raises(IntegrityError, match="lacks what was uploaded") as caught:
        TARGET.publish(release)
    faults.clear()

    assert caught.value.exit_code == 10
    assert {".gitattributes"} == set(hub.tree("alice/tiny", "main"))
    assert {} == hub.tags("alice/tiny")
    assert TARGET.publish(release).created
