"""A real browser without a window, told what to do by the Chrome DevTools Protocol."""

import base64
import itertools
import json
import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
    "--remote-debugging-port=0", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip
"""Nothing but this machine can be reached: a page that loads from elsewhere is seen to."""

CENTRE = """new Promise((found, failed) => {
  let before = '';
  const look = () => {
    const those = [...document.querySelectorAll('button')].filter(one => one.textContent.trim() === %s);
    if (those.length !== 1) return failed(new Error(`${those.length} buttons say so`));
    those[0].scrollIntoView({block: 'center'});
    const box = those[0].getBoundingClientRect();
    const now = JSON.stringify(box);
    if (now === before) return found([box.x + box.width / 2, box.y + box.height / 2]);
    before = now;
    setTimeout(look, 300);
  };
  look();
})"""
"""Where a button is, once it has stopped moving: a page is still being laid out when its first button can be seen."""

COMPLETE = """document.readyState === 'complete' && [...document.images].every(one => {
  one.loading = 'eager';
  return one.complete;
})"""
"""With those pictures too that a person would have to scroll to."""

TOO_WIDE = """[...document.querySelectorAll('body *')].filter(one => {
  const scrolls = one.closest('pre, table');
  return (!scrolls || scrolls === one) && one.getBoundingClientRect().right > document.documentElement.clientWidth + 1;
}).map(one => one.outerHTML.slice(0, 80))"""
"""What sticks out of the window, but for what scrolls by itself."""

UNTIL = "new Promise(done => {const look = () => {%s ? done(true) : setTimeout(look, 100)}; look()})"


class Page:
    """One page. What its scripts wrote to the console as errors is in `errors`, what it asked for in `requests`."""

    def __init__(self, wire: ClientConnection) -> None:
        self.wire = wire
        self.numbers = itertools.count(1)
        self.errors: list[str] = []
        self.requests: list[str] = []
        for domain in ("Page", "Runtime", "Network"):
            self.tell(f"{domain}.enable")

    def tell(self, method: str, *, seconds: float = 60, **parameters: Any) -> dict[str, Any]:
        """Send a command; its answer. What happened meanwhile is noted."""
        number = next(self.numbers)
        self.wire.send(json.dumps({"id": number, "method": method, "params": parameters}))
        until = time.monotonic() + seconds
        while True:
            said = json.loads(self.wire.recv(timeout=max(0.0, until - time.monotonic())))
            if said.get("id") == number:
                if "error" in said:
                    raise RuntimeError(f"{method}: {said['error']['message']}")
                return dict(said["result"])
            self.note(said)

    def note(self, event: dict[str, Any]) -> None:
        """Keep what tests ask for."""
        if event.get("method") == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(event["params"]["exceptionDetails"])[:300])
        elif event.get("method") == "Network.requestWillBeSent":
            self.requests.append(event["params"]["request"]["url"])

    def ask(self, script: str, *, seconds: float = 60) -> Any:
        """The value of an expression, once it is known."""
        done = self.tell(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True, seconds=seconds
        )  # fmt: skip
        if "exceptionDetails" in done:
            raise RuntimeError(done["exceptionDetails"]["exception"].get("description", script))
        return done["result"].get("value")

    def wait(self, condition: str, *, seconds: float = 60) -> None:
        """Until an expression is true. Raises TimeoutError."""
        self.ask(UNTIL % condition, seconds=seconds)

    def open(self, url: str, *, width: int, height: int = 900) -> None:
        """Go to a page, in a window of that size."""
        self.resize(width, height)
        self.tell("Page.navigate", url=url)

    def resize(self, width: int, height: int) -> None:
        """Another size of window."""
        self.tell(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )

    def read(self, url: str, *, width: int) -> None:
        """Go to a page and wait until all of it is there."""
        self.open(url, width=width)
        self.wait(f"location.href === {json.dumps(url)} && {COMPLETE}")

    def too_wide(self) -> list[str]:
        """The elements that are wider than the window, as they begin; empty on a page that fits."""
        wide: list[str] = self.ask(TOO_WIDE)
        overflow = self.ask("document.scrollingElement.scrollWidth - document.documentElement.clientWidth")
        return [*wide, *([f"the page, by {overflow} pixels"] if overflow > 0 else [])]

    def click(self, label: str) -> None:
        """Press the one button that says so, with the mouse."""
        x, y = self.ask(CENTRE % json.dumps(label))
        self.tell("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        for kind in ("mousePressed", "mouseReleased"):
            self.tell("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def photograph(self, place: Path, *, width: int) -> None:
        """The whole page, as wide as a window of that width shows it."""
        self.resize(width, 900)
        time.sleep(0.5)  # what depends on the width is laid out anew
        height = self.ask("document.documentElement.scrollHeight")
        self.resize(width, int(height))
        shot = self.tell("Page.captureScreenshot", format="png")
        place.write_bytes(base64.b64decode(shot["data"]))


@contextmanager
def browser(folder: Path) -> Iterator[Page]:
    """A browser of its own, which keeps its things in `folder`."""
    program = shutil.which("chromium") or shutil.which("google-chrome") or ""
    kept = {key: value for key, value in os.environ.items() if "proxy" not in key.lower()}
    with subprocess.Popen(
        [program, *FLAGS, f"--user-data-dir={folder}", "about:blank"],
        env=kept, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        try:
            port = int(appeared(folder / "DevToolsActivePort").splitlines()[0])
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(f"http://127.0.0.1:{port}/json/list") as answer:
                address = next(one for one in json.load(answer) if one["type"] == "page")["webSocketDebuggerUrl"]
            with connect(address, max_size=None, proxy=None) as wire:
                yield Page(wire)
        finally:
            process.terminate()


def appeared(file: Path, seconds: float = 30) -> str:
    """The text of a file that another process is about to write."""
    until = time.monotonic() + seconds
    while not (file.is_file() and (text := file.read_text())):
        if time.monotonic() > until:
            raise TimeoutError(f"{file} did not appear")
        time.sleep(0.05)
    return text
