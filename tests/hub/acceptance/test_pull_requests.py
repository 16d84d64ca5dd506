"""Pull requests by commit and by folder, their talk, their merge and its refusal."""

import os
from itertools import count
from pathlib import Path

import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import HfHubHTTPError

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

_numbers = count()


@pytest.fixture
def owner(api: HfApi) -> HfApi:
    return api


@pytest.fixture
def guest(bob: HfApi) -> HfApi:
    return bob


@pytest.fixture
def repo(owner: HfApi) -> str:
    repo = owner.create_repo(f"acme/pr{next(_numbers)}").repo_id
    operations = [CommitOperationAdd("kept.txt", b"kept\n"), CommitOperationAdd("gone.txt", b"gone\n")]
    owner.create_commit(repo, operations, commit_message="Begin")
    return repo


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


def test_a_comment_is_edited_and_hidden_by_its_author_or_a_member(owner: HfApi, guest: HfApi, repo: str):
    num = guest.create_discussion(repo, "A question", description="Why?").num
    mine = guest.comment_discussion(repo, num, "I meann this.")
    edited = guest.edit_discussion_comment(repo, num, mine.id, "I mean this.")
    theirs = owner.comment_discussion(repo, num, "Because.")

    assert (edited.content, edited.edited, edited.number_of_edits) == ("I mean this.", True, 2)
    with pytest.raises(HfHubHTTPError, match="403"):
        guest.edit_discussion_comment(repo, num, theirs.id, "I agree.")
    with pytest.raises(HfHubHTTPError, match="404"):
        guest.edit_discussion_comment(repo, num, "0" * 24, "Nothing.")
    with pytest.warns(UserWarning, match="irreversible"):
        assert owner.hide_discussion_comment(repo, num, mine.id).hidden
    assert "I mean" not in str(owner.get_discussion_details(repo, num).events[1]._event)


def test_only_members_merge_and_only_the_author_adds(owner: HfApi, guest: HfApi, repo: str):
    owner.create_commit(repo, [CommitOperationAdd("x", b"x")], commit_message="Mine", create_pr=True)

    with pytest.raises(HfHubHTTPError, match="403"):
        guest.merge_pull_request(repo, 1)
    with pytest.raises(HfHubHTTPError, match="403"):
        guest.upload_file(repo_id=repo, path_or_fileobj=b"x", path_in_repo="y", revision="refs/pr/1")
