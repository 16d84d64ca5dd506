"""Pull requests by commit and by folder, their talk, their merge and its refusal."""

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, constants
from huggingface_hub.errors import HfHubHTTPError

from hubkit.localhub import LocalHub

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

_numbers = count()


@pytest.fixture(params=["xet", "lfs"])
def transport(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", request.param == "lfs")
    return


@pytest.fixture
def owner(hub: LocalHub) -> HfApi:
    return HfApi(endpoint=hub.url, token="hf_alice")


@pytest.fixture
def guest(hub: LocalHub) -> HfApi:
    return HfApi(endpoint=hub.url, token="hf_bob")


@pytest.fixture
def repo(owner: HfApi) -> str:
    repo = owner.create_repo(f"acme/pr{next(_numbers)}").repo_id
    operations = [CommitOperationAdd("kept.txt", b"kept\n"), CommitOperationAdd("gone.txt", b"gone\n")]
    owner.create_commit(repo, operations, commit_message="Begin")
    return repo


@pytest.mark.usefixtures("transport")
def test_a_pull_request_by_commit_from_somebody_else(owner: HfApi, guest: HfApi, repo: str):
    content = os.urandom(30_000)
    operations = [
        CommitOperationAdd("new.bin", content),
        CommitOperationAdd("kept.txt", b"changed\n"),
        CommitOperationDelete("gone.txt"),
    ]
    done = guest.create_commit(repo, operations, commit_message="Please", create_pr=True)
    assert (done.pr_num, done.pr_revision) == (1, "refs/pr/1")
    assert "new.bin" not in owner.list_repo_files(repo)
    assert "new.bin" in owner.list_repo_files(repo, revision="refs/pr/1")

    owner.upload_file(repo_id=repo, path_or_fileobj=b"x", path_in_repo="meanwhile.txt")
    talk = owner.get_discussion_details(repo, 1)
    assert (talk.title, talk.author, talk.status, talk.conflicting_files) == ("Please", "bob", "open", [])
    assert "+changed" in (talk.diff or "")
    owner.merge_pull_request(repo, 1, comment="Thank you")

    assert owner.get_discussion_details(repo, 1).status == "merged"
    assert set(owner.list_repo_files(repo)) == {".gitattributes", "kept.txt", "meanwhile.txt", "new.bin"}
    with pytest.raises(HfHubHTTPError, match="403"):
        guest.upload_file(repo_id=repo, path_or_fileobj=b"x", path_in_repo="late.txt", revision="refs/pr/1")


@pytest.mark.usefixtures("transport")
def test_a_pull_request_by_folder(owner: HfApi, repo: str, tmp_path: Path):
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "b.bin").write_bytes(b"\0" * 10_000)
    done = owner.upload_folder(repo_id=repo, folder_path=tmp_path, create_pr=True)

    assert done.pr_num == 1
    assert {"a.txt", "b.bin"} <= set(owner.list_repo_files(repo, revision="refs/pr/1"))
    assert "a.txt" not in owner.list_repo_files(repo)
    owner.merge_pull_request(repo, 1)
    assert "a.txt" in owner.list_repo_files(repo)


def test_a_change_on_both_sides_is_a_conflict(owner: HfApi, guest: HfApi, repo: str):
    guest.create_commit(repo, [CommitOperationAdd("kept.txt", b"mine")], commit_message="Mine", create_pr=True)
    owner.create_commit(repo, [CommitOperationAdd("kept.txt", b"yours")], commit_message="Yours")

    assert owner.get_discussion_details(repo, 1).conflicting_files == ["kept.txt"]
    with pytest.raises(HfHubHTTPError, match=r"kept\.txt"):
        owner.merge_pull_request(repo, 1)


def test_discussions(owner: HfApi, guest: HfApi, repo: str):
    begun = guest.create_discussion(repo, "A question", description="Why?")
    guest.create_pull_request(repo, "A draft")
    owner.comment_discussion(repo, begun.num, "Because.")
    owner.rename_discussion(repo, begun.num, "An answer")
    owner.change_discussion_status(repo, begun.num, "closed")

    talk = owner.get_discussion_details(repo, begun.num)
    assert [event.type for event in talk.events] == ["comment", "comment", "title-change", "status-change"]
    found = [(one.num, one.title, one.status) for one in owner.get_repo_discussions(repo)]
    assert found == [(2, "A draft", "draft"), (1, "An answer", "closed")]


def test_only_members_merge_and_only_the_author_adds(owner: HfApi, guest: HfApi, repo: str):
    owner.create_commit(repo, [CommitOperationAdd("x", b"x")], commit_message="Mine", create_pr=True)

    with pytest.raises(HfHubHTTPError, match="403"):
        guest.merge_pull_request(repo, 1)
    with pytest.raises(HfHubHTTPError, match="403"):
        guest.upload_file(repo_id=repo, path_or_fileobj=b"x", path_in_repo="y", revision="refs/pr/1")
