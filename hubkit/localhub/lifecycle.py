"""Starting and stopping: a Hub in this process's background, in the foreground, or the one that runs already."""

import atexit
import contextlib
import http.client
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from hubkit.localhub.accounts import Accounts
    from hubkit.localhub.faults import Faults
    from hubkit.localhub.store import Store

DEFAULT_PORT = 8585

_PROBE_SECONDS = 2.0


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
    from hubkit.localhub.call import Hub
    from hubkit.localhub.durable import locked
    from hubkit.localhub.server import Background, Server, listen

    opened, accounts = _open(store, user, None)
    with locked(opened.root / "locks" / "server"):  # two processes that start at once agree on one server
        url = _running_url(opened, accounts.token("write", user))
        if url is None:
            background = Background(Server(Hub(opened, accounts), listen("127.0.0.1", port)))
            background.start()
            atexit.register(background.stop)
            url = background.server.url
    return _hub(url, accounts, opened, user)


@contextmanager
def running(
    store: Path,
    *,
    user: str = "local",
    token_file: Path | None = None,
    faults: "Faults | None" = None,
    **limits: int,
) -> Iterator[LocalHub]:
    """A server on a free port for the length of a block, for tests; `limits` are fields of `Limits`."""
    from hubkit.localhub.call import Hub, Limits
    from hubkit.localhub.server import Background, Server, listen

    opened, accounts = _open(store, user, token_file)
    background = Background(Server(Hub(opened, accounts, Limits(**limits)), listen("127.0.0.1", 0), faults))
    background.start()
    try:
        yield _hub(background.server.url, accounts, opened, None if token_file else user)
    finally:
        background.stop()


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
    from hubkit.localhub.call import Hub
    from hubkit.localhub.server import Server, listen

    opened, accounts = _open(store, user, token_file)
    server = Server(Hub(opened, accounts), listen(host, port))
    if started:
        started(_hub(server.url, accounts, opened, None if token_file else user))
    with contextlib.suppress(KeyboardInterrupt):  # the way to end it; the server has stopped cleanly by then
        server.serve_here()


def _open(store: Path, user: str, token_file: Path | None) -> "tuple[Store, Accounts]":
    from hubkit.localhub.accounts import Accounts, generated_accounts
    from hubkit.localhub.durable import locked
    from hubkit.localhub.store import Store

    opened = Store.open(store)
    if token_file:
        return opened, Accounts(token_file)
    with locked(opened.root / "locks" / "tokens"):
        return opened, generated_accounts(opened.root / "tokens", user, opened.scratch)


def _hub(url: str, accounts: "Accounts", store: "Store", user: str | None) -> LocalHub:
    return LocalHub(url, accounts.token("write", user), accounts.token("admin", user), store.root)


def _running_url(store: "Store", token: str) -> str | None:
    """Where a server for this very store answers and knows the token. The note of one may be stale."""
    from hubkit.localhub.server import read_note

    url: str | None = read_note(store.root).get("url")
    return url if url and _served_store(url, token) == store.id else None


def _served_store(url: str, token: str) -> str | None:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_PROBE_SECONDS)
    with contextlib.closing(connection), contextlib.suppress(OSError, ValueError, http.client.HTTPException):
        connection.request("GET", "/_hub", headers={"Authorization": f"Bearer {token}"})
        answer: dict[str, Any] = json.loads(connection.getresponse().read())
        return answer.get("store")
    return None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
