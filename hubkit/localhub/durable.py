"""Files that are either wholly there or not there at all, whatever happens to the process or the power.

The order is always the same: write to a temporary file, fsync it, rename it, fsync the folder.
"""

import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

Buffer = bytes | bytearray | memoryview


class Sink:
    """A temporary file that `keep` makes real. Discarded unless kept."""

    def __init__(self, scratch: Path) -> None:
        self.path = scratch / secrets.token_hex(12)
        self.size = 0

    def __enter__(self) -> Self:
        self._file = self.path.open("xb", buffering=0)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()
        self.path.unlink(missing_ok=True)  # `keep` has renamed it away

    def write(self, data: Buffer) -> None:
        rest = memoryview(data)
        self.size += len(rest)
        while rest:
            rest = rest[self._file.write(rest) :]

    def keep(self, target: Path) -> None:
        """Give the file its name; a file already of that name is replaced."""
        os.fsync(self._file.fileno())
        make_folder(target.parent)
        self.path.replace(target)
        sync_folder(target.parent)


class HashingSink(Sink):
    """A sink that knows the SHA-256 of what was written to it."""

    def __init__(self, scratch: Path) -> None:
        super().__init__(scratch)
        self._hash = hashlib.sha256()

    def write(self, data: Buffer) -> None:
        self._hash.update(data)
        super().write(data)

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()


def write_file(target: Path, content: bytes, scratch: Path, *, private: bool = False) -> None:
    """Put `content` at `target` in one step; `private` makes it readable by its owner alone."""
    with Sink(scratch) as sink:
        if private:
            sink.path.chmod(0o600)
        sink.write(content)
        sink.keep(target)


def write_json(target: Path, value: Any, scratch: Path, *, private: bool = False) -> None:
    write_file(target, json.dumps(value, indent=1, ensure_ascii=False).encode(), scratch, private=private)


def make_folder(folder: Path) -> None:
    """`mkdir -p` whose result outlasts a power cut."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def locked(path: Path, *, shared: bool = False) -> Iterator[None]:
    """Hold `path`'s lock, against other threads and other processes alike; a killed holder releases it.

    Any number may share it, none of them together with one who does not share.
    """
    make_folder(path.parent)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)  # belongs to this open file, hence to this thread
        yield
