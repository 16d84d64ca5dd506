"""One failure of each request of a push: what the clients overcome, and what they leave to their caller."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import HfHubHTTPError

from hubkit.localhub import Fault, Faults, LocalHub, running

from .conftest import WITHOUT_XET

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

OVERCOME = {
    "always": ["POST .*/preupload/main", "HEAD .*/resolve/.*"],
    "xet": ["GET .*/xet-write-token/main", "POST /_cas/.*/xorbs/.*", "POST /_cas/.*/shards", "POST .*/commit/main"],
    "lfs": ["POST .*/info/lfs/objects/batch", "PUT /_lfs/.*", "POST .*/info/lfs/verify"],
}
REQUESTS = OVERCOME["always"] + OVERCOME["lfs" if WITHOUT_XET else "xet"]


@pytest.fixture(scope="module")
def faults() -> Faults:
    return Faults()


@pytest.fixture(scope="module")
def faulty(faults: Faults, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalHub]:
    with running(tmp_path_factory.mktemp("faulty"), faults=faults) as hub:
        yield hub


@pytest.fixture
def owner(faulty: LocalHub, faults: Faults) -> Iterator[HfApi]:
    faults.clear()
    yield HfApi(endpoint=faulty.url, token=faulty.token)
    faults.clear()


@pytest.mark.parametrize("request_pattern", REQUESTS)
def test_one_503_is_overcome(owner: HfApi, faults: Faults, tmp_path: Path, request_pattern: str):
    repo = owner.create_repo(f"r{REQUESTS.index(request_pattern)}").repo_id
    content = os.urandom(20_000)
    (tmp_path / "up").mkdir()
    (tmp_path / "up" / "w.bin").write_bytes(content)
    hit = Fault(request_pattern, status=503, headers={"Retry-After": "0"})
    faults.add(hit)
    owner.upload_folder(repo_id=repo, folder_path=tmp_path / "up")

    assert Path(owner.hf_hub_download(repo, "w.bin", cache_dir=tmp_path / "cache")).read_bytes() == content
    assert len(list(owner.list_repo_commits(repo))) == 2
    assert faults.count(hit) >= 2, "it failed once and was asked again"


@pytest.mark.parametrize("after", [False, True])
def test_a_single_commit_is_not_repeated_by_the_client(owner: HfApi, faults: Faults, after: bool):
    """A lost answer would double it. Its caller looks at the head first."""
    repo = owner.create_repo(f"single{after}").repo_id
    faults.add(Fault("POST .*/commit/main", status=503, after=after))
    with pytest.raises(HfHubHTTPError, match="503"):
        owner.create_commit(repo, [CommitOperationAdd("a", b"a")], commit_message="Once")

    assert ("a" in owner.list_repo_files(repo)) == after


def test_a_download_goes_on_where_the_connection_broke(owner: HfApi, faults: Faults, tmp_path: Path):
    repo, content = owner.create_repo("broken").repo_id, os.urandom(3_000_000)
    owner.upload_file(repo_id=repo, path_or_fileobj=content, path_in_repo="w.bin")
    broken = Fault("GET .*/resolve/.*", cut_after_bytes=1_500_000)
    faults.add(broken)

    assert Path(owner.hf_hub_download(repo, "w.bin", cache_dir=tmp_path)).read_bytes() == content
    assert faults.count(broken) == 2


def test_a_download_gives_up_on_a_503(owner: HfApi, faults: Faults, tmp_path: Path):
    repo = owner.create_repo("unavailable").repo_id
    faults.add(Fault("GET .*/resolve/.*", status=503))
    with pytest.raises(HfHubHTTPError, match="503"):
        owner.hf_hub_download(repo, ".gitattributes", cache_dir=tmp_path)


def test_whoever_asks_too_often_waits_until_the_window_ends(owner: HfApi, faults: Faults):
    """The headers say for how long, and the client waits that long, and a second."""
    repo = owner.create_repo("often").repo_id
    faults.limit(2, window_seconds=1)
    list(owner.list_repo_tree(repo))
    list(owner.list_repo_tree(repo))
    began = time.monotonic()
    files = [entry.path for entry in owner.list_repo_tree(repo)]

    assert files == [".gitattributes"]
    assert time.monotonic() - began >= 1


def test_whoever_is_not_patient_is_told_of_the_limit(owner: HfApi, faults: Faults):
    faults.limit(1, window_seconds=100)
    owner.whoami()
    with pytest.raises(HfHubHTTPError, match=r"'api' rate limit[^/]*\(0/1 requests remaining in current 100s window"):
        owner.create_repo("more")
