"""Starting and stopping: a Hub in this process's background, in the foreground, or the one that runs already."""

import atexit
import contextlib
import errno
import http.client
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from hubkit.localhub.accounts import Accounts
    from hubkit.localhub.store import Store

DEFAULT_PORT = 8585

_PROBE_SECONDS = 2.0
_START_SECONDS = 30.0
_STOP_SECONDS = 5
_KEEP_ALIVE_SECONDS = 600  # a connection closed under a client's POST is an error that clients do not retry


@dataclass(frozen=True)
class LocalHub:
    """A running server."""

    url: str
    token: str = field(repr=False)  # the write token of the store's user
    admin_token: str = field(repr=False)  # may write in any namespace: seeding
    store: Path


def ensure(store: Path, *, port: int = DEFAULT_PORT, user: str = "local") -> LocalHub:
    """The Hub over `store`: the one that runs on it already, or a new one in a daemon thread of this process.

    When something else has `port`, a free one is taken. A server started here ends with the process.
    """
    from hubkit.localhub.durable import locked

    opened, accounts = _open(store, user, None)
    with locked(opened.root / "locks" / "server"):  # two processes that start at once agree on one server
        url = _running_url(opened)
        if url is None:
            server = _Server(opened, accounts, _listen("127.0.0.1", port))
            server.start()
            atexit.register(server.stop)
            url = server.url
    return _hub(url, accounts, opened, user)


@contextmanager
def running(store: Path, *, user: str = "local", token_file: Path | None = None, **limits: int) -> Iterator[LocalHub]:
    """A server on a free port for the length of a block; `limits` are fields of `Limits`, for tests."""
    opened, accounts = _open(store, user, token_file)
    server = _Server(opened, accounts, _listen("127.0.0.1", 0), **limits)
    server.start()
    try:
        yield _hub(server.url, accounts, opened, None if token_file else user)
    finally:
        server.stop()


def serve(
    store: Path,
    *,
    host: str = "127.0.0.1",
    port: int = DEFAULT_PORT,
    user: str = "local",
    token_file: Path | None = None,
    started: Callable[[LocalHub], None] | None = None,
) -> None:
    """Serve until interrupted; `started` is called once the address is bound.

    Beyond loopback only with a token file: the tokens that a store makes for itself are for its own machine.
    """
    if token_file is None and not _is_loopback(host):
        raise ValueError(f"serving on {host} needs a token file: others can reach it")
    opened, accounts = _open(store, user, token_file)
    server = _Server(opened, accounts, _listen(host, port))
    if started:
        started(_hub(server.url, accounts, opened, None if token_file else user))
    server.run()


class _Server:
    """One uvicorn server on a socket that is bound already, announced in the store's `server.json`."""

    def __init__(self, store: "Store", accounts: "Accounts", listener: socket.socket, **limits: int) -> None:
        import uvicorn

        from hubkit.localhub.app import application
        from hubkit.localhub.call import Hub, Limits

        self.listener = listener
        host, port = listener.getsockname()[:2]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        self.note = store.root / "server.json"
        self.scratch = store.scratch
        config = uvicorn.Config(
            application(Hub(store, accounts, Limits(**limits))),
            lifespan="off",
            ws="none",
            log_config=None,  # the process's logging is not ours to change
            access_log=False,
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=_STOP_SECONDS,
        )
        self.uvicorn: uvicorn.Server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.run, name="local-hub", daemon=True)

    def run(self) -> None:
        self._announce()
        try:
            self.uvicorn.run(sockets=[self.listener])
        finally:
            self.listener.close()
            self._withdraw()

    def start(self) -> None:
        self.thread.start()
        deadline = time.monotonic() + _START_SECONDS
        while not self.uvicorn.started:
            if not self.thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("the local Hub did not start")
            time.sleep(0.01)

    def stop(self) -> None:
        self.uvicorn.should_exit = True
        self.thread.join(_STOP_SECONDS * 2)

    def _announce(self) -> None:
        from hubkit.localhub.durable import write_json

        write_json(self.note, {"pid": os.getpid(), "url": self.url}, self.scratch)

    def _withdraw(self) -> None:
        if _read_note(self.note).get("url") == self.url:
            self.note.unlink(missing_ok=True)


def _open(store: Path, user: str, token_file: Path | None) -> "tuple[Store, Accounts]":
    from hubkit.localhub.accounts import generated_accounts, read_token_file
    from hubkit.localhub.store import Store

    opened = Store.open(store)
    if token_file:
        return opened, read_token_file(token_file)
    return opened, generated_accounts(opened.root / "tokens", user, opened.scratch)


def _hub(url: str, accounts: "Accounts", store: "Store", user: str | None) -> LocalHub:
    return LocalHub(url, accounts.token("write", user), accounts.token("admin", user), store.root)


def _running_url(store: "Store") -> str | None:
    """Where a server for this very store answers. The note may be stale: its writer may have been killed."""
    url: str | None = _read_note(store.root / "server.json").get("url")
    return url if url and _served_store(url) == store.id else None


def _served_store(url: str) -> str | None:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_PROBE_SECONDS)
    with contextlib.closing(connection), contextlib.suppress(OSError, ValueError, http.client.HTTPException):
        connection.request("GET", "/_hub")
        answer: dict[str, Any] = json.loads(connection.getresponse().read())
        return str(answer.get("store"))
    return None


def _read_note(note: Path) -> dict[str, Any]:
    try:
        value = json.loads(note.read_text())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _listen(host: str, port: int) -> socket.socket:
    """A bound socket; a port that is taken is replaced by a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()
    except OSError as error:
        listener.close()
        if error.errno != errno.EADDRINUSE or port == 0:
            raise
        return _listen(host, 0)
    return listener


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
