"""When the Hub's answer does not arrive, a commit is recognised as made, or as not made, and never doubled."""

import contextlib
import http.client
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from hubkit import hub
from hubkit.errors import ConflictError
from hubkit.localhub import LocalHub
from hubkit.publishing import Release, commit
from hubkit.targets.hub import HubTarget

TARGET = HubTarget(kind="hub", verify="hashes", tag="v1")


class Lossy(ThreadingHTTPServer):
    """A proxy before a Hub. `before` and `after` say of a path whether the request is lost, or its answer."""

    daemon_threads = True

    def __init__(self, hub_url: str) -> None:
        super().__init__(("127.0.0.1", 0), Forwarding)
        self.hub = urlsplit(hub_url)
        self.before: Callable[[str], bool] = lambda _: False
        self.after: Callable[[str], bool] = lambda _: False
        self.meanwhile: Callable[[], object] = lambda: None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Forwarding(BaseHTTPRequestHandler):
    """Passes each request on, and its answer back, unless the proxy is told to lose it."""

    server: Lossy
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.command != "GET" and self.server.before(self.path):
            self.close_connection = True
            self.connection.close()
            return
        headers = {name: value for name, value in self.headers.items() if name.lower() != "transfer-encoding"}
        with contextlib.closing(
            http.client.HTTPConnection(self.server.hub.hostname or "", self.server.hub.port or 0)
        ) as onward:
            onward.request(self.command, self.path, body, headers)
            answer = onward.getresponse()
            content = answer.read()
        if self.command != "GET" and self.server.after(self.path):
            self.server.meanwhile()
            self.close_connection = True
            self.connection.close()
            return
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in {"transfer-encoding", "connection", "content-length"}:
                self.send_header(name, value)
        self.send_header("content-length", answer.getheader("content-length") or str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = forward


def times(count: int, what: str) -> Callable[[str], bool]:
    """True for the first `count` requests whose path holds `what`."""
    left = [count]

    def hit(path: str) -> bool:
        if what not in path or not left[0]:
            return False
        left[0] -= 1
        return True

    return hit


@pytest.fixture
def lossy(as_alice: LocalHub, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lossy]:
    """The client talks to the Hub through the proxy, and does not wait long between attempts."""
    from huggingface_hub import constants

    proxy = Lossy(as_alice.url)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    monkeypatch.setattr(constants, "ENDPOINT", proxy.url)
    monkeypatch.setattr(commit, "PAUSES", (0.01, 0.01, 0.01))
    yield proxy
    proxy.shutdown()
    proxy.server_close()


def commits() -> int:
    return len(hub.api().list_repo_commits("alice/tiny"))


def test_a_commit_whose_answer_was_lost_is_recognised(lossy: Lossy, release: Release):
    """The commit is there: it is found by its tree, and not made twice."""
    lossy.after = times(1, "/commit/")

    publication = TARGET.publish(release)

    assert publication.created
    assert commits() == 2  # the repo's first commit, and ours


def test_a_commit_that_never_arrived_is_sent_again(lossy: Lossy, release: Release):
    """The head has not moved: nothing was made, so it is safe to try again."""
    lossy.before = times(2, "/commit/")

    publication = TARGET.publish(release)

    assert publication.created
    assert commits() == 2


def test_a_hub_that_stays_away_ends_cleanly(lossy: Lossy, release: Release):
    """After some attempts the run stops with exit code 75, and the same command publishes later."""
    lossy.before = times(99, "/commit/")

    with pytest.raises(hub.UnavailableError) as caught:
        TARGET.publish(release)
    lossy.before = times(0, "")

    assert caught.value.exit_code == 75
    assert TARGET.publish(release).created


def test_somebody_elses_commit_in_place_of_a_lost_answer_is_a_conflict(lossy: Lossy, release: Release):
    """The head moved, but not to what we wanted: nothing of theirs is overwritten."""
    lossy.after = times(1, "/commit/")
    lossy.meanwhile = lambda: hub.put_repo("alice/tiny", "model", {"theirs.txt": b"1"}, "theirs")

    with pytest.raises(ConflictError, match="somebody else"):
        TARGET.publish(release)
    assert "theirs.txt" in hub.tree("alice/tiny", "main")


@pytest.mark.parametrize("lost", ["before", "after"])
def test_a_lost_tag_is_set_once(lossy: Lossy, release: Release, lost: str):
    """Whether the request or its answer was lost, the tag ends at the commit."""
    setattr(lossy, lost, times(1, "/tag/"))

    publication = TARGET.publish(release)

    assert {"v1": publication.commit} == hub.tags("alice/tiny")
