"""A pull request on the Hub: where a release is verified before it is on main, or looked at in place of being there."""

from collections.abc import Callable

import pytest

from hubkit import hub
from hubkit.errors import ConflictError, IntegrityError
from hubkit.localhub.faults import Faults
from hubkit.publishing import Release
from hubkit.targets.hub import HubTarget

from ...lossy import Lossy
from .test_lost_answers import times
from .test_taken_back import DAMAGED

pytestmark = pytest.mark.usefixtures("as_alice")


def target(**settings: object) -> HubTarget:
    return HubTarget.model_validate({"kind": "hub", "verify": "hashes", **settings})


def pull_requests() -> list[tuple[str, str]]:
    """Title and status of each, the newest first."""
    return [(one.title, one.status) for one in hub.api().get_repo_discussions("alice/tiny")]


def test_a_staged_release_comes_to_main_in_one_commit(release: Release, faults: Faults):
    """Its weights are sent once, to the pull request, and copied on the Hub from there; then that is closed."""
    publication = target(stage=True, tag="v1").publish(release)

    assert set(release.manifest) | {".gitattributes"} == set(hub.tree("alice/tiny", "main"))
    assert 2 == len(hub.api().list_repo_commits("alice/tiny"))
    assert {"v1": publication.commit} == hub.tags("alice/tiny")
    assert ["closed"] == [status for _, status in pull_requests()]
    assert 1 == sum("/xet-write-token/" in request for request in faults.requests)
    assert not target(stage=True, tag="v1").publish(release).created
    assert 1 == len(pull_requests())


def test_readers_of_main_never_see_what_does_not_verify(release: Release, faults: Faults):
    """It is found in the pull request: main does not move at all, and the pull request says why it was closed."""
    head = hub.put_repo("alice/tiny", "model", {"README.md": b"---\nlicense: mit\n---\n# old\n"}, "old")
    faults.add(DAMAGED)
    with pytest.raises(IntegrityError, match="damaged"):
        target(stage=True, verify="full", tag="v1").publish(release.model_copy(update={"on": head}))
    faults.clear()

    assert head == hub.head("alice/tiny")
    assert hub.tags("alice/tiny") == {}
    assert ["closed"] == [status for _, status in pull_requests()]
    talk = hub.api().get_discussion_details("alice/tiny", 1)
    assert any("did not verify" in getattr(event, "content", "") for event in talk.events)


def test_what_somebody_pushed_meanwhile_is_not_mixed_in(lossy: Lossy, release: Release):
    """The Hub's own merge would take their file too; here it is a conflict, and theirs stays."""
    lossy.after = times(1, "/commit/main?create_pr=1")
    lossy.meanwhile = lambda: hub.put_repo("alice/tiny", "model", {"theirs.txt": b"1"}, "theirs")

    with pytest.raises(ConflictError):
        target(stage=True).publish(release)
    assert {".gitattributes", "theirs.txt"} == set(hub.tree("alice/tiny", "main"))


@pytest.mark.parametrize("lost", ["before", "after"])
def test_a_lost_pull_request_is_found_again(lossy: Lossy, release: Release, lost: str):
    """There is one, whether the request was lost or its answer."""
    setattr(lossy, lost, times(1, "/commit/main?create_pr=1"))

    assert target(stage=True).publish(release).created
    assert 1 == len(pull_requests())


def test_a_model_that_a_gate_keeps_back_can_be_looked_at(release: Release, released: Callable[..., Release]):
    """Whole, in a pull request that says why; main is untouched. Once it is published, the pull request is closed."""
    where = target(review=True).set_aside(release, "kid = 3 is not at most 2")
    again = target(review=True).set_aside(release, "kid = 3 is not at most 2")
    talk = hub.api().get_discussion_details("alice/tiny", 1)

    assert where == again == f"{hub.repo_url('alice/tiny')}/discussions/1"
    assert [("For review: tiny: 2 steps", "open")] == [(title[:25], status) for title, status in pull_requests()]
    assert "kid = 3 is not at most 2" in str(talk.events[0].content)
    assert {".gitattributes"} == set(hub.tree("alice/tiny", "main"))
    assert set(release.manifest) | {".gitattributes"} == set(hub.tree("alice/tiny", "refs/pr/1"))
    target(review=True).publish(released(release.folder, accepted="it is fine"))
    assert ["closed"] == [status for _, status in pull_requests()]


def test_without_review_nothing_is_sent(release: Release, faults: Faults):
    """A model that is kept back stays in its run folder."""
    assert target().set_aside(release, "no") is None
    assert [] == faults.requests
