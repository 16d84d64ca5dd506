"""A client that asks once: huggingface_hub would go on asking a dead server for half a minute."""

import base64
import hashlib
import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any, Self

import httpx2 as httpx

from hubkit.localhub import xet

Stored = tuple[str, int]  # the sha256 and the size of what was uploaded


class Client:
    """The writing half of the protocol, for one user."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self._http = httpx.Client(headers={"authorization": f"Bearer {token}"}, timeout=60)

    def post(self, path: str, value: Any = None, **options: Any) -> Any:
        """Send JSON, or `content`; raise `HTTPStatusError` when refused, `TransportError` without an answer."""
        answer = self._http.post(path if path.startswith("http") else self.url + path, json=value, **options)
        return answer.raise_for_status().json()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def delete(self, path: str, value: Any = None) -> None:
        self._http.request("DELETE", self.url + path, json=value).raise_for_status()

    def commit(
        self, repo: str, added: Mapping[str, str | Stored], *, removed: Sequence[str] = (), query: str = ""
    ) -> Any:
        """Files are texts, or the hash and size of what was uploaded."""
        lines: list[dict[str, Any]] = [{"key": "header", "value": {"summary": "A commit"}}]
        for path, content in added.items():
            if isinstance(content, str):
                file = {"path": path, "content": base64.b64encode(content.encode()).decode(), "encoding": "base64"}
                lines.append({"key": "file", "value": file})
            else:
                oid, size = content
                lines.append({"key": "lfsFile", "value": {"path": path, "algo": "sha256", "oid": oid, "size": size}})
        lines += [{"key": "deletedFile", "value": {"path": path}} for path in removed]
        return self.post(f"/api/models/{repo}/commit/main{query}", content="\n".join(map(json.dumps, lines)))

    def upload_lfs(self, repo: str, content: bytes) -> Stored:
        item = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content)}
        batch = self.post(f"/{repo}.git/info/lfs/objects/batch", {"operation": "upload", "objects": [item]})
        actions = batch["objects"][0].get("actions")
        if actions:  # it may be there already
            self._http.put(actions["upload"]["href"], content=content).raise_for_status()
            self.post(actions["verify"]["href"], item)
        return item["oid"], item["size"]

    def upload_xet(self, repo: str, content: bytes) -> Stored:
        """As one xorb of one chunk, which is stored as it is."""
        answer = self._http.get(f"{self.url}/api/models/{repo}/xet-write-token/main").raise_for_status().json()
        headers = {"authorization": f"Bearer {answer['accessToken']}"}
        name = xet.xorb_hash([xet.Node.of_chunk(content)])
        size = len(content).to_bytes(3, "little")
        xorb = b"\0" + size + b"\0" + size + content
        digest = hashlib.sha256(content).hexdigest()
        self.post(f"{answer['casUrl']}/v1/xorbs/default/{name}", content=xorb, headers=headers)
        self.post(f"{answer['casUrl']}/v1/shards", content=_shard(name, digest, len(content)), headers=headers)
        return digest, len(content)


def _shard(xorb: str, sha256: str, size: int) -> bytes:
    """One file of one term."""
    head = bytes(32) + struct.pack("<IIQ", 1 << 30, 1, 0)
    term = _words(xorb) + struct.pack("<IIII", 0, size, 0, 1)
    return bytes(48) + head + term + _words(sha256) + bytes(16) + b"\xff" * 32 + bytes(16)


def _words(text: str) -> bytes:
    return b"".join(bytes.fromhex(text[at : at + 16])[::-1] for at in range(0, 64, 16))
