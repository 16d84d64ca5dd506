"""Large bodies, read in a thread that may block, and straight from the socket where that can be had.

Through uvicorn and h11 every byte is copied six times on its way to a route, which costs more than to hash it and to
write it to disk together. So a large body of known length is taken over: uvicorn stops reading the connection, a
thread receives what is left of the body, and the answer goes through uvicorn again, which then closes the connection.
Whatever else arrives (small bodies, chunked ones, TLS, another server) is read the ordinary way.
"""

import asyncio
import contextlib
import io
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from uvicorn.protocols.http.flow_control import CLOSE_HEADER
from uvicorn.protocols.http.h11_impl import RequestResponseCycle

from hubkit.localhub.call import DRAIN_BYTES, Call, Endpoint
from hubkit.localhub.durable import PIECE_BYTES
from hubkit.localhub.errors import HubError

_WORTH_A_CONNECTION_BYTES = 1024 * 1024
_IDLE_SECONDS = 60.0
_READERS = ThreadPoolExecutor(32, thread_name_prefix="intake")


def reading(handler: "Callable[[Call, Body], Response]") -> Endpoint:
    """A route that runs in a thread and reads its body there."""

    async def endpoint(request: Request) -> Response:
        body = await take(request)
        call = Call(request.app.state.hub, request)
        try:
            return await asyncio.get_running_loop().run_in_executor(_READERS, _handled, handler, call, body)
        finally:
            body.close()

    return endpoint


def _handled(handler: "Callable[[Call, Body], Response]", call: Call, body: "Body") -> Response:
    try:
        return handler(call, body)
    finally:
        # A client that is still sending would see a broken connection and never read why it was refused.
        with contextlib.suppress(ClientDisconnect, HubError, ValueError):
            body.drain()


class Body(io.RawIOBase):
    """A request's body, as a file to read once. A client that goes away raises `ClientDisconnect`."""

    def __init__(self, first: bytes) -> None:
        self._held = memoryview(first)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]
        if not self._held:
            return self.receive(memoryview(buffer))
        count = min(len(buffer), len(self._held))
        buffer[:count] = self._held[:count]
        self._held = self._held[count:]
        return count

    def receive(self, buffer: memoryview) -> int:
        """Fill the buffer's beginning with what comes next; 0 at the end."""
        raise NotImplementedError

    def drain(self) -> None:
        """Read to the end and forget, unless that is very far."""
        buffer, left = bytearray(PIECE_BYTES), DRAIN_BYTES
        while left > 0 and (count := self.readinto(buffer)):
            left -= count


class RelayedBody(Body):
    """A body that arrives through ASGI."""

    def __init__(self, first: bytes, request: Request, *, more: bool) -> None:
        super().__init__(first)
        self._loop = asyncio.get_running_loop()
        self._request = request
        self._more = more

    def receive(self, buffer: memoryview) -> int:
        while self._more:
            message = asyncio.run_coroutine_threadsafe(_message(self._request), self._loop).result()
            self._held, self._more = memoryview(message[0]), message[1]
            if self._held:
                return self.readinto(buffer)
        return 0


class TakenBody(Body):
    """A body that is received from its socket."""

    def __init__(self, cycle: RequestResponseCycle, first: bytes, length: int) -> None:
        cycle.flow.pause_reading()
        first += bytes(cycle.body)
        super().__init__(first)
        self._cycle = cycle
        self._left = length - len(first)
        self._socket: socket.socket = cycle.transport.get_extra_info("socket").dup()
        self._socket.settimeout(_IDLE_SECONDS)
        cycle.scope["headers"].append(CLOSE_HEADER)  # type: ignore[attr-defined]  # as if the client had asked for it

    def receive(self, buffer: memoryview) -> int:
        if not self._left:
            return 0
        try:
            count = self._socket.recv_into(buffer, min(len(buffer), self._left))
        except TimeoutError as error:
            raise HubError(408, f"Nothing came for {_IDLE_SECONDS:.0f} seconds") from error
        except OSError as error:
            raise ClientDisconnect from error
        if not count:
            raise ClientDisconnect
        self._left -= count
        return count

    def close(self) -> None:
        """In the event loop: tell uvicorn that the body has ended. A thread that still reads is woken."""
        if not self.closed:
            with contextlib.suppress(OSError):
                if self._left:
                    self._socket.shutdown(socket.SHUT_RD)
            self._socket.close()
            self._cycle.body = bytearray()
            self._cycle.more_body = False
            self._cycle.message_event.set()
        super().close()


async def take(request: Request) -> Body:
    """The body in the best way there is; its first bytes have come through ASGI in any case."""
    first, more = await _message(request)
    cycle = getattr(request.receive, "__self__", None)
    length = int(request.headers.get("content-length", 0))
    if more and length >= _WORTH_A_CONNECTION_BYTES and isinstance(cycle, RequestResponseCycle) and _is_bare(cycle):
        return TakenBody(cycle, first, length)
    return RelayedBody(first, request, more=more)


def _is_bare(cycle: RequestResponseCycle) -> bool:
    """Nothing stands between the socket and the body: no TLS, no rest in the parser."""
    return cycle.transport.get_extra_info("sslcontext") is None and not cycle.conn.trailing_data[0]


async def _message(request: Request) -> tuple[bytes, bool]:
    message = await request.receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    return message.get("body", b""), message.get("more_body", False)
