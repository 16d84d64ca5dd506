"""A uvicorn server on a socket that is bound already; that of a Hub is announced in its store's `server.json`."""

import errno
import json
import os
import socket
import threading
import time
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from hubkit.localhub.app import application
from hubkit.localhub.call import Hub
from hubkit.localhub.durable import write_json
from hubkit.localhub.faults import Faults
from hubkit.localhub.faulty import FaultyApp
from hubkit.localhub.guard import Guard, is_loopback

_START_SECONDS = 30.0
_STOP_SECONDS = 5
_KEEP_ALIVE_SECONDS = 600  # a connection closed under a client's POST is an error that clients do not retry


class Server(uvicorn.Server):
    """Serves an application, quietly, and for as long as its clients keep their connections."""

    def __init__(self, app: ASGIApp, listener: socket.socket) -> None:
        host, port = listener.getsockname()[:2]
        config = uvicorn.Config(
            Guard(app, loopback=is_loopback(host)),
            http="h11",  # `intake` knows its connections
            lifespan="off",
            ws="none",
            log_config=None,  # the process's logging is not ours to change
            access_log=False,
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=_STOP_SECONDS,
        )
        super().__init__(config)
        self._listener = listener
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{port}"

    def serve_here(self) -> None:
        """Serve in this thread, until `should_exit` or, in the main thread, a signal."""
        with self._listener:
            self.run(sockets=[self._listener])


class HubServer(Server):
    """Announces itself when it is up, and takes that back before it is gone."""

    def __init__(self, hub: Hub, listener: socket.socket, faults: Faults | None = None) -> None:
        app = application(hub)
        super().__init__(FaultyApp(app, faults) if faults else app, listener)
        self._store = hub.store
        self.note = {"pid": os.getpid(), "url": self.url, "issuer": hub.issuer is not None}

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        write_json(_note(self._store.root), self.note, self._store.scratch)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Here and not after `run`, which ends by raising the signal again that ended it.
        if read_note(self._store.root).get("url") == self.url:
            _note(self._store.root).unlink(missing_ok=True)
        await super().shutdown(sockets)


class Background:
    """A server in a daemon thread."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._thread = threading.Thread(target=server.serve_here, name="local-hub", daemon=True)

    def start(self) -> None:
        """Return once the server answers."""
        self._thread.start()
        deadline = time.monotonic() + _START_SECONDS
        while not self.server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("the local Hub did not start")
            time.sleep(0.01)

    def stop(self) -> None:
        self.server.should_exit = True
        self._thread.join(_STOP_SECONDS * 2)


def listen(host: str, port: int) -> socket.socket:
    """A bound socket; a port that is taken is replaced by a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named, or asyncio would leave Nagle's algorithm on: 40 ms for every answer.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()
    except OSError as error:
        listener.close()
        if error.errno != errno.EADDRINUSE or port == 0:
            raise
        return listen(host, 0)
    return listener


def read_note(store: Path) -> dict[str, Any]:
    """What a server has announced. It may be stale: its writer may have been killed."""
    try:
        value = json.loads(_note(store).read_text())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _note(store: Path) -> Path:
    return store / "server.json"
