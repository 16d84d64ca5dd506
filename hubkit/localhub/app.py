"""The ASGI application: the routes put together, with what holds for every request."""

import errno
import os
import secrets
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from hubkit.localhub.call import Hub
from hubkit.localhub.errors import HubError
from hubkit.localhub.routes import (
    access,
    cas,
    discussions,
    identity,
    lfs,
    oauth,
    pages,
    refs,
    repos,
    resolve,
    trees,
    upload,
)

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_TABLES = (identity, oauth, repos, access, trees, refs, upload, discussions, lfs, cas, resolve, pages)


def application(hub: Hub) -> ASGIApp:
    """The Hub as an application for any ASGI server."""
    app = Starlette(
        routes=[route for table in _TABLES for route in table.ROUTES],
        exception_handlers={
            HubError: _refused,
            HTTPException: _not_answered,
            ClientDisconnect: _gone,
            OSError: _not_kept,
            Exception: _fault,
        },
    )
    app.state.hub = hub
    return _Envelope(app)


class _Envelope:
    """Around every request: routing on the raw path, an id for the answer, and one traceback for a fault of ours."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        # `%2F` in a branch name must not become a separator: the parts are decoded after routing.
        scope["path"] = scope["raw_path"].decode("ascii", "replace")
        request_id = _header(scope, b"x-amzn-trace-id") or secrets.token_hex(8).encode()

        async def send_with_id(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-request-id", request_id)]
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        except Exception:  # noqa: BLE001 - the server lives on, and the fault is shown once, here
            traceback.print_exc(file=sys.stderr)


def _header(scope: Scope, name: bytes) -> bytes | None:
    return next((value for key, value in scope["headers"] if key == name), None)


async def _refused(_: Request, error: Exception) -> Response:
    if not isinstance(error, HubError):
        raise error
    return JSONResponse(error.content, error.status, headers=error.headers)


async def _not_answered(_: Request, error: Exception) -> Response:
    """No such route, or not with this method. Clients probe for some that only the real Hub has."""
    if not isinstance(error, HTTPException):
        raise error
    return JSONResponse({"error": error.detail}, error.status_code, headers={"X-Error-Message": error.detail})


async def _gone(_: Request, __: Exception) -> Response:
    """The client hung up in the middle of its request; nobody reads this answer."""
    return Response(status_code=400)


async def _not_kept(_: Request, error: Exception) -> Response:
    """The disk is full, or a quota: nothing of the request was kept, and the client may send it again later."""
    if not isinstance(error, OSError) or error.errno not in _FULL:
        raise error
    message = f"The local Hub has no room left: {os.strerror(error.errno)}"
    return JSONResponse({"error": message}, 507, headers={"X-Error-Message": message})


async def _fault(_: Request, __: Exception) -> Response:
    return JSONResponse({"error": "Internal error of the local Hub; its log says more"}, 500)
