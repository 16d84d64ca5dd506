"""What a browser on this machine must not be talked into by a page from elsewhere."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_ONLY_LOOKING = frozenset({"GET", "HEAD", "OPTIONS"})


class Guard:
    """Around an application: refuses requests that another site's page made the browser send.

    - On loopback, a host name that is not loopback's: another site's name may lead here (DNS rebinding), and its
      pages would then be of our origin.
    - Anywhere, a change that a page of another origin asks for. Programs send no Origin.
    """

    def __init__(self, app: ASGIApp, *, loopback: bool) -> None:
        self._app = app
        self._loopback = loopback

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"] if name in (b"host", b"origin")}
        host, origin = headers.get(b"host", ""), headers.get(b"origin")
        refusal = None
        if self._loopback and not is_loopback(urlsplit(f"//{host}").hostname or ""):
            refusal = f"This Hub is for its own machine, and is not called {host!r}"
        elif origin is not None and scope["method"] not in _ONLY_LOOKING and urlsplit(origin).netloc != host:
            refusal = f"A page of {origin!r} may change nothing here"
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            await JSONResponse({"error": refusal}, 403)(scope, receive, send)


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
