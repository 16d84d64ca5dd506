"""The write half of Xet, which clients use for every large file and do not let themselves be talked out of.

Not answered on purpose, but with 404: global deduplication (`/v1/chunks/…`), upload grants (`/v1/xorb-grants/…`) and
the streamed shard answer (`/v2/shards`); the client has a plainer way for each.
"""

import io
import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hubkit.localhub import xet, xorbs
from hubkit.localhub.call import Call, plain
from hubkit.localhub.durable import PIECE_BYTES, Sink
from hubkit.localhub.errors import HubError, bad_request, forbidden, invalid_credentials
from hubkit.localhub.intake import Body, reading
from hubkit.localhub.large import joined, xorb_path
from hubkit.localhub.repository import Repository
from hubkit.localhub.routes.paths import API_REPO

_TOKEN_SECONDS = 3600
_FILES_AT_ONCE = 8


def write_token(call: Call) -> Response:
    """A token for this repository's uploads.

    The address holds the store's id: the client remembers, by address, what it has sent, and would send nothing to a
    new store at an old address.
    """
    repo = call.target(call.param("revision"))
    claim = {"use": "xet-write", "kind": repo.kind, "repo": repo.id}
    token, expires = call.hub.store.signer.sign(claim, seconds=_TOKEN_SECONDS), int(time.time()) + _TOKEN_SECONDS
    url = f"{call.origin}/_cas/{call.hub.store.id}"
    headers = {"X-Xet-Access-Token": token, "X-Xet-Token-Expiration": str(expires), "X-Xet-Cas-Url": url}
    return JSONResponse({"accessToken": token, "exp": expires, "casUrl": url}, headers=headers)


def put_xorb(call: Call, body: Body) -> Response:
    """Take in a xorb, if it is the one that its name says; none can be put in another's place."""
    _repo(call)
    digest = call.param("digest")
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise bad_request(f"No xorb hash: {digest!r}")
    target = xorb_path(call.hub.store.xorbs, digest)
    if target.exists():
        return JSONResponse({"was_inserted": False})
    with Sink(call.hub.store.scratch) as sink:
        try:
            xorbs.unpack(io.BufferedReader(body, PIECE_BYTES), digest, sink)
        except xet.MalformedXetError as error:
            raise bad_request(str(error)) from error
        sink.keep(target)
    return JSONResponse({"was_inserted": True})


def put_shard(call: Call) -> Response:
    """Keep every file of the shard, if its content is what the shard says."""
    repo = _repo(call)
    try:
        missing = [file for file in xet.read_shard(call.body) if not repo.has_large_file(file.sha256)]
        with ThreadPoolExecutor(_FILES_AT_ONCE) as pool:  # each waits for the disk
            list(pool.map(lambda file: _keep(call, repo, file), missing))
    except xet.MalformedXetError as error:
        raise bad_request(str(error)) from error
    return JSONResponse({"result": 1})


def _keep(call: Call, repo: Repository, file: xet.File) -> None:
    store = call.hub.store
    content = joined(xorbs.span(xorb_path(store.xorbs, term.xorb), term) for term in file.terms)
    if content.sha256 != file.sha256:
        raise bad_request(f"The file has another sha256 than the shard says: {file.sha256}")
    with store.adding(repo):
        repo.share_large_file(file.sha256, content)


def _repo(call: Call) -> Repository:
    """The repository that the Xet token is for."""
    if call.param("store") != call.hub.store.id:
        raise HubError(404, "No such store")
    token = call.request.headers.get("authorization", "").removeprefix("Bearer ")
    claim: dict[str, Any] | None = call.hub.store.signer.read(token)
    if claim is None:
        raise invalid_credentials()
    if claim.get("use") != "xet-write":
        raise forbidden("This token may not write")
    return call.hub.store.repo(claim["kind"], claim["repo"])


ROUTES = [
    Route(API_REPO + "/xet-write-token/{revision}", plain(write_token)),
    Route("/_cas/{store}/v1/xorbs/default/{digest}", reading(put_xorb), methods=["POST"]),
    Route("/_cas/{store}/v1/shards", plain(put_shard), methods=["POST"]),
]
