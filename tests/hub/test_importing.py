"""Folders as repositories: an offline classroom after one download."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from hubkit.localhub import FolderError, HubError, LocalHub, import_folder, running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "cats"
    (folder / "unet" / ".cache" / "huggingface").mkdir(parents=True)
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("x")
    (folder / "unet" / ".cache" / "huggingface" / "x.lock").write_text("x")
    (folder / "README.md").write_text("---\nlicense: my-own\n---\n# An old card that nobody would push today\n")
    (folder / "unet" / "w.safetensors").write_bytes(os.urandom(3_000_000))
    (folder / "empty").write_bytes(b"")
    return folder


def hubkit(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hubkit", "hub", "import", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_folder_becomes_a_repository_once(folder: Path, tmp_path: Path):
    """Beside a running server; the second time nothing changes, and a change is one more commit."""
    weights = (folder / "unet" / "w.safetensors").read_bytes()
    with running(tmp_path / "store") as hub:
        api = HfApi(endpoint=hub.url, token=False)
        said = hubkit(folder, "--repo", "class/cats", "--store", hub.store)
        assert said.returncode == 0, said.stderr
        down = Path(api.snapshot_download("class/cats", local_dir=tmp_path / "down"))
        files = api.list_repo_files("class/cats")
        again = import_folder(hub.store, folder, repo="class/cats")
        (folder / "unet" / "w.safetensors").write_bytes(b"new")
        (folder / "empty").unlink()
        changed = import_folder(hub.store, folder, repo="class/cats")

        assert "model class/cats: 4 files, 3.0 MB" in said.stdout
        names = {"README.md", "empty", "unet/w.safetensors", ".gitattributes"}
        assert set(files) == names
        assert (down / "unet" / "w.safetensors").read_bytes() == weights
        assert (again.num_commits, changed.num_commits) == (0, 1)
        assert set(api.list_repo_files("class/cats")) == names - {"empty"}
        assert len(list(api.list_repo_commits("class/cats"))) == 3


def test_the_clients_cache_becomes_a_repository_with_what_it_was_pinned_by(hub: LocalHub, tmp_path: Path):
    """Two snapshots, a tag, and a branch with a slash; no name has to be given, and pins still hold."""
    api = HfApi(endpoint=hub.url, token="hf_alice")
    repo = api.create_repo("acme/prefetched", repo_type="dataset").repo_id
    shas = [
        api.create_commit(
            repo, [CommitOperationAdd("x.bin", bytes([n]) * 5000)], commit_message="x", repo_type="dataset"
        ).oid
        for n in range(3)
    ]
    api.create_tag(repo, tag="v1", revision=shas[0], repo_type="dataset")
    api.create_branch(repo, branch="feat/x", revision=shas[1], repo_type="dataset")
    cache = tmp_path / "cache"
    for revision in ("v1", "feat/x", "main"):
        api.snapshot_download(repo, repo_type="dataset", revision=revision, cache_dir=cache)
    cached = cache / "datasets--acme--prefetched"
    said = [hubkit(cached, "--store", tmp_path / "store") for _ in range(2)]
    assert said[0].returncode == 0, said[0].stderr

    assert "all was there already" in said[1].stdout
    with running(tmp_path / "store") as offline:
        there = HfApi(endpoint=offline.url, token=False)
        assert len(list(there.list_repo_commits(repo, repo_type="dataset"))) == 4
        for revision, n in [("v1", 0), ("feat/x", 1), ("main", 2), *((sha, n) for n, sha in enumerate(shas))]:
            found = there.hf_hub_download(
                repo, "x.bin", repo_type="dataset", revision=revision, cache_dir=tmp_path / "other"
            )
            assert Path(found).read_bytes() == bytes([n]) * 5000


def test_one_snapshot_can_be_imported_under_another_name(hub: LocalHub, tmp_path: Path):
    api = HfApi(endpoint=hub.url, token="hf_alice")
    repo = api.create_repo("acme/one").repo_id
    snapshot = Path(api.snapshot_download(repo, cache_dir=tmp_path / "cache"))
    done = import_folder(tmp_path / "store", snapshot, repo="class/mine")

    assert (done.repo, done.kind, done.tags) == ("class/mine", "model", (snapshot.name,))
    assert import_folder(tmp_path / "store", snapshot).repo == "acme/one"


def test_a_blob_that_the_cache_names_wrongly_is_damaged(hub: LocalHub, tmp_path: Path):
    api = HfApi(endpoint=hub.url, token="hf_alice")
    repo = api.create_repo("acme/damaged").repo_id
    api.create_commit(repo, [CommitOperationAdd("x.bin", b"\0" * 5000)], commit_message="x")
    snapshot = Path(api.snapshot_download(repo, cache_dir=tmp_path / "cache"))
    (snapshot / "x.bin").resolve().write_bytes(b"\1" * 5000)

    with pytest.raises(FolderError, match="is damaged"):
        import_folder(tmp_path / "store", snapshot)


def test_a_files_own_name_says_nothing_of_its_content(folder: Path, tmp_path: Path):
    """It may look like the hash of a file that is in the store."""
    import_folder(tmp_path / "store", folder, repo="class/cats")
    weights = (folder / "unet" / "w.safetensors").read_bytes()
    (folder / "unet" / f"{hashlib.sha256(weights).hexdigest()}").write_bytes(bytes(len(weights)))
    import_folder(tmp_path / "store", folder, repo="class/cats")
    with running(tmp_path / "store") as hub:
        api = HfApi(endpoint=hub.url, token=False)
        down = Path(api.snapshot_download("class/cats", local_dir=tmp_path / "down"))

    assert (down / "unet" / hashlib.sha256(weights).hexdigest()).read_bytes() == bytes(len(weights))


def spoil_with_a_link_out(folder: Path) -> None:
    (folder / "passwd").symlink_to("/etc/passwd")


def spoil_with_a_linked_folder(folder: Path) -> None:
    (folder / "etc").symlink_to("/etc")


def spoil_with_a_link_to_nothing(folder: Path) -> None:
    (folder / "lost").symlink_to(folder / "nowhere")


def spoil_with_a_pipe(folder: Path) -> None:
    os.mkfifo(folder / "pipe")


def spoil_with_a_pointer(folder: Path) -> None:
    text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 5\n"
    (folder / "w.bin").write_text(text)


def spoil_with_a_name(folder: Path) -> None:
    (folder / "two\nlines").write_text("x")


@pytest.mark.parametrize(
    "spoil",
    [
        spoil_with_a_link_out,
        spoil_with_a_linked_folder,
        spoil_with_a_link_to_nothing,
        spoil_with_a_pipe,
        spoil_with_a_pointer,
        spoil_with_a_name,
    ],
)
def test_what_must_not_be_imported_is_refused_and_nothing_is_left(folder: Path, tmp_path: Path, spoil):
    spoil(folder)
    with pytest.raises((FolderError, HubError)):
        import_folder(tmp_path / "store", folder, repo="class/cats")

    with running(tmp_path / "store") as hub:
        assert not list(HfApi(endpoint=hub.url, token=False).list_models())


@pytest.mark.parametrize("arguments", [[], ["--repo", "no-namespace"], ["--repo", "api/x"]])
def test_a_folder_that_does_not_say_what_it_is_needs_a_name(folder: Path, tmp_path: Path, arguments: list[str]):
    said = hubkit(folder, *arguments, "--store", tmp_path / "store")

    assert said.returncode == 2
    assert said.stderr.startswith("error[HK200]: hub import: ")
