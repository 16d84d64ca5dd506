"""Releases that are quick to make, publishers that can be killed, and a reader who looks all the time."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import RepositoryNotFoundError
from safetensors.numpy import save_file

from hubkit.localhub import Faults, LocalHub, running
from hubkit.publishing import LOCK, Lock
from hubkit.values import sha256_of

from ...lossy import Lossy, losing
from ...unit.publishing.conftest import release_of

REPO = "alice/tiny"
WEIGHTS = "unet/diffusion_pytorch_model.safetensors"
ATTRIBUTES = {".gitattributes"}

PUBLISHERS = """
# For every line of jobs: a process for each, forked, so that none waits for imports. Their ids, then how they ended.
import json, os, sys, traceback
from pathlib import Path
import huggingface_hub.hf_api, torch
from hubkit.publishing import Release, commit
from hubkit.targets.hub import HubTarget

commit.PAUSES = (0.01, 0.01, 0.01)

def publish(job):
    target = HubTarget(kind="hub", verify="hashes", tag=job["tag"], stage=job["stage"])
    target.publish(Release.load(Path(job["release"])))

def forked(job):
    child = os.fork()
    if child:
        return child
    try:
        publish(job)
    except BaseException as error:
        traceback.print_exc()
        os._exit(getattr(error, "exit_code", 1))
    os._exit(0)

for line in sys.stdin:
    children = [forked(job) for job in json.loads(line)]
    print(json.dumps(children), flush=True)
    print(json.dumps([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]), flush=True)
"""


@dataclass(frozen=True)
class Job:
    """A release to publish, and under which tag."""

    release: Path
    tag: str
    stage: bool = False


class Publishers:
    """Processes that publish; they may be killed while they do."""

    def __init__(self, url: str, folder: Path) -> None:
        self._log = (folder / "publishers.log").open("w+")
        environment = os.environ | {
            "HF_ENDPOINT": url, "HF_HOME": str(folder / "publishers"), "HF_TOKEN": "hf_alice0write",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1", "OMP_NUM_THREADS": "1", "NO_PROXY": "127.0.0.1",
        }  # fmt: skip
        self._process = subprocess.Popen(
            [sys.executable, "-c", PUBLISHERS],
            env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, text=True,
        )  # fmt: skip

    def start(self, *jobs: Job) -> list[int]:
        """Begin to publish, all at once; the processes' ids."""
        assert self._process.stdin
        said = [{"release": str(job.release), "tag": job.tag, "stage": job.stage} for job in jobs]
        print(json.dumps(said), file=self._process.stdin, flush=True)
        return self._read()

    def ended(self) -> list[int]:
        """The exit code of each, once all are over; minus nine for one that was killed."""
        return self._read()

    @property
    def words(self) -> str:
        """What they said so far."""
        self._log.seek(0)
        return self._log.read()

    def close(self) -> None:
        self._process.communicate()
        self._log.close()

    def _read(self) -> list[int]:
        assert self._process.stdout
        numbers: list[int] = json.loads(self._process.stdout.readline())
        return numbers


class Reader:
    """Somebody who reads `main` and every tag of the repo all the time, through the plain client.

    A commit's files are downloaded once, when it is first seen: a commit does not change.
    """

    def __init__(self, url: str, cache: Path) -> None:
        self.looks = 0
        self.released: list[str] = []  # the versions that `main` stood at, one after another
        self.tagged: dict[str, str] = {}
        self.error: BaseException | None = None
        self._api = HfApi(endpoint=url, token=False)
        self._cache = cache
        self._known: dict[str, str] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._read, name="reader")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        if self.error:
            raise self.error

    def _read(self) -> None:
        try:
            while not self._over.wait(0.01) or not self.looks:
                self._look()
                self.looks += 1
        except BaseException as error:  # noqa: BLE001 - told by the thread that the test runs in
            self.error = error

    def _look(self) -> None:
        try:
            head = str(self._api.model_info(REPO).sha)
            tags = {ref.name: ref.target_commit for ref in self._api.list_repo_refs(REPO).tags}
        except RepositoryNotFoundError:
            return
        version = self._whole(head)
        if [version] != self.released[-1:]:
            self.released.append(version)
        for name, commit in tags.items():
            assert self._whole(commit) == name
            assert commit == self.tagged.setdefault(name, commit), "a tag has moved"
        assert tags.keys() >= self.tagged.keys(), "a tag is gone"

    def _whole(self, commit: str) -> str:
        """The version of the release that a commit holds, to the last byte and nothing else; "" for an empty one."""
        if commit not in self._known:
            self._known[commit] = whole(self._api, commit, self._cache)
        return self._known[commit]


def whole(api: HfApi, commit: str, cache: Path) -> str:
    """The version of the release that a commit holds: its lock and exactly its files, hashed; "" for an empty one."""
    there = set(api.list_repo_files(REPO, revision=commit)) - ATTRIBUTES
    if not there:
        return ""
    files = {path: Path(api.hf_hub_download(REPO, path, revision=commit, cache_dir=cache)) for path in there}
    lock = Lock.parse(files.pop(LOCK).read_bytes(), commit)
    assert lock.files == {path: sha256_of(file) for path, file in files.items()}
    return str(lock.version)


@pytest.fixture
def faults() -> Faults:
    """What goes wrong with the Hub of a test."""
    return Faults()


@pytest.fixture
def hub_server(tmp_path: Path, memory: Path, faults: Faults) -> Iterator[LocalHub]:
    """A Hub of its own for each test, where alice may write."""
    tokens = tmp_path / "tokens"
    tokens.write_text("alice write hf_alice0write\n")
    with running(memory / "hub", token_file=tokens, faults=faults) as started:
        yield started


@pytest.fixture
def proxy(hub_server: LocalHub) -> Iterator[Lossy]:
    """What stands between the publishers and the Hub."""
    with losing(hub_server.url) as started:
        yield started


@pytest.fixture
def publishers(proxy: Lossy, tmp_path: Path) -> Iterator[Publishers]:
    """Processes that publish through the proxy."""
    started = Publishers(proxy.url, tmp_path)
    yield started
    started.close()


@pytest.fixture
def reader(hub_server: LocalHub, tmp_path: Path) -> Reader:
    """Who looks at the Hub itself."""
    return Reader(hub_server.url, tmp_path / "reader")


@pytest.fixture
def make(tmp_path: Path) -> Callable[[int, str | None], Job]:
    """The release of a number, unlike all others in its weights and some of its files, on top of a commit."""

    def made(number: int, on: str | None) -> Job:
        folder, tag = tmp_path / "releases" / str(number), f"v0.{number}.0"
        (folder / "unet").mkdir(parents=True)
        (folder / "README.md").write_text(f"---\nlicense: mit\n---\n# Release {number}\n")
        (folder / f"{'odd' if number % 2 else 'even'}.txt").write_text("goes with the next release")
        save_file({"w": np.full(20_000, number, np.float32)}, folder / WEIGHTS)
        release = release_of(folder, on, version=tag, parent={"commit": on} if on else None)
        release.save(folder.with_suffix(".json"), "a test")
        return Job(folder.with_suffix(".json"), tag)

    return made
