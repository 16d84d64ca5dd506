"""Everything that huggingface_hub does with a Hub, with Xet and without it."""

import io
import json
import os
from collections.abc import Callable
from itertools import count
from pathlib import Path

import httpx2 as httpx
import pytest
from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationCopy,
    CommitOperationDelete,
    HfApi,
    HfFileSystem,
    RepoFile,
    RepoFolder,
    constants,
)
from huggingface_hub.errors import (
    BadRequestError,
    GatedRepoError,
    HfHubHTTPError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from hubkit.localhub import LocalHub

# huggingface_hub 2.4 itself calls httpx2 in a way that httpx2 has deprecated, for LFS uploads.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

NewRepo = Callable[..., str]
_numbers = count()

CARD = """---
license: mit
base_model: acme/base
datasets: [acme/cats]
tags: [cats]
library_name: diffusers
---
# Cats
"""


@pytest.fixture(params=["xet", "lfs"])
def transport(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """How large files travel."""
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", request.param == "lfs")


@pytest.fixture
def api(hub: LocalHub) -> HfApi:
    return HfApi(endpoint=hub.url, token="hf_alice")


@pytest.fixture
def anonymous(hub: LocalHub) -> HfApi:
    return HfApi(endpoint=hub.url, token=False)


@pytest.fixture
def new_repo(api: HfApi) -> NewRepo:
    def create(**settings: object) -> str:
        return api.create_repo(f"acme/m{next(_numbers)}", **settings).repo_id  # type: ignore[arg-type]

    return create


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One file of each sort: card, text, empty, odd names, a large one that repeats itself and one that does not."""
    root = tmp_path / "folder"
    (root / "sub" / "deep").mkdir(parents=True)
    (root / "README.md").write_text(CARD)
    (root / "sub" / "a.txt").write_text("hello")
    (root / "sub" / "deep" / "b.json").write_text("{}")
    (root / "empty").write_bytes(b"")
    (root / "café #1 %20.txt").write_text("odd name")
    (root / "w.safetensors").write_bytes(os.urandom(300_000) + b"\0" * 300_000 + os.urandom(7))
    (root / "sub" / "x.bin").write_bytes(bytes(range(256)) * 1000)
    return root


def contents(root: Path) -> dict[str, bytes]:
    files = (path for path in root.rglob("*") if path.is_file() and ".cache" not in path.parts)
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


def test_whoami(api: HfApi):
    me = api.whoami()

    assert (me["name"], [org["name"] for org in me["orgs"]]) == ("alice", ["acme"])


def test_a_bad_token_is_told_so_in_the_words_the_client_looks_for(hub: LocalHub):
    with pytest.raises(HfHubHTTPError, match="Invalid credentials in Authorization header") as caught:
        HfApi(endpoint=hub.url, token="hf_nobody").model_info("acme/whatever")

    assert not isinstance(caught.value, RepositoryNotFoundError)


def test_creating_twice(api: HfApi, new_repo: NewRepo):
    repo = new_repo()

    assert api.create_repo(repo, exist_ok=True).repo_id == repo
    with pytest.raises(HfHubHTTPError, match="already created"):
        api.create_repo(repo)


def test_create_move_delete(api: HfApi, new_repo: NewRepo):
    repo = new_repo(repo_type="dataset")
    api.move_repo(repo, "alice/moved", repo_type="dataset")

    assert not api.repo_exists(repo, repo_type="dataset")
    assert api.repo_exists("alice/moved", repo_type="dataset")
    api.delete_repo("alice/moved", repo_type="dataset")
    assert not api.repo_exists("alice/moved", repo_type="dataset")


def test_a_space_has_its_sdk(api: HfApi, new_repo: NewRepo):
    repo = new_repo(repo_type="space", space_sdk="gradio")

    assert api.space_info(repo).sdk == "gradio"


@pytest.mark.usefixtures("transport")
def test_a_folder_goes_up_and_comes_down(api: HfApi, new_repo: NewRepo, folder: Path, tmp_path: Path):
    repo = new_repo()
    done = api.upload_folder(repo_id=repo, folder_path=folder)

    downloaded = Path(api.snapshot_download(repo, local_dir=tmp_path / "down"))
    assert {**contents(folder), ".gitattributes": contents(downloaded)[".gitattributes"]} == contents(downloaded)
    cached = Path(api.snapshot_download(repo, revision=done.oid, cache_dir=tmp_path / "cache"))
    assert contents(downloaded) == contents(cached)
    assert done.oid == api.upload_folder(repo_id=repo, folder_path=folder).oid, "no change, no commit"


@pytest.mark.usefixtures("transport")
def test_bytes_and_file_objects_go_up(api: HfApi, new_repo: NewRepo, tmp_path: Path):
    repo = new_repo()
    content = os.urandom(200_000)
    api.upload_file(repo_id=repo, path_or_fileobj=content, path_in_repo="bytes.bin")
    api.upload_file(repo_id=repo, path_or_fileobj=io.BytesIO(content + b"1"), path_in_repo="object.bin")

    assert Path(api.hf_hub_download(repo, "bytes.bin", cache_dir=tmp_path)).read_bytes() == content
    assert Path(api.hf_hub_download(repo, "object.bin", cache_dir=tmp_path)).read_bytes() == content + b"1"


@pytest.mark.usefixtures("transport")
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


def test_info_tells_what_the_card_says(api: HfApi, new_repo: NewRepo, folder: Path):
    repo = new_repo()
    head = api.upload_folder(repo_id=repo, folder_path=folder).oid

    info = api.model_info(repo, files_metadata=True)
    assert (info.id, info.sha, info.author) == (repo, head, "acme")
    assert {"license:mit", "base_model:acme/base", "dataset:acme/cats", "cats", "diffusers"} <= set(info.tags or [])
    assert (info.library_name, info.card_data["license"]) == ("diffusers", "mit")
    sizes = {file.rfilename: file.size for file in info.siblings or []}
    assert sizes["w.safetensors"] == 600_007
    assert [model.id for model in api.list_models(search=repo)] == [repo]


def test_checksums_verify(api: HfApi, new_repo: NewRepo, folder: Path, tmp_path: Path):
    repo = new_repo()
    api.upload_folder(repo_id=repo, folder_path=folder)
    down = api.snapshot_download(repo, local_dir=tmp_path / "down")

    result = api.verify_repo_checksums(repo, local_dir=down)
    assert (result.mismatches, result.missing_paths) == ([], [])


@pytest.mark.usefixtures("transport")
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


@pytest.mark.usefixtures("transport")
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


@pytest.mark.parametrize("path", ["../x", "a//b", ".git/config", "a/./b", "a\nb", ""])
def test_paths_that_lead_elsewhere_are_refused(hub: LocalHub, new_repo: NewRepo, path: str):
    lines = [
        {"key": "header", "value": {"summary": "s"}},
        {"key": "file", "value": {"path": path, "content": "eA==", "encoding": "base64"}},
    ]
    answer = httpx.post(
        f"{hub.url}/api/models/{new_repo()}/commit/main",
        content="\n".join(map(json.dumps, lines)),
        headers={"authorization": "Bearer hf_alice"},
    )

    assert answer.status_code == 400


def test_the_file_system_reads_ranges(hub: LocalHub, api: HfApi, new_repo: NewRepo, folder: Path):
    repo = new_repo()
    api.upload_folder(repo_id=repo, folder_path=folder)
    system = HfFileSystem(endpoint=hub.url, token="hf_alice", skip_instance_cache=True)

    assert {path.removeprefix(f"{repo}/") for path in system.ls(repo, detail=False)} >= {"README.md", "sub"}
    with system.open(f"{repo}/w.safetensors", block_size=1000) as file:
        file.seek(299_990)
        assert file.read(20) == (folder / "w.safetensors").read_bytes()[299_990:300_010]


@pytest.mark.parametrize(
    ("asked", "status", "span"),
    [
        ("bytes=0-0", 206, (0, 1)),
        ("bytes=5-", 206, (5, 10)),
        ("bytes=-3", 206, (7, 10)),
        ("bytes=8-99", 206, (8, 10)),
        ("bytes=10-", 416, None),
        ("lines=1-2", 200, (0, 10)),
    ],
)
@pytest.mark.parametrize("name", ["small.txt", "large.bin"])
def test_ranges(hub: LocalHub, api: HfApi, asked: str, status: int, span: tuple[int, int] | None, name: str):
    repo = api.create_repo("acme/ranges", exist_ok=True).repo_id
    for file in ("small.txt", "large.bin"):
        api.upload_file(repo_id=repo, path_or_fileobj=b"0123456789", path_in_repo=file)

    answer = httpx.get(f"{hub.url}/{repo}/resolve/main/{name}", headers={"range": asked})

    assert answer.status_code == status
    if span is None:
        assert answer.headers["content-range"] == "bytes */10"
    else:
        assert answer.content == b"0123456789"[slice(*span)]
        assert status == 200 or answer.headers["content-range"] == f"bytes {span[0]}-{span[1] - 1}/10"


def test_private_hides_from_others(api: HfApi, anonymous: HfApi, hub: LocalHub, new_repo: NewRepo, tmp_path: Path):
    repo = new_repo(private=True)
    bob = HfApi(endpoint=hub.url, token="hf_bob")

    for other in (anonymous, bob):
        with pytest.raises(RepositoryNotFoundError):
            other.model_info(repo)
        with pytest.raises(RepositoryNotFoundError):
            other.hf_hub_download(repo, ".gitattributes", cache_dir=tmp_path)
        assert repo not in [model.id for model in other.list_models()]
    api.update_repo_settings(repo, visibility="public")
    assert anonymous.model_info(repo).id == repo


def test_gated_shows_itself_and_keeps_its_files(api: HfApi, hub: LocalHub, new_repo: NewRepo, tmp_path: Path):
    repo = new_repo()
    api.update_repo_settings(repo, gated="auto")
    bob = HfApi(endpoint=hub.url, token="hf_bob")

    assert bob.model_info(repo).gated == "auto"
    with pytest.raises(GatedRepoError):
        bob.hf_hub_download(repo, ".gitattributes", cache_dir=tmp_path)
    with pytest.raises(GatedRepoError):
        bob.auth_check(repo)
    api.auth_check(repo)


def test_who_may_write(hub: LocalHub, new_repo: NewRepo):
    repo = new_repo()

    for token in ("hf_bob", "hf_alice_read"):
        with pytest.raises(HfHubHTTPError, match="403 Forbidden"):
            HfApi(endpoint=hub.url, token=token).upload_file(repo_id=repo, path_or_fileobj=b"x", path_in_repo="x")
    with pytest.raises(HfHubHTTPError, match="403 Forbidden"):
        HfApi(endpoint=hub.url, token="hf_bob").create_repo("acme/mine")
    seeder = HfApi(endpoint=hub.url, token="hf_admin")
    assert seeder.create_repo("CompVis/stable-diffusion-v1-4").repo_id == "CompVis/stable-diffusion-v1-4"


@pytest.mark.parametrize("repo_id", ["api/x", "..%2f..%2fx/y", "a/%2e%2e", "datasets/x", "x" * 60 + "/" + "y" * 60])
def test_ids_that_would_lead_astray_are_refused(hub: LocalHub, repo_id: str):
    answer = httpx.get(f"{hub.url}/api/models/{repo_id}", headers={"authorization": "Bearer hf_alice"})

    assert answer.status_code in (400, 404)
