"""Faults on demand, to test what a program does when the Hub or the network fails it. Off unless asked for.

faults = Faults()
with localhub.running(store, faults=faults) as hub:
    faults.add(Fault("POST .*/commit/main", after=True, status=503))   # done, but the answer says otherwise
    faults.add(Fault("GET .*/resolve/.*", cut_after_bytes=1000))       # the connection breaks in the middle
"""

import asyncio
import re
import threading
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass(frozen=True, eq=False)  # two alike are two: each counts for itself
class Fault:
    """What goes wrong with the requests that match `route`, a pattern for all of `METHOD /path`.

    With none of `status`, `cut_after_bytes` and `damage_byte`, a request is only delayed.
    """

    route: str
    nth: int = 1  # the first request that it hits, counted from when it was added
    times: int = 1  # how many it hits, one after another
    after: bool = False  # a `status` is answered after the request took effect, not in its place
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0
    cut_after_bytes: int | None = None  # of the answer's body; -1 lets not even the headers through
    damage_byte: int | None = None  # this byte of the answer's body is flipped


class Faults:
    """The faults of a server; they may be added while it runs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[Fault, int] = {}
        self.requests: list[str] = []  # every request so far, as `METHOD /path`

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._seen[fault] = 0

    def clear(self) -> None:
        with self._lock:
            self._seen.clear()

    def next_for(self, request: str) -> Fault | None:
        """The fault that hits this request; each that matches counts it."""
        with self._lock:
            self.requests.append(request)
            hit = None
            for fault in self._seen:
                if re.fullmatch(fault.route, request):
                    self._seen[fault] += 1
                    if fault.nth <= self._seen[fault] < fault.nth + fault.times:
                        hit = fault
            return hit


class FaultyApp:
    """An application through which faults reach its clients."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = self._faults.next_for(f"{scope['method']} {scope['raw_path'].decode('ascii', 'replace')}")
        if fault is None:
            await self._app(scope, receive, send)
            return
        await asyncio.sleep(fault.delay_seconds)
        if fault.status is None:
            await self._app(scope, receive, _Spoiler(fault, send))
            return
        if fault.after:
            await self._app(scope, receive, _swallow)
        else:
            await _read_to_the_end(receive)
        answer = JSONResponse({"error": "A fault that was asked for"}, fault.status, dict(fault.headers))
        await answer(scope, receive, send)


class _Spoiler:
    """Sends an answer on until it is time to break it."""

    def __init__(self, fault: Fault, send: Send) -> None:
        self._fault = fault
        self._send = send
        self._sent_bytes = 0
        self._is_cut = False

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        if self._is_cut:
            return
        if message["type"] == "http.response.start":
            if self._fault.cut_after_bytes == -1:
                await self._cut()
            else:
                await self._send(message)
            return
        body = self._damaged(message.get("body", b""))
        left = None if self._fault.cut_after_bytes is None else self._fault.cut_after_bytes - self._sent_bytes
        if left is not None and len(body) >= left:
            await self._send({**message, "body": body[:left], "more_body": True})
            await self._cut()
            return
        self._sent_bytes += len(body)
        await self._send({**message, "body": body})

    def _damaged(self, body: bytes) -> bytes:
        at = (self._fault.damage_byte if self._fault.damage_byte is not None else -1) - self._sent_bytes
        if not 0 <= at < len(body):
            return body
        return body[:at] + bytes([body[at] ^ 0xFF]) + body[at + 1 :]

    async def _cut(self) -> None:
        """Close the connection as a network does: without a word. ASGI has no way to say this, uvicorn's cycle has."""
        self._is_cut = True
        await asyncio.sleep(0.05)  # what was sent before is on its way first
        cycle: Any = getattr(self._send, "__self__", None)
        close: Callable[[], None] = cycle.transport.close
        close()
        await asyncio.sleep(0.05)


async def _read_to_the_end(receive: Receive) -> None:
    """A client that is still sending would see a broken connection instead of the answer."""
    while (await receive()).get("more_body"):
        pass


async def _swallow(message: Message) -> None:
    """The answer that the client never gets."""
