"""A proxy that loses requests, or their answers, when it is told to."""

import contextlib
import http.client
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class Lossy(ThreadingHTTPServer):
    """A proxy before a Hub. `before` and `after` say of a request, `METHOD /path?query`, whether it or its answer is
    lost.
    """

    daemon_threads = True

    def __init__(self, hub_url: str) -> None:
        super().__init__(("127.0.0.1", 0), Forwarding)
        self.hub = urlsplit(hub_url)
        self.before: Callable[[str], bool] = lambda _: False
        self.after: Callable[[str], bool] = lambda _: False
        self.meanwhile: Callable[[], object] = lambda: None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Forwarding(BaseHTTPRequestHandler):
    """Passes each request on, and its answer back, unless the proxy is told to lose it."""

    server: Lossy
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or an answer in two pieces takes 40 ms

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.server.before(f"{self.command} {self.path}"):
            self.close_connection = True
            self.connection.close()
            return
        headers = {name: value for name, value in self.headers.items() if name.lower() != "transfer-encoding"}
        with contextlib.closing(
            http.client.HTTPConnection(self.server.hub.hostname or "", self.server.hub.port or 0)
        ) as onward:
            onward.request(self.command, self.path, body, headers)
            answer = onward.getresponse()
            content = answer.read()
        if self.server.after(f"{self.command} {self.path}"):
            self.server.meanwhile()
            self.close_connection = True
            self.connection.close()
            return
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in {"transfer-encoding", "connection", "content-length"}:
                self.send_header(name, value)
        self.send_header("content-length", answer.getheader("content-length") or str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = forward


@contextlib.contextmanager
def losing(hub_url: str) -> Iterator[Lossy]:
    """A proxy that runs before a Hub, and loses nothing yet."""
    proxy = Lossy(hub_url)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        proxy.server_close()
