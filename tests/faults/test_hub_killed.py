"""The local Hub is killed without warning before each of its lasting steps, one after another.

What it had acknowledged is there, whole; what it had not is there whole or not at all, and can be asked for again.
"""

import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx2 as httpx
import pytest
from huggingface_hub import HfApi

from hubkit import localhub
from hubkit.localhub.attributes import DEFAULT_ATTRIBUTES

from .asking_once import Client

SERVERS = """
# For every number that it reads: fork a server that kills itself before that lasting step, a rename or a removal.
import itertools, os, signal, sys
from pathlib import Path
from hubkit import localhub
from hubkit.localhub import app, server

def arm(number):
    steps = itertools.count(1)
    def hook(event, arguments):
        if event in ("os.rename", "os.remove") and arguments[-1] == -1 and next(steps) == number:
            os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(hook)

def started(hub):
    print(hub.url, hub.token, os.getpid(), flush=True)
    arm(int(line))

for line in sys.stdin:
    child = os.fork()
    if not child:
        localhub.serve(Path(sys.argv[1]), port=0, started=started)
    os.waitpid(child, 0)
    print("dead", flush=True)
"""

Tree = dict[str, bytes]


class Round:
    """A life of a repository: what is asked of the Hub in turn, and what its main branch holds after each."""

    def __init__(self, number: int) -> None:
        self.first, self.last, self.other = (f"local/{name}-{number}" for name in ("first", "last", "other"))
        self.large = [f"{kind} {number} ".encode() * 1000 for kind in ("lfs", "xet", "more")]
        self.pull_request = 0
        self.done = 0
        self.steps: list[Callable[[Client], None]] = [
            self.create, self.commit, self.tag, self.propose, self.merge, self.change, self.move, self.come_and_go,
        ]  # fmt: skip
        lfs, xet, more = self.large
        self.begun: Tree = {".gitattributes": DEFAULT_ATTRIBUTES.encode()}
        self.committed = {**self.begun, "a.txt": b"one", "b/c.txt": b"one", "lfs.bin": lfs, "xet.bin": xet}
        self.merged = {**self.committed, "d.txt": b"proposed"}
        self.changed = {**self.merged, "a.txt": b"two", "lfs.bin": more}
        del self.changed["b/c.txt"]

    @property
    def trees(self) -> list[Tree | None]:
        """The main branch before the first step, after it, after the second …"""
        same = self.committed
        return [None, self.begun, same, same, same, self.merged, self.changed, self.changed, self.changed]

    def go_on(self, client: Client) -> None:
        for step in self.steps[self.done :]:
            step(client)
            self.done += 1

    def create(self, client: Client) -> None:
        namespace, name = self.first.split("/")
        client.post("/api/repos/create", {"name": name, "organization": namespace})

    def commit(self, client: Client) -> None:
        large = {"lfs.bin": client.upload_lfs(self.first, self.large[0])}
        large["xet.bin"] = client.upload_xet(self.first, self.large[1])
        client.commit(self.first, {"a.txt": "one", "b/c.txt": "one", **large})

    def tag(self, client: Client) -> None:
        client.post(f"/api/models/{self.first}/tag/main", {"tag": "v1", "message": "One"})

    def propose(self, client: Client) -> None:
        answer = client.commit(self.first, {"d.txt": "proposed"}, query="?create_pr=1")
        self.pull_request = int(answer["pullRequestUrl"].rpartition("/")[2])

    def merge(self, client: Client) -> None:
        client.post(f"/api/models/{self.first}/discussions/{self.pull_request}/merge", {})

    def change(self, client: Client) -> None:
        more = client.upload_xet(self.first, self.large[2])
        client.commit(self.first, {"a.txt": "two", "lfs.bin": more}, removed=("b/c.txt",))

    def move(self, client: Client) -> None:
        client.post("/api/repos/move", {"fromRepo": self.first, "toRepo": self.last, "type": "model"})

    def come_and_go(self, client: Client) -> None:
        """Another repository, which is deleted again."""
        namespace, name = self.other.split("/")
        repo = {"name": name, "organization": namespace}
        with suppress(httpx.HTTPStatusError):  # it may be there from the time before
            client.post("/api/repos/create", repo)
        with suppress(httpx.HTTPStatusError):
            client.post(f"/api/models/{self.other}/branch/side%2Fway", {})
        with suppress(httpx.HTTPStatusError):
            client.delete(f"/api/models/{self.other}/branch/side%2Fway")
        client.delete("/api/repos/delete", repo)


class Servers:
    """Starts servers over one store, one at a time."""

    def __init__(self, store: Path) -> None:
        command = [sys.executable, "-c", SERVERS, str(store)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdin
        assert self._process.stdout
        self._stdin, self._stdout = self._process.stdin, self._process.stdout

    def ask(self, asked: Round, *, dies_before: int) -> bool:
        """Go through a round with a server that dies before the step of that number; whether it came to that."""
        print(dies_before, file=self._stdin, flush=True)
        url, token, process = self._stdout.readline().split()
        with Client(url, token) as client:
            try:
                asked.go_on(client)
            except httpx.TransportError:
                died = True
            else:
                died = False
                os.kill(int(process), signal.SIGKILL)
        assert self._stdout.readline() == "dead\n"
        return died

    def close(self) -> None:
        self._stdin.close()
        self._process.wait()
        self._stdout.close()


@pytest.fixture
def servers(memory: Path) -> Iterator[Servers]:
    started = Servers(memory / "store")
    yield started
    started.close()


def content(api: HfApi, repo: str, revision: str, cache: Path) -> Tree:
    """Every file, through the public client."""
    paths = api.list_repo_files(repo, revision=revision)
    found = {path: api.hf_hub_download(repo, path, revision=revision, cache_dir=cache) for path in paths}
    return {path: Path(file).read_bytes() for path, file in found.items()}


def check_what_is_left(api: HfApi, asked: Round, cache: Path) -> None:
    """All that was acknowledged is there; of the step that was cut off there is all or nothing."""
    before, after = asked.trees[asked.done], asked.trees[min(asked.done + 1, len(asked.steps))]
    there = [repo for repo in (asked.first, asked.last) if repo in {model.id for model in api.list_models()}]
    if not there:
        assert before is None
        return
    [repo] = there
    assert repo == asked.last or asked.done < asked.steps.index(asked.move) + 1

    assert content(api, repo, "main", cache) in (before, after)
    if asked.done > asked.steps.index(asked.tag):
        assert content(api, repo, "v1", cache) == asked.committed
    if asked.done > asked.steps.index(asked.propose):
        pull_request = api.get_discussion_details(repo, asked.pull_request)
        assert pull_request.status == "merged" or asked.done <= asked.steps.index(asked.merge)


def finish(url: str, token: str, asked: Round) -> None:
    """Ask again for what was cut off, which may turn out to be done, and then for the rest."""
    with Client(url, token) as client:
        try:
            asked.go_on(client)
        except httpx.HTTPStatusError as error:
            if error.response.status_code not in (404, 409):
                raise
            asked.done += 1
            asked.go_on(client)


def check_all_is_done(api: HfApi, asked: Round, store: Path, cache: Path) -> None:
    assert content(api, asked.last, "main", cache) == asked.changed
    assert content(api, asked.last, "v1", cache) == asked.committed
    assert len(api.list_repo_commits(asked.last)) == 4, "nothing was done twice"
    assert not api.repo_exists(asked.other)
    subprocess.run(
        ["git", "fsck", "--strict", "--no-dangling"], cwd=folder(store, asked.last), check=True, capture_output=True
    )
    assert {path.name for path in (store / "tmp").rglob("*") if path.is_file()} == {"lock"}, "nothing is unfinished"


def folder(store: Path, repo: str) -> Path:
    return store / "repos" / "models" / f"{repo}.git"


def test_killed_before_every_step(servers: Servers, memory: Path):
    store = memory / "store"
    for number in itertools.count(1):
        asked = Round(number)
        died = servers.ask(asked, dies_before=number)
        with localhub.running(store) as hub:
            api = HfApi(endpoint=hub.url, token=hub.token)
            check_what_is_left(api, asked, memory / "cache")
            finish(hub.url, hub.token, asked)
            check_all_is_done(api, asked, store, memory / "cache")
        if not died:
            break

    assert number > 50, "the steps were seen"
