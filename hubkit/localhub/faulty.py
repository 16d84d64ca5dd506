"""The application through which faults reach its clients."""

import asyncio
from collections.abc import Callable, MutableMapping
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hubkit.localhub.faults import Fault, Faults


class FaultyApp:
    """Around an application: limits its rate, and lets a request fail that a fault was asked for."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["raw_path"].decode("ascii", "replace")
        fault = self._faults.next_for(f"{scope['method']} {path}")
        allowance = self._faults.spend(path)
        if allowance is not None and allowance.left < 0:
            await _read_to_the_end(receive)
            limited = JSONResponse({"error": "You have made too many requests"}, 429, allowance.headers)
            await limited(scope, receive, send)
            return
        send_on = _Spoiler(Fault("", headers=allowance.headers), send, send) if allowance else send
        if fault is None:
            await self._app(scope, receive, send_on)
            return
        await asyncio.sleep(fault.delay_seconds)
        if fault.status is None:
            await self._app(scope, receive, _Spoiler(fault, send_on, send))
            return
        if fault.after:
            await self._app(scope, receive, _swallow)
        else:
            await _read_to_the_end(receive)
        answer = JSONResponse({"error": "A fault that was asked for"}, fault.status, dict(fault.headers))
        await answer(scope, receive, send_on)


class _Spoiler:
    """Sends an answer on, changed, until it is time to break it. `connection` is uvicorn's own `send`."""

    def __init__(self, fault: Fault, send: Send, connection: Send) -> None:
        self._fault = fault
        self._send = send
        self._connection = connection
        self._sent_bytes = 0
        self._is_over = False

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        if self._is_over:
            return
        if message["type"] == "http.response.start":
            await self._start(message)
            return
        if self._fault.body is not None:
            message = {**message, "body": self._fault.body, "more_body": False}
            self._is_over = True
        body = self._damaged(message.get("body", b""))
        left = None if self._fault.cut_after_bytes is None else self._fault.cut_after_bytes - self._sent_bytes
        if left is not None and len(body) >= left:
            await self._send({**message, "body": body[:left], "more_body": True})
            await self._cut()
            return
        self._sent_bytes += len(body)
        await self._send({**message, "body": body})

    async def _start(self, message: MutableMapping[str, Any]) -> None:
        if self._fault.cut_after_bytes == -1:
            await self._cut()
            return
        headers = MutableHeaders(raw=list(message["headers"]))
        if self._fault.body is not None:
            headers["content-length"] = str(len(self._fault.body))
        for name, value in self._fault.headers.items():
            if value:
                headers[name] = value
            else:
                del headers[name]
        await self._send({**message, "headers": headers.raw})

    def _damaged(self, body: bytes) -> bytes:
        at = (self._fault.damage_byte if self._fault.damage_byte is not None else -1) - self._sent_bytes
        if not 0 <= at < len(body):
            return body
        return body[:at] + bytes([body[at] ^ 0xFF]) + body[at + 1 :]

    async def _cut(self) -> None:
        """Close the connection as a network does: without a word. ASGI has no way to say this, uvicorn's cycle has."""
        self._is_over = True
        await asyncio.sleep(0.05)  # what was sent before is on its way first
        cycle: Any = getattr(self._connection, "__self__", None)
        close: Callable[[], None] = cycle.transport.close
        close()
        await asyncio.sleep(0.05)


async def _read_to_the_end(receive: Receive) -> None:
    """A client that is still sending would see a broken connection instead of the answer."""
    while (await receive()).get("more_body"):
        pass


async def _swallow(message: Message) -> None:
    """The answer that the client never gets."""
