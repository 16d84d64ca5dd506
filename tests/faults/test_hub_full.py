"""A Hub whose disk is full refuses what it cannot keep, keeps what it has, and goes on when there is room again.

The kernel refuses the server's process to make any file longer than a limit (RLIMIT_FSIZE): to its writes, what a full
disk is.
"""

import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2 as httpx
import pytest
from huggingface_hub import HfApi

from .asking_once import Client
from .test_hub_killed import Round, check_all_is_done, check_what_is_left, finish

SERVE = """
import sys
from pathlib import Path
from hubkit import localhub
localhub.serve(Path(sys.argv[1]), port=0, started=lambda hub: print(hub.url, hub.token, flush=True))
"""
MIB = 1024 * 1024
INSUFFICIENT_STORAGE = 507


@dataclass(frozen=True)
class Server:
    """A Hub in a process of its own."""

    pid: int
    url: str
    token: str

    @contextmanager
    def full(self, limit_bytes: int) -> Iterator[None]:
        """No file of the server's may grow longer than this meanwhile."""
        hard = resource.prlimit(self.pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (limit_bytes, hard))
        try:
            yield
        finally:
            resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (hard, hard))

    @property
    def peak_bytes(self) -> int:
        """The most memory it ever held."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


@pytest.fixture
def server(memory: Path) -> Iterator[Server]:
    """Over a store in memory."""
    process = subprocess.Popen([sys.executable, "-c", SERVE, str(memory / "store")], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    url, token = process.stdout.readline().split()
    yield Server(process.pid, url, token)
    process.kill()
    process.communicate()


@pytest.mark.parametrize(("limit_bytes", "refused_at_least"), [(0, 7), (120, 5), (1000, 2)])
def test_a_full_disk_leaves_the_store_whole(server: Server, memory: Path, limit_bytes: int, refused_at_least: int):
    """At each step of a repository's life: what was there stays, what was asked is there wholly or not at all, and can
    be asked for again.
    """
    api = HfApi(endpoint=server.url, token=server.token)
    refused = []
    for number in range(7):  # but the last, which overlooks refusals
        asked = Round(number)
        with Client(server.url, server.token) as client:
            for step in asked.steps[:number]:
                step(client)
                asked.done += 1
            try:
                with server.full(limit_bytes):
                    asked.steps[number](client)
                asked.done += 1
            except httpx.HTTPStatusError as error:
                refused.append(error.response)
        check_what_is_left(api, asked, memory / "cache")
        finish(server.url, server.token, asked)
        check_all_is_done(api, asked, memory / "store", memory / "cache")

    assert len(refused) >= refused_at_least
    assert {answer.status_code for answer in refused} == {INSUFFICIENT_STORAGE}
    assert all("no room left" in answer.json()["error"] for answer in refused)


def test_the_size_of_an_upload_is_not_held_in_memory(server: Server):
    """Four times as much raises the server's peak by next to nothing."""
    with Client(server.url, server.token) as client:
        client.post("/api/repos/create", {"name": "large", "organization": "local"})
        client.upload_lfs("local/large", bytes(32 * MIB))
        first = server.peak_bytes
        client.upload_lfs("local/large", bytes(128 * MIB))

    assert server.peak_bytes - first < 8 * MIB
