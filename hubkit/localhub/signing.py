"""Short-lived permissions that travel in a URL or as a bearer token: a JSON claim and its HMAC.

LFS uploads are sent without credentials, so the address itself must allow them; Xet gets a token of its own per repo.
"""

import base64
import hmac
import json
import time
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Signer:
    """Signs with the store's secret, so that a permission outlasts a restart of the server."""

    secret: bytes

    def sign(self, claim: dict[str, Any], *, seconds: int) -> str:
        """`claim`, valid for so many seconds, as text that is safe in a URL."""
        payload = base64.urlsafe_b64encode(json.dumps({**claim, "exp": int(time.time()) + seconds}).encode()).decode()
        return f"{payload}.{self._mac(payload)}"

    def read(self, signed: str) -> dict[str, Any] | None:
        """The claim, or None when it was not signed here or has expired."""
        payload, _, mac = signed.partition(".")
        if not hmac.compare_digest(mac.encode(), self._mac(payload).encode()):
            return None
        claim: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload))
        return claim if claim["exp"] > time.time() else None

    def _mac(self, payload: str) -> str:
        return hmac.digest(self.secret, payload.encode(), "sha256").hex()
