"""Commits, branches and tags."""

from pathlib import Path

import httpx2 as httpx
import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationCopy, CommitOperationDelete, HfApi
from huggingface_hub.errors import BadRequestError, HfHubHTTPError, RemoteEntryNotFoundError

from hubkit.localhub import LocalHub

from .conftest import NewRepo

# huggingface_hub 2.4 itself calls httpx2 in a way that httpx2 has deprecated, for LFS uploads.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")


def test_history_tags_and_branches(api: HfApi, new_repo: NewRepo, tmp_path: Path):
    repo = new_repo()
    commits = [
        api.upload_file(
            repo_id=repo, path_or_fileobj=f"{n}".encode(), path_in_repo="n", commit_message=f"Number {n}"
        ).oid
        for n in range(3)
    ]
    assert [commit.title for commit in api.list_repo_commits(repo)] == [
        "Number 2",
        "Number 1",
        "Number 0",
        "initial commit",
    ]

    api.create_tag(repo, tag="v1.0", tag_message="The first", revision=commits[0])
    api.create_tag(repo, tag="v2.0")
    with pytest.raises(HfHubHTTPError, match="409"):
        api.create_tag(repo, tag="v1.0")
    api.create_branch(repo, branch="feat/x", revision="v1.0")
    with pytest.raises(HfHubHTTPError, match="409"):
        api.create_branch(repo, branch="feat/x")
    with pytest.raises(BadRequestError, match="conflicts"):
        api.create_branch(repo, branch="feat")
    api.upload_file(repo_id=repo, path_or_fileobj=b"\0branch", path_in_repo="b.bin", revision="feat/x")

    refs = api.list_repo_refs(repo)
    assert {tag.name: tag.target_commit for tag in refs.tags} == {"v1.0": commits[0], "v2.0": commits[2]}
    assert {branch.name for branch in refs.branches} == {"main", "feat/x"}
    assert Path(api.hf_hub_download(repo, "n", revision="v1.0", cache_dir=tmp_path)).read_text() == "0"
    assert Path(api.hf_hub_download(repo, "b.bin", revision="feat/x", cache_dir=tmp_path)).read_bytes() == b"\0branch"
    api.delete_tag(repo, tag="v1.0")
    api.delete_branch(repo, branch="feat/x")
    refs = api.list_repo_refs(repo)
    assert ([tag.name for tag in refs.tags], [branch.name for branch in refs.branches]) == (["v2.0"], ["main"])


def test_a_squashed_branch_forgets_its_history_and_a_tag_does_not(api: HfApi, new_repo: NewRepo):
    repo = new_repo()
    old = api.upload_file(repo_id=repo, path_or_fileobj=b"x", path_in_repo="x").oid
    api.create_tag(repo, tag="v1")
    api.super_squash_history(repo, commit_message="All in one")

    assert [commit.title for commit in api.list_repo_commits(repo)] == ["All in one"]
    assert set(api.list_repo_files(repo)) == {".gitattributes", "x"}
    assert next(iter(api.list_repo_commits(repo, revision="v1"))).commit_id == old


def test_one_commit_adds_deletes_and_copies(api: HfApi, new_repo: NewRepo, folder: Path):
    repo = new_repo()
    before = api.upload_folder(repo_id=repo, folder_path=folder).oid
    head = api.list_repo_refs(repo).branches[0].target_commit
    operations = [
        CommitOperationAdd("new.txt", b"new"),
        CommitOperationDelete("sub/", is_folder=True),
        CommitOperationDelete("empty"),
        CommitOperationCopy("w.safetensors", "copy.safetensors"),
    ]
    done = api.create_commit(repo, operations, commit_message="All at once", parent_commit=head[:7])

    expected = {".gitattributes", "README.md", "café #1 %20.txt", "copy.safetensors", "new.txt", "w.safetensors"}
    assert set(api.list_repo_files(repo)) == expected
    assert "sub/a.txt" in api.list_repo_files(repo, revision=before)
    assert api.list_repo_commits(repo)[0].commit_id == done.oid


def test_a_stale_parent_is_refused(api: HfApi, new_repo: NewRepo):
    repo = new_repo()
    old = api.model_info(repo).sha
    api.upload_file(repo_id=repo, path_or_fileobj=b"1", path_in_repo="1")

    with pytest.raises(HfHubHTTPError, match="412"):
        api.create_commit(repo, [CommitOperationAdd("2", b"2")], commit_message="Late", parent_commit=old)
    assert "2" not in api.list_repo_files(repo)


def test_deleting_what_is_not_there(api: HfApi, new_repo: NewRepo):
    with pytest.raises(RemoteEntryNotFoundError, match="A file with this name doesn't exist"):
        api.delete_file("missing.txt", new_repo())


def test_a_bad_card_is_refused_before_and_at_the_commit(hub: LocalHub, api: HfApi, new_repo: NewRepo):
    repo = new_repo()
    bad = b"---\nlicense: nonsense\n---\n"

    with pytest.raises(ValueError, match=r"Invalid metadata in README\.md"):
        api.upload_file(repo_id=repo, path_or_fileobj=bad, path_in_repo="README.md")
    lines = (
        '{"key":"header","value":{"summary":"s"}}\n'
        '{"key":"file","value":{"path":"README.md","encoding":"utf-8","content":"---\\nlicense: nonsense\\n---\\n"}}'
    )
    url = f"{hub.url}/api/models/{repo}/commit/main"
    answer = httpx.post(url, content=lines, headers={"authorization": "Bearer hf_alice"})
    assert answer.status_code == 400
    assert "license" in answer.json()["error"]


def test_a_path_cannot_be_file_and_folder(api: HfApi, new_repo: NewRepo):
    repo = new_repo()
    api.upload_file(repo_id=repo, path_or_fileobj=b"x", path_in_repo="a")

    with pytest.raises(BadRequestError, match="a is a file"):
        api.upload_file(repo_id=repo, path_or_fileobj=b"x", path_in_repo="a/b")
