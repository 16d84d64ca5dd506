"""Starting and stopping: a Hub in this process's background, in the foreground, or the one that runs already."""

import atexit
import contextlib
import http.client
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from hubkit.localhub.faults import Faults

if TYPE_CHECKING:
    from hubkit.localhub.accounts import Accounts
    from hubkit.localhub.importing import Imported
    from hubkit.localhub.oidc import Issuer
    from hubkit.localhub.repository import RepoKind
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
    issuer: bool = False  # whether it has a test issuer, see `job`

    def trust(self, resource: str, **claims: str) -> None:
        """Make jobs with all of these claims trusted publishers of a repository: they push without a stored token.

            hub.trust("alice/cats", repository="alice/training", workflow="publish.yml", environment="hub")

        Args:
            resource: an existing repository, `ns/name` or `datasets/ns/name`, as in `HF_OIDC_RESOURCE`.
            claims: of the job's identity, each to be equal. `repository` must be among them. `workflow` is the
                workflow's file name and `branch` the branch; any other is GitHub's claim of that name.

        Raises:
            HubError: there is no such repository, or these claims would let in anybody's jobs.
        """
        from hubkit.localhub.oidc import add_publisher, repo_of_resource
        from hubkit.localhub.store import Store

        opened = Store.open(self.store)
        add_publisher(opened, repo_of_resource(opened, resource), claims)

    def job(
        self, repository: str, *, workflow: str, ref: str = "refs/heads/main", environment: str | None = None
    ) -> dict[str, str]:
        """What GitHub puts into the environment of a job that has `permissions: id-token: write`.

            with running(store, issuer=True) as hub:
                hub.trust("alice/cats", repository="alice/training")
                variables = hub.job("alice/training", workflow="publish.yml")
                variables |= {"HF_ENDPOINT": hub.url, "HF_OIDC_RESOURCE": "alice/cats"}
                subprocess.run(["hf", "upload", "alice/cats", "folder"], env={**os.environ, **variables})

        Args:
            repository: the code's repository, `owner/name`.
            workflow: its file's name below .github/workflows.
            ref: what the workflow runs on.
            environment: the deployment environment that the job names.

        Raises:
            ValueError: the server was not asked for a test issuer.
        """
        if not self.issuer:
            raise ValueError("this Hub has no test issuer: start it with issuer=True")
        from dataclasses import asdict

        from hubkit.localhub.oidc import PATH, REQUEST_SECONDS, REQUEST_USE, Job
        from hubkit.localhub.store import Store

        claim = {"use": REQUEST_USE, "job": asdict(Job(repository, workflow, ref, environment))}
        return {
            "GITHUB_ACTIONS": "true",
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{self.url}{PATH}/token?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": Store.open(self.store).signer.sign(claim, seconds=REQUEST_SECONDS),
        }


def ensure(store: Path, *, port: int = DEFAULT_PORT, user: str = "local") -> LocalHub:
    """The Hub over `store`: the one that runs on it already, or a new one in a daemon thread of this process.

    When something else has `port`, a free one is taken. A server started here ends with the process.
    """
    from hubkit.localhub.call import Hub
    from hubkit.localhub.durable import locked
    from hubkit.localhub.server import Background, HubServer, listen

    opened, accounts = _open(store, user, None)
    with locked(opened.root / "locks" / "server"):  # two processes that start at once agree on one server
        note = _running(opened, accounts.token("write", user))
        if note is None:
            server = HubServer(Hub(opened, accounts), listen("127.0.0.1", port))
            background = Background(server)
            background.start()
            atexit.register(background.stop)
            note = server.note
    return _hub(note, accounts, opened, user)


@contextmanager
def running(
    store: Path,
    *,
    port: int = 0,
    user: str = "local",
    token_file: Path | None = None,
    faults: Faults | None = None,
    issuer: bool = False,
    **limits: int,
) -> Iterator[LocalHub]:
    """A server for the length of a block, for tests, by default on a free port; `limits` are fields of `Limits`.

    With `issuer`, it also plays GitHub's part in trusted publishing: see `LocalHub.trust` and `LocalHub.job`.
    """
    from hubkit.localhub.call import Hub, Limits
    from hubkit.localhub.server import Background, HubServer, listen

    opened, accounts = _open(store, user, token_file)
    hub = Hub(opened, accounts, Limits(**limits), _issuer() if issuer else None)
    server = HubServer(hub, listen("127.0.0.1", port), faults)
    background = Background(server)
    background.start()
    try:
        yield _hub(server.note, accounts, opened, None if token_file else user)
    finally:
        background.stop()


def serve(
    store: Path,
    *,
    host: str = "127.0.0.1",
    port: int = DEFAULT_PORT,
    user: str = "local",
    token_file: Path | None = None,
    issuer: bool = False,
    started: Callable[[LocalHub], None] | None = None,
) -> None:
    """Serve until interrupted; `started` is called once the address is bound. `issuer` is as for `running`.

    Beyond loopback only with a token file: the tokens that a store makes for itself are for its own machine.
    """
    from hubkit.localhub.guard import is_loopback

    if token_file is None and not is_loopback(host):
        raise ValueError(f"serving on {host} needs a token file: others can reach it")
    from hubkit.localhub.call import Hub
    from hubkit.localhub.server import HubServer, listen

    opened, accounts = _open(store, user, token_file)
    hub = Hub(opened, accounts, issuer=_issuer() if issuer else None)
    server = HubServer(hub, listen(host, port))
    if started:
        started(_hub(server.note, accounts, opened, None if token_file else user))
    with contextlib.suppress(KeyboardInterrupt):  # the way to end it; the server has stopped cleanly by then
        server.serve_here()


@contextmanager
def previewing(folder: Path, *, repo: str = "you/model", kind: "RepoKind" = "model", port: int = 0) -> Iterator[str]:
    """Show a folder as the page that it would be on the Hub, for the length of a block, which gets the page's address.

    The page stands on loopback alone, and is read anew for every look at it: edit the README.md and reload. What the
    Hub would refuse the card for stands on top.

    Args:
        folder: what would be pushed; its README.md is the card.
        repo: the name to show.
        kind: model, dataset or space.
        port: 0 takes a free one.

    Raises:
        HubError: `repo` cannot be a repository's name.
        FileNotFoundError: there is no such folder.
    """
    from hubkit.localhub.preview import serving

    with serving(folder, repo, kind, port) as url:
        yield url


def preview(
    folder: Path,
    *,
    repo: str = "you/model",
    kind: "RepoKind" = "model",
    port: int = 0,
    started: Callable[[str], None] | None = None,
) -> None:
    """Show a folder as `previewing` does, until interrupted; `started` is called with the page's address."""
    with previewing(folder, repo=repo, kind=kind, port=port) as url, contextlib.suppress(KeyboardInterrupt):
        if started:
            started(url)
        threading.Event().wait()


def import_folder(
    store: Path, folder: Path, *, repo: str | None = None, kind: "RepoKind | None" = None, user: str = "local"
) -> "Imported":
    """Make a folder a repository of a store, whether a server runs on it or not. Again, it changes nothing.

    Args:
        store: the Hub's folder; it is begun when there is none.
        folder: any folder, or one of the client's cache: `models--ns--name`, or a snapshot in it. Of the former every
            snapshot becomes a commit, with a tag of the id it had at its own Hub: what pins one finds it here too.
        repo: `ns/name`; a folder of the cache knows its own.
        kind: model, dataset or space; a folder of the cache knows it, and else it is a model.
        user: the author of the commits.

    Raises:
        FolderError: it is no such folder, is incomplete, or holds a link that leads out of it.
        HubError: the name cannot be a repository's, or a file's name not a path in one.
    """
    from hubkit.localhub import importing
    from hubkit.localhub.store import Store

    return importing.import_folder(Store.open(store), folder, repo, kind, user)


def _open(store: Path, user: str, token_file: Path | None) -> "tuple[Store, Accounts]":
    from hubkit.localhub.accounts import Accounts, generated_accounts
    from hubkit.localhub.durable import locked
    from hubkit.localhub.store import Store

    opened = Store.open(store)
    if token_file:
        return opened, Accounts(token_file)
    with locked(opened.root / "locks" / "tokens"):
        return opened, generated_accounts(opened.root / "tokens", user, opened.scratch)


def _issuer() -> "Issuer":
    from hubkit.localhub.oidc import Issuer

    return Issuer()


def _hub(note: Mapping[str, Any], accounts: "Accounts", store: "Store", user: str | None) -> LocalHub:
    write, admin = accounts.token("write", user), accounts.token("admin", user)
    return LocalHub(note["url"], write, admin, store.root, issuer=bool(note.get("issuer")))


def _running(store: "Store", token: str) -> Mapping[str, Any] | None:
    """The note of a server for this very store that answers and knows the token. A note alone may be stale."""
    from hubkit.localhub.server import read_note

    note = read_note(store.root)
    return note if "url" in note and _served_store(note["url"], token) == store.id else None


def _served_store(url: str, token: str) -> str | None:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_PROBE_SECONDS)
    with contextlib.closing(connection), contextlib.suppress(OSError, ValueError, http.client.HTTPException):
        connection.request("GET", "/_hub", headers={"Authorization": f"Bearer {token}"})
        answer: dict[str, Any] = json.loads(connection.getresponse().read())
        return answer.get("store")
    return None
