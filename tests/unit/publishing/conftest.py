"""A release of the tiny model, small and whole."""

import contextlib
import http.client
import shutil
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from hubkit.localhub import LocalHub
from hubkit.publishing import LOCK, Interface, Lock, Release, commit, draw, hashes, interface_of, usage
from hubkit.values import fingerprint

SAMPLING: dict[str, str | int | float] = {
    "steps": 2,
    "guidance_scale": 2.0,
    "scheduler": "DDIMScheduler",
    "resolution": 32,
}
PROMPT = "a ninja"
NO_INTERFACE = Interface(
    pipeline="", components={}, architecture={}, prediction_type=None, tokenizer=None, resolution=32, trigger=None,
    license="mit",
)  # fmt: skip
CARD = "---\nlicense: mit\nbase_model: alice/base\npipeline_tag: text-to-image\n---\n# Tiny\n"


def lock_of(folder: Path, **said: object) -> Lock:
    """A lock over a folder's files; `said` is what it says otherwise than usual."""
    files = {path: digest for path, digest in hashes(folder).items() if path != LOCK}
    weights = {path: digest for path, digest in files.items() if path.endswith(".safetensors")}
    usual = {
        "name": "tiny",
        "model_id": "alice/tiny",
        "version": None,
        "made_from": fingerprint(files),
        "recipe": {"sha256": "0" * 64, "tables": {"method": {"kind": "full"}}},
        "base": {"repo": "alice/base", "revision": "b" * 40, "license": "mit"},
        "data": {"repo": "alice/ninjas", "revision": "d" * 40, "license": "mit", "rows": 10, "held_out": 2},
        "extractors": {},
        "training": {"steps": 2, "device": "CPU", "versions": {"hubkit-publisher": "0.1.0"}},
        "weights": weights,
        "interface": interface_of(folder, resolution=32, trigger=None, license="mit")
        if (folder / "model_index.json").is_file()
        else NO_INTERFACE,
        "scores": [],
        "sampling": SAMPLING,
        "proof": {"path": "images/usage.png", "prompt": PROMPT, "seed": 3},
        "pictures": [],
        "files": files,
    }
    return Lock.model_validate({**usual, **said})


def release_of(folder: Path, on: str | None = None, **said: object) -> Release:
    """The release that a folder holds, once a lock over it is written into it; `on` is what it was described for."""
    lock = lock_of(folder, **said)
    (folder / LOCK).write_text(lock.text())
    return Release(
        name="tiny",
        model_id="alice/tiny",
        folder=folder,
        manifest=hashes(folder),
        sizes={
            path.relative_to(folder).as_posix(): path.stat().st_size for path in folder.rglob("*") if path.is_file()
        },
        message="tiny: 2 steps",
        on=on,
    )


@pytest.fixture
def released() -> Callable[..., Release]:
    """`release_of`, for tests that change a release's folder."""
    return release_of


@pytest.fixture(scope="session")
def proof(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The picture that the tiny model draws by the card's code."""
    picture = tmp_path_factory.mktemp("proof") / "usage.png"
    draw(usage(str(tiny_model), PROMPT, 3, SAMPLING), picture)
    return picture


@pytest.fixture
def release(tiny_model: Path, proof: Path, tmp_path: Path) -> Release:
    """The tiny model with a card and its proof, in a folder of its own."""
    folder = tmp_path / "release"
    shutil.copytree(tiny_model, folder)
    (folder / "images").mkdir()
    shutil.copyfile(proof, folder / "images" / "usage.png")
    (folder / "README.md").write_text(CARD)
    return release_of(folder)


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
