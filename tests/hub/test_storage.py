"""What is acknowledged is kept, through restarts, kills and crowds; and nothing is ever half there."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2 as httpx
import pytest
from huggingface_hub import CommitOperationAdd, HfApi, constants
from huggingface_hub.errors import HfHubHTTPError

from hubkit import localhub
from hubkit.localhub import LocalHub

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

SERVE = """
import sys
from pathlib import Path
from hubkit import localhub
localhub.serve(Path(sys.argv[1]), port=0, started=lambda hub: print(hub.url, hub.token, flush=True))
"""


@contextmanager
def served(store: Path) -> Iterator[tuple[subprocess.Popen[str], HfApi]]:
    """A server in a process of its own."""
    process = subprocess.Popen([sys.executable, "-c", SERVE, str(store)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        url, token = process.stdout.readline().split()
        wait_for(url)
        yield process, HfApi(endpoint=url, token=token)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def commit_two_files(api: HfApi, repo: str, number: int) -> str:
    """A commit without huggingface_hub, which would go on asking a dead server for half a minute."""
    files = [{"path": f"{number}-{part}.txt", "content": "eA==", "encoding": "base64"} for part in "ab"]
    lines = [{"key": "header", "value": {"summary": f"Number {number}"}}]
    lines += [{"key": "file", "value": file} for file in files]
    answer = httpx.post(
        f"{api.endpoint}/api/models/{repo}/commit/main",
        content="\n".join(map(json.dumps, lines)),
        headers={"authorization": f"Bearer {api.token}"},
    )
    return str(answer.json()["commitOid"])


def wait_for(url: str) -> None:
    for _ in range(500):
        try:
            httpx.get(f"{url}/_hub")
        except httpx.TransportError:
            time.sleep(0.02)
        else:
            return


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "--git-dir", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout


def test_a_repository_is_one_that_git_understands(hub: LocalHub, tmp_path: Path):
    api = HfApi(endpoint=hub.url, token="hf_alice")
    repo = api.create_repo("alice/git").repo_id
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "é.txt").write_text("x")
    (tmp_path / "a.bin").write_bytes(b"\0" * 1000)
    head = api.upload_folder(repo_id=repo, folder_path=tmp_path).oid
    api.create_tag(repo, tag="v1", tag_message="One")
    folder = hub.store / "repos" / "models" / f"{repo}.git"

    git(folder, "fsck", "--strict")
    assert git(folder, "rev-parse", "main", "v1^{commit}").split() == [head, head]
    assert git(folder, "log", "--format=%an %s").splitlines()[-1] == "alice initial commit"


def test_a_killed_server_keeps_what_it_acknowledged(tmp_path: Path):
    """Kill it with no warning while a writer commits; every acknowledged commit is there, in one line of history."""
    store = tmp_path / "store"
    acknowledged: list[str] = []
    with served(store) as (process, api):
        repo = api.create_repo("kept").repo_id

        def write() -> None:
            for number in range(10_000):
                try:
                    acknowledged.append(commit_two_files(api, repo, number))
                except httpx.TransportError:
                    return

        writer = threading.Thread(target=write)
        writer.start()
        while len(acknowledged) < 5:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        writer.join()
    with served(store) as (_, api):
        history = [commit.commit_id for commit in api.list_repo_commits(repo)]
        files = api.list_repo_files(repo)

    assert set(acknowledged) <= set(history)
    assert len(history) - 1 - len(acknowledged) <= 1, "at most the one whose answer was cut off"
    assert len([name for name in files if name.endswith("a.txt")]) == len(history) - 1
    assert len([name for name in files if name.endswith("b.txt")]) == len(history) - 1
    git(store / "repos" / "models" / f"{repo}.git", "fsck", "--strict")


def test_many_writers_lose_nothing(hub: LocalHub):
    """Eight clients with compare-and-swap and retry: every commit is there, in one line."""
    api = HfApi(endpoint=hub.url, token="hf_alice")
    repo = api.create_repo("alice/crowd").repo_id
    done: list[str] = []

    def write(writer: int) -> None:
        for number in range(3):
            operation = CommitOperationAdd(f"{writer}/{number}", b"x")
            while True:
                head = api.model_info(repo).sha
                try:
                    oid = api.create_commit(repo, [operation], commit_message="x", parent_commit=head).oid
                except HfHubHTTPError as error:
                    if error.response.status_code != 412:
                        raise
                else:
                    done.append(oid)
                    break

    writers = [threading.Thread(target=write, args=(writer,)) for writer in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert {commit.commit_id for commit in api.list_repo_commits(repo)} >= set(done)
    assert len(set(done)) == 24
    assert len(list(api.list_repo_commits(repo))) == 25
    lines = git(hub.store / "repos" / "models" / f"{repo}.git", "rev-list", "--parents", "main").splitlines()
    assert max(len(line.split()) for line in lines) == 2, "no commit has more than one parent"


def test_two_processes_share_one_store(tmp_path: Path):
    store = tmp_path / "store"
    with served(store) as (_, one), served(store) as (_, other):
        repo = one.create_repo("shared").repo_id

        def write(api: HfApi, name: str) -> None:
            for number in range(6):
                api.create_commit(repo, [CommitOperationAdd(f"{name}{number}", b"x")], commit_message="x")

        writers = [threading.Thread(target=write, args=pair) for pair in ((one, "a"), (other, "b"))]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()

        assert len(list(one.list_repo_commits(repo))) == 13
        assert len(other.list_repo_files(repo)) == 13


def test_multipart_and_pages(tmp_path: Path, token_file: Path, monkeypatch: pytest.MonkeyPatch):
    """Parts of a large file, and pages of a listing, with limits small enough to meet them."""
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    content = os.urandom(250_000)
    limits = {"page_size": 2, "expanded_page_size": 2, "multipart_above_bytes": 100_000, "part_bytes": 100_000}
    with localhub.running(tmp_path / "store", token_file=token_file, **limits) as hub:
        api = HfApi(endpoint=hub.url, token="hf_alice")
        repo = api.create_repo("pages").repo_id
        api.upload_file(repo_id=repo, path_or_fileobj=content, path_in_repo="large.bin")
        operations = [CommitOperationAdd(f"{n}.txt", b"x") for n in range(5)]
        api.create_commit(repo, operations, commit_message="More")

        assert Path(api.hf_hub_download(repo, "large.bin", cache_dir=tmp_path)).read_bytes() == content
        expected = [".gitattributes", *(f"{n}.txt" for n in range(5)), "large.bin"]
        assert sorted(entry.path for entry in api.list_repo_tree(repo)) == expected
        assert sorted(entry.path for entry in api.list_repo_tree(repo, expand=True)) == expected
        assert len(list(api.list_repo_commits(repo))) == 3
    assert not [path for path in (tmp_path / "store").glob("tmp/*/*") if path.name != "lock"]


def test_an_upload_that_is_not_what_it_says_is_refused(hub: LocalHub):
    repo = HfApi(endpoint=hub.url, token="hf_alice").create_repo("alice/liar").repo_id
    item = {"oid": "a" * 64, "size": 3}
    batch = httpx.post(
        f"{hub.url}/{repo}.git/info/lfs/objects/batch",
        content=json.dumps({"operation": "upload", "objects": [item]}),
        headers={"authorization": "Bearer hf_alice"},
    ).json()
    href = batch["objects"][0]["actions"]["upload"]["href"]

    assert httpx.put(href, content=b"abc").status_code == 400
    assert httpx.put(href, content=b"abcd").status_code == 400
    assert httpx.put(href[:-1] + ("0" if href[-1] != "0" else "1"), content=b"abc").status_code == 403


def test_a_new_store_at_an_old_address_is_sent_everything(tmp_path: Path):
    """hf_xet remembers by address what it has sent; the store's id is part of that address."""
    content = os.urandom(100_000)
    port = 0
    for name in ("first", "second"):
        with localhub.running(tmp_path / name, port=port) as hub:
            assert port in (0, int(hub.url.rpartition(":")[2]))
            port = int(hub.url.rpartition(":")[2])
            api = HfApi(endpoint=hub.url, token=hub.token)
            repo = api.create_repo("x").repo_id
            api.upload_file(repo_id=repo, path_or_fileobj=content, path_in_repo="x.bin")
            found = api.hf_hub_download(repo, "x.bin", cache_dir=tmp_path / f"cache-{name}")
            assert Path(found).read_bytes() == content


def test_a_fault_of_ours_is_shown_once_and_answered_as_json(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    with localhub.running(tmp_path / "store") as hub:
        api = HfApi(endpoint=hub.url, token=hub.token)
        repo = api.create_repo("broken").repo_id
        (hub.store / "repos" / "models" / f"{repo}.git" / "refs" / "heads" / "main").write_text("0" * 40)
        answer = httpx.get(f"{hub.url}/api/models/{repo}")

    assert answer.status_code == 500
    assert "Internal error" in answer.json()["error"]
    assert capfd.readouterr().err.count("Traceback") == 1
