"""Files go up, are listed, and come down the same."""

import io
import os
from pathlib import Path

import pytest
from huggingface_hub import HfApi, HfFileSystem, RepoFile, RepoFolder
from huggingface_hub.errors import RemoteEntryNotFoundError, RepositoryNotFoundError, RevisionNotFoundError

from hubkit.localhub import Faults, LocalHub

from .conftest import WITHOUT_XET, NewRepo, contents

# huggingface_hub 2.4 itself calls httpx2 in a way that httpx2 has deprecated, for LFS uploads.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")


def test_a_folder_goes_up_and_comes_down(api: HfApi, new_repo: NewRepo, folder: Path, tmp_path: Path):
    repo = new_repo()
    done = api.upload_folder(repo_id=repo, folder_path=folder)

    downloaded = Path(api.snapshot_download(repo, local_dir=tmp_path / "down"))
    assert {**contents(folder), ".gitattributes": contents(downloaded)[".gitattributes"]} == contents(downloaded)
    cached = Path(api.snapshot_download(repo, revision=done.oid, cache_dir=tmp_path / "cache"))
    assert contents(downloaded) == contents(cached)
    assert done.oid == api.upload_folder(repo_id=repo, folder_path=folder).oid, "no change, no commit"


def test_large_files_travel_as_this_run_is_about(api: HfApi, new_repo: NewRepo, witness: Faults):
    """Else one of the two runs would prove nothing. (Files that are open already always go by LFS.)"""
    before = len(witness.requests)
    api.upload_file(repo_id=new_repo(), path_or_fileobj=os.urandom(20_000), path_in_repo="w.bin")
    seen = witness.requests[before:]

    assert any(request.startswith("POST /_cas/") for request in seen) is not WITHOUT_XET
    assert any(request.startswith("PUT /_lfs/") for request in seen) is WITHOUT_XET


def test_bytes_and_file_objects_go_up(api: HfApi, new_repo: NewRepo, tmp_path: Path):
    repo = new_repo()
    content = os.urandom(200_000)
    api.upload_file(repo_id=repo, path_or_fileobj=content, path_in_repo="bytes.bin")
    api.upload_file(repo_id=repo, path_or_fileobj=io.BytesIO(content + b"1"), path_in_repo="object.bin")

    assert Path(api.hf_hub_download(repo, "bytes.bin", cache_dir=tmp_path)).read_bytes() == content
    assert Path(api.hf_hub_download(repo, "object.bin", cache_dir=tmp_path)).read_bytes() == content + b"1"


def test_the_same_large_file_goes_into_two_repos(api: HfApi, new_repo: NewRepo, folder: Path, tmp_path: Path):
    """The client remembers what it has sent and sends only the shard the second time."""
    for repo in (new_repo(), new_repo()):
        api.upload_file(repo_id=repo, path_or_fileobj=folder / "w.safetensors", path_in_repo="w.safetensors")
        found = api.hf_hub_download(repo, "w.safetensors", cache_dir=tmp_path)
        assert Path(found).read_bytes() == (folder / "w.safetensors").read_bytes()


def test_trees(api: HfApi, new_repo: NewRepo, folder: Path):
    repo = new_repo()
    api.upload_folder(repo_id=repo, folder_path=folder)

    flat = {entry.path: entry for entry in api.list_repo_tree(repo)}
    assert isinstance(flat["sub"], RepoFolder)
    assert "sub/a.txt" not in flat
    everything = {entry.path: entry for entry in api.list_repo_tree(repo, recursive=True, expand=True)}
    assert {"sub", "sub/deep", "sub/deep/b.json", "café #1 %20.txt"} <= set(everything)
    assert isinstance(everything["w.safetensors"], RepoFile)
    assert everything["w.safetensors"].lfs
    assert everything["w.safetensors"].size == 600_007
    assert everything[".gitattributes"].last_commit.title == "initial commit"
    assert [entry.path for entry in api.list_repo_tree(repo, "sub/deep")] == ["sub/deep/b.json"]
    with pytest.raises(RemoteEntryNotFoundError):
        list(api.list_repo_tree(repo, "missing"))


def test_paths_info_leaves_out_what_is_unknown(api: HfApi, new_repo: NewRepo, folder: Path):
    repo = new_repo()
    api.upload_folder(repo_id=repo, folder_path=folder)

    found = api.get_paths_info(repo, ["README.md", "sub", "missing", "café #1 %20.txt"])
    assert [entry.path for entry in found] == ["README.md", "sub", "café #1 %20.txt"]


def test_checksums_verify(api: HfApi, new_repo: NewRepo, folder: Path, tmp_path: Path):
    repo = new_repo()
    api.upload_folder(repo_id=repo, folder_path=folder)
    down = api.snapshot_download(repo, local_dir=tmp_path / "down")

    result = api.verify_repo_checksums(repo, local_dir=down)
    assert (result.mismatches, result.missing_paths) == ([], [])


def test_what_is_missing_is_named(api: HfApi, new_repo: NewRepo, tmp_path: Path):
    repo = new_repo()

    with pytest.raises(RemoteEntryNotFoundError):
        api.hf_hub_download(repo, "missing.txt", cache_dir=tmp_path)
    with pytest.raises(RevisionNotFoundError):
        api.hf_hub_download(repo, "README.md", revision="v9", cache_dir=tmp_path)
    with pytest.raises(RevisionNotFoundError):
        api.upload_file(repo_id=repo, path_or_fileobj=b"x", path_in_repo="x", revision="nowhere")
    with pytest.raises(RepositoryNotFoundError):
        api.hf_hub_download("acme/nothing", "README.md", cache_dir=tmp_path)
    absent = [path.name for path in tmp_path.rglob(".no_exist/*/*")]
    assert absent == ["missing.txt"], "the client remembers what this commit does not have"


def test_the_file_system_reads_ranges(hub: LocalHub, api: HfApi, new_repo: NewRepo, folder: Path):
    repo = new_repo()
    api.upload_folder(repo_id=repo, folder_path=folder)
    system = HfFileSystem(endpoint=hub.url, token="hf_alice", skip_instance_cache=True)

    assert {path.removeprefix(f"{repo}/") for path in system.ls(repo, detail=False)} >= {"README.md", "sub"}
    with system.open(f"{repo}/w.safetensors", block_size=1000) as file:
        file.seek(299_990)
        assert file.read(20) == (folder / "w.safetensors").read_bytes()[299_990:300_010]
