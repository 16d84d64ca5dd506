"""Going back is one commit, or none; and only to a release that is whole."""

import pytest

from hubkit import hub
from hubkit.errors import AuthorisationError, ConflictError, IntegrityError, RecipeError
from hubkit.localhub import LocalHub
from hubkit.publishing import LOCK, Release
from hubkit.releases import roll_back

from ..publishing.conftest import CARD, Lossy
from .conftest import REPO, WEIGHTS, Publish, spoil


def titles() -> list[str]:
    return [commit.title for commit in hub.api().list_repo_commits(REPO)]


@pytest.fixture
def two(publish: Publish, release: Release) -> tuple[str, str]:
    """Two versions of different content; their commits."""
    first = publish("v1.0.0")
    (release.folder / "README.md").write_text(f"{CARD}worse")
    (release.folder / "images" / "more.png").write_bytes(b"more")
    return first, publish("v2.0.0")


def test_main_gets_the_tree_of_the_tag_in_one_commit(two: tuple[str, str]):
    """Files that came later go; the tags stay where they are; again is no commit."""
    before = len(titles())
    done = roll_back(REPO, "v1.0.0", "faces\nare worse")
    again = roll_back(REPO, "v1.0.0")

    assert hub.tree(REPO, "main") == hub.tree(REPO, two[0])
    assert titles()[0] == "Roll back to v1.0.0: faces are worse"
    assert len(titles()) == before + 1
    assert hub.tags(REPO) == {"v1.0.0": two[0], "v2.0.0": two[1]}
    assert (done.created, done.before, done.newest) == (True, two[1], "v2.0.0")
    assert (again.created, again.commit) == (False, done.commit)


def test_the_next_release_goes_on_from_the_newest_version(two: tuple[str, str], publish: Publish):
    """Numbers only grow, though main went back."""
    roll_back(REPO, "v1.0.0")

    with pytest.raises(ConflictError, match=r"not greater than v2\.0\.0"):
        publish("v1.1.0")
    publish("v2.1.0")
    assert hub.tags(REPO)["v2.1.0"] == hub.head(REPO)


def test_a_push_that_came_meanwhile_is_not_undone(two: tuple[str, str], lossy: Lossy, as_alice: LocalHub):
    """The commit is on top of the head that was seen, or it is not made. Exit 9."""

    def somebody_pushes(path: str) -> bool:
        if "/commit/" in path:
            api = hub.api()
            api.endpoint = as_alice.url
            api.upload_file(repo_id=REPO, path_or_fileobj=b"theirs", path_in_repo="theirs.txt")
        return False

    lossy.before = somebody_pushes
    with pytest.raises(ConflictError) as caught:
        roll_back(REPO, "v1.0.0")

    assert caught.value.exit_code == 9
    assert "theirs.txt" in hub.tree(REPO, "main")
    assert WEIGHTS in hub.tree(REPO, "main")
    assert "images/more.png" in hub.tree(REPO, "main")


@pytest.mark.usefixtures("two")
def test_only_a_release_that_is_whole_comes_back(monkeypatch: pytest.MonkeyPatch):
    """No foreign tag, none that was moved, no damaged one, none that is not there; and nothing is changed."""
    hub.put_tag(REPO, "v1.2.0", hub.tags(REPO)["v2.0.0"])
    hub.put_tag(REPO, "v1.3.0", spoil({WEIGHTS: b"other" * 100}))
    hub.put_tag(REPO, "foreign", spoil({"a.txt": b"a"}, (LOCK,)))
    head = hub.head(REPO)

    for tag, words in {"foreign": "is no release", "v1.2.0": "it was moved", "v1.3.0": "it was moved"}.items():
        with pytest.raises(IntegrityError, match=words):
            roll_back(REPO, tag)
    with pytest.raises(RecipeError, match=r"no tag 'main'"):
        roll_back(REPO, "main")
    monkeypatch.setenv("HF_TOKEN", "hf_bob0write")
    with pytest.raises(AuthorisationError, match="may not write"):
        roll_back(REPO, "v1.0.0")
    assert head == hub.head(REPO)


def test_a_damaged_release_does_not_come_back(publish: Publish):
    """Its tag is the one its lock names, but a file is another one."""
    publish("v1.0.0")
    damaged = spoil({WEIGHTS: b"other" * 100})
    hub.api().delete_tag(REPO, tag="v1.0.0")
    hub.put_tag(REPO, "v1.0.0", damaged)
    later = spoil({"a.txt": b"a"})

    with pytest.raises(IntegrityError, match=f"'{WEIGHTS}' is another file"):
        roll_back(REPO, "v1.0.0")
    assert later == hub.head(REPO)
