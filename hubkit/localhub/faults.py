"""Faults on demand, to test what a program does when the Hub or the network fails it. Off unless asked for.

faults = Faults()
with localhub.running(store, faults=faults) as hub:
    faults.add(Fault("POST .*/commit/main", after=True, status=503))   # done, but the answer says otherwise
    faults.add(Fault("GET .*/resolve/.*", cut_after_bytes=1000))       # the connection breaks in the middle
    faults.limit(100, window_seconds=60)                               # requests to the API, as the Hub limits them
"""

import math
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Bucket = Literal["api", "resolvers", "pages"]


@dataclass(frozen=True, eq=False)  # two alike are two: each counts for itself
class Fault:
    """What goes wrong with the requests that match `route`, a pattern for all of `METHOD /path` (no query).

    With a `status`, the request never reaches the Hub, or with `after` its answer never reaches the client. Without
    one, the Hub's own answer is spoilt as the last four fields say. A fault with none of them only delays.
    """

    route: str
    nth: int = 1  # the first request that it hits, counted from when it was added
    times: int = 1  # how many it hits, one after another
    after: bool = False  # a `status` is answered after the request took effect, not in its place
    status: int | None = None
    delay_seconds: float = 0.0
    headers: Mapping[str, str] = field(default_factory=dict)  # these are set, or with "" taken away
    body: bytes | None = None  # this is sent in place of the answer's body: a wrong file, say
    damage_byte: int | None = None  # this byte of the answer's body is flipped
    cut_after_bytes: int | None = None  # of the answer's body; -1 lets not even the headers through


@dataclass(frozen=True)
class Allowance:
    """Where a client stands with one of its budgets: what the `RateLimit` headers say."""

    bucket: Bucket
    requests: int
    window_seconds: int
    left: int  # -1 when there was none left for this request
    reset_seconds: int

    @property
    def headers(self) -> dict[str, str]:
        return {
            "RateLimit": f'"{self.bucket}";r={max(self.left, 0)};t={self.reset_seconds}',
            "RateLimit-Policy": f'"fixed window";"{self.bucket}";q={self.requests};w={self.window_seconds}',
        }


@dataclass
class _Budget:
    """Requests of one kind, counted in windows of a fixed length."""

    requests: int
    window_seconds: int
    began: float
    spent: int = 0

    def spend(self, bucket: Bucket, now: float) -> Allowance:
        windows = int((now - self.began) // self.window_seconds)
        if windows:
            self.began += windows * self.window_seconds
            self.spent = 0
        self.spent += 1
        left = max(self.requests - self.spent, -1)
        reset = math.ceil(self.began + self.window_seconds - now)
        return Allowance(bucket, self.requests, self.window_seconds, left, reset)


class Faults:
    """The faults of a server; they may be added while it runs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[Fault, int] = {}
        self._budgets: dict[Bucket, _Budget] = {}
        self.requests: list[str] = []  # every request so far, as `METHOD /path`

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._seen[fault] = 0

    def limit(self, requests: int, *, window_seconds: int = 300, bucket: Bucket = "api") -> None:
        """Allow so many requests in each window, which begins now; what is more is answered with 429.

        The buckets are the Hub's: "api", "resolvers" (the downloads of files) and "pages".
        """
        with self._lock:
            self._budgets[bucket] = _Budget(requests, window_seconds, time.monotonic())

    def clear(self) -> None:
        with self._lock:
            self._seen.clear()
            self._budgets.clear()

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

    def count(self, fault: Fault) -> int:
        """How many requests have matched a fault so far, hit or not."""
        with self._lock:
            return self._seen[fault]

    def spend(self, path: str) -> Allowance | None:
        """Count a request against its budget; None when it has none."""
        bucket = _bucket(path)
        with self._lock:
            budget = self._budgets.get(bucket)
            return budget.spend(bucket, time.monotonic()) if budget else None


def _bucket(path: str) -> Bucket:
    if path.startswith("/api/"):
        return "api"
    return "resolvers" if "/resolve/" in path else "pages"
