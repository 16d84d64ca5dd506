"""What does not verify on the Hub does not stay there: main goes back to what it was, and nothing is tagged."""

from collections.abc import Callable

import pytest
from PIL import Image

from hubkit import hub
from hubkit.errors import IntegrityError
from hubkit.localhub.faults import Fault, Faults
from hubkit.publishing import Release
from hubkit.targets.hub import HubTarget

pytestmark = pytest.mark.usefixtures("as_alice")

DAMAGED = Fault("GET .*diffusion_pytorch_model.*|GET .*/lfs/.*|GET .*/objects/.*", times=9, damage_byte=5000)


def target(tag: str | None = None, verify: str = "full") -> HubTarget:
    return HubTarget.model_validate({"kind": "hub", "verify": verify, "tag": tag})


def tree(revision: str = "main") -> dict[str, hub.RemoteFile]:
    return hub.tree("alice/tiny", revision)


def titles() -> list[str]:
    return [commit.title for commit in hub.api().list_repo_commits("alice/tiny")]


def test_a_first_release_that_arrives_damaged_leaves_an_empty_repo(release: Release, faults: Faults):
    """Whatever the Hub's listing says, what it sends is hashed. Once it sends it whole, the same command publishes."""
    faults.add(DAMAGED)
    with pytest.raises(IntegrityError, match="damaged; main is what it was") as caught:
        target("v1").publish(release)
    faults.clear()

    assert caught.value.exit_code == 10
    assert {".gitattributes"} == set(tree())
    assert hub.tags("alice/tiny") == {}
    again = target("v1", "hashes").publish(release)
    assert again.created
    assert {"v1": again.commit} == hub.tags("alice/tiny")


def test_a_later_release_that_draws_another_picture_gives_way_to_the_last(
    release: Release, released: Callable[..., Release]
):
    """The tree of the last good release comes back, byte for byte, in one commit that copies it on the Hub."""
    first = target("v1", "hashes").publish(release)
    Image.new("RGB", (32, 32), "white").save(release.folder / "images" / "usage.png")
    (release.folder / "images" / "more.png").write_bytes(b"more")
    with pytest.raises(IntegrityError, match=f"another picture.*main is what it was at {first.commit}"):
        target("v2").publish(released(release.folder, on=first.commit))

    assert tree(first.commit) == tree()
    assert hub.tags("alice/tiny") == {"v1": first.commit}
    assert ["Take back tiny: it did not verify on the Hub", "tiny: 2 steps", "tiny: 2 steps"] == titles()[:3]


def test_what_was_left_unverified_is_verified_by_the_next_run(release: Release, released: Callable[..., Release]):
    """Killed after its commit, the same command finds it there, verifies it, and takes it back like any other."""
    first = target("v1", "hashes").publish(release)
    Image.new("RGB", (32, 32), "white").save(release.folder / "images" / "usage.png")
    worse = released(release.folder, on=first.commit, parent={"commit": first.commit, "tag": "v1"})
    target(verify="hashes").publish(worse)

    with pytest.raises(IntegrityError, match="another picture"):
        target("v2").publish(worse)
    assert tree(first.commit) == tree()


def test_a_release_that_was_tagged_is_never_taken_back(release: Release, faults: Faults):
    """Others rest on it; that the Hub now sends it damaged is told, and left to a person."""
    first = target("v1", "hashes").publish(release)
    faults.add(DAMAGED)

    with pytest.raises(IntegrityError, match="published before, as v1, and stays"):
        target("v1").publish(release)
    assert first.commit == hub.head("alice/tiny")
