"""One request as the routes see it: who asks, for which repository, with what; and the two ways to write a route."""

import base64
import binascii
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from urllib.parse import unquote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from hubkit.localhub import access, moves
from hubkit.localhub.accounts import ANONYMOUS, Accounts, Caller, job_caller
from hubkit.localhub.errors import (
    HubError,
    entry_not_found,
    forbidden,
    gated,
    invalid_credentials,
    moved,
    repo_not_found,
)
from hubkit.localhub.fields import Fields
from hubkit.localhub.oidc import Issuer
from hubkit.localhub.repository import RepoKind, Repository
from hubkit.localhub.store import Store, check_repo_id

LARGEST_BODY_BYTES = 64 * 1024 * 1024  # of what is read as a whole: JSON, shards
DRAIN_BYTES = 256 * 1024 * 1024

_KINDS: dict[str, RepoKind] = {"models": "model", "datasets": "dataset", "spaces": "space"}


@dataclass(frozen=True)
class Limits:
    """Sizes and times that the real Hub has and that tests make small."""

    page_size: int = 1000
    expanded_page_size: int = 50
    multipart_above_bytes: int = 5 * 1024**3  # the most that S3 takes in one PUT
    part_bytes: int = 256 * 1024**2
    job_token_seconds: int = 3600


@dataclass(frozen=True)
class Hub:
    """What every route works on."""

    store: Store
    accounts: Accounts
    limits: Limits = field(default_factory=Limits)
    issuer: Issuer | None = None  # of identities for test jobs

    def caller(self, token: str) -> Caller | None:
        return job_caller(self.store.signer, token) or self.accounts.caller(token)


@dataclass(frozen=True)
class Call:
    """A request. `body` is empty for routes that stream it."""

    hub: Hub
    request: Request
    body: bytes = b""

    @cached_property
    def caller(self) -> Caller:
        scheme, _, credentials = self.request.headers.get("authorization", "").partition(" ")
        if not scheme:
            return ANONYMOUS
        is_basic = scheme.lower() == "basic"
        found = self.hub.caller(_password(credentials) if is_basic else credentials.strip())
        if found is None:
            raise invalid_credentials()
        # A browser sends a password along unasked, so it must not be good for more than looking.
        return replace(found, role="read") if is_basic else found

    @property
    def account(self) -> Caller:
        """The caller, of a route that is not about one repository. A token for one repository is not known there."""
        if self.caller.is_anonymous or self.caller.only:
            raise HubError(401, "Invalid username or password.")
        return self.caller

    @property
    def origin(self) -> str:
        """The Hub's address as the client knows it: addresses in answers must begin with the client's endpoint."""
        return f"{self.request.url.scheme}://{self.request.url.netloc}"

    @cached_property
    def fields(self) -> Fields:
        """The body, a JSON object."""
        return Fields.parse(self.body)

    def param(self, name: str) -> str:
        """A part of the path. Routing happens on the raw path, so a branch `a/b` arrives whole, as `a%2Fb`."""
        return unquote(self.request.path_params[name])

    def flag(self, name: str) -> bool:
        return self.request.query_params.get(name, "").lower() in ("true", "1")

    # Which repository, and whether the caller may

    @property
    def named_repo(self) -> Repository:
        """The repository that the path names, whether it exists or not. Files of models have no prefix."""
        kind = _KINDS[self.request.path_params.get("kinds", "models")]
        return self.repo_at(kind, f"{self.param('namespace')}/{self.param('name')}")

    def repo_at(self, kind: RepoKind, repo_id: str) -> Repository:
        check_repo_id(repo_id)  # before anything touches the disk
        return self.hub.store.repo(kind, repo_id)

    def readable(self, repo: Repository | None = None) -> Repository:
        """The repository, if the caller may see that it exists. One that moved is told by a redirect."""
        if repo is None:
            repo = self.named_repo
            new = moves.target(self.hub.store, repo)
            if new not in (None, repo) and self._may_see(new):
                raise moved(self._address.replace(f"/{repo.id}", f"/{new.id}", 1))
        if not repo.exists or not self._may_see(repo):
            raise repo_not_found(anonymous=self.caller.is_anonymous)
        return repo

    @property
    def _address(self) -> str:
        """What was asked for: the raw path, and the query."""
        query = self.request.scope["query_string"].decode("ascii", "replace")
        return f"{self.request.scope['path']}?{query}" if query else str(self.request.scope["path"])

    def _may_see(self, repo: Repository) -> bool:
        return not repo.settings.private or self.caller.is_insider(repo)

    def downloadable(self) -> Repository:
        """The repository, if the caller may have its files."""
        repo = self.readable()
        if repo.settings.gated and not self.caller.is_insider(repo):
            asked = access.status_of(repo, self.caller.user)
            if asked != "accepted":
                raise gated(repo.id, anonymous=self.caller.is_anonymous, asked=asked)
        return repo

    def writable(self, repo: Repository | None = None) -> Repository:
        """The repository, if the caller may push to it."""
        repo = self.readable(repo)
        self._check(repo.id, allowed=self.caller.may_push(repo))
        return repo

    def manageable(self, repo: Repository | None = None) -> Repository:
        """The repository, if the caller may change its settings, move it and delete it."""
        repo = self.readable(repo)
        self.check_may_manage(repo.namespace)
        return repo

    def contributable(self, repo: Repository | None = None) -> Repository:
        """The repository, if the caller may propose a change: whoever may read it, with a token that may write."""
        repo = self.readable(repo)
        self._check(repo.id, allowed=self.caller.may_propose(repo))
        return repo

    def target(self, revision: str) -> Repository:
        """The repository that a push to `revision` is for: a pull request is open to more people than a branch."""
        is_proposal = self.flag("create_pr") or revision.startswith("refs/pr/")
        return self.contributable() if is_proposal else self.writable()

    def check_may_manage(self, namespace: str) -> None:
        self._check(f"the namespace {namespace}", allowed=self.caller.may_manage(namespace))

    def _check(self, place: str, *, allowed: bool) -> None:
        if self.caller.is_anonymous:
            raise HubError(401, "Invalid username or password.")
        if not allowed:
            who = f"user {self.caller.user!r}, token role {self.caller.role!r}"
            raise forbidden(f"You don't have the required rights on {place} ({who})")

    @property
    def author(self) -> str:
        if self.caller.user is None:
            raise HubError(401, "Invalid username or password.")
        return self.caller.user


def _password(credentials: str) -> str:
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def path_in_repo(call: Call) -> str:
    path = call.param("path").strip("/")
    if any(part in ("", ".", "..") for part in path.split("/")):
        raise entry_not_found(path)
    return path


Endpoint = Callable[[Request], Awaitable[Response]]


def plain(handler: Callable[[Call], Response]) -> Endpoint:
    """A route that may block: it runs in a thread, with the whole body read."""

    async def endpoint(request: Request) -> Response:
        body = await read_body(request)
        return await run_in_threadpool(handler, Call(request.app.state.hub, request, body))

    return endpoint


def streaming(handler: Callable[[Call], Awaitable[Response]]) -> Endpoint:
    """A route that reads its body as it comes and leaves what blocks to threads."""

    async def endpoint(request: Request) -> Response:
        try:
            return await handler(Call(request.app.state.hub, request))
        except HubError:
            # A client that is still sending would see a broken connection and never read why it was refused.
            await _drain(request)
            raise

    return endpoint


async def read_body(request: Request, limit_bytes: int = LARGEST_BODY_BYTES) -> bytes:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > limit_bytes:
            raise HubError(413, f"The body is larger than {limit_bytes} bytes")
    return bytes(body)


async def _drain(request: Request) -> None:
    left = DRAIN_BYTES
    try:
        async for part in request.stream():
            left -= len(part)
            if left < 0:
                return
    except RuntimeError:  # the body was read to its end already
        return
