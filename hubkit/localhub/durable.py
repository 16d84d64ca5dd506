"""Files that are either wholly there or not there at all, whatever happens to the process or the power.

The order is always the same: write to a temporary file, fsync it, rename it, fsync the folder.
"""

import fcntl
import hashlib
import io
import itertools
import json
import os
import secrets
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

Buffer = bytes | bytearray | memoryview

PIECE_BYTES = 1024 * 1024
_RUN_BYTES = 8 * 1024 * 1024


class Sink:
    """A temporary file that `keep` makes real. Discarded unless kept."""

    def __init__(self, scratch: Path) -> None:
        self.path = scratch / secrets.token_hex(12)
        self.size = 0
        self._begun = 0  # so many bytes are on their way to the disk

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
        if self.size - self._begun >= _RUN_BYTES:
            self._begin_writing()

    def keep(self, target: Path) -> None:
        """Give the file its name; a file already of that name is replaced."""
        os.fsync(self._file.fileno())
        make_folder(target.parent)
        self.path.replace(target)
        sync_folder(target.parent)

    def _begin_writing(self) -> None:
        """Let the disk begin, so that the fsync of a large file finds little left to do.

        Of a page that is not written yet, Linux takes "not needed" as "write it now", and keeps it.
        """
        if hasattr(os, "posix_fadvise"):
            run = self.size - self._begun
            os.posix_fadvise(self._file.fileno(), self._begun, run, os.POSIX_FADV_DONTNEED)
        self._begun = self.size


class HashingSink(Sink):
    """A sink that knows the SHA-256 of what was copied into it."""

    def __init__(self, scratch: Path) -> None:
        super().__init__(scratch)
        self._hash = hashlib.sha256()

    def copy(self, source: io.RawIOBase, most_bytes: int) -> None:
        """Write what the source gives, and hash it at the same time: one piece is hashed while the next one comes.

        Stops soon after `most_bytes`.
        """
        buffers = itertools.cycle(memoryview(bytearray(PIECE_BYTES)) for _ in range(2))
        with ThreadPoolExecutor(1) as hasher:
            hashed: Future[None] | None = None
            while self.size <= most_bytes and (piece := _filled(next(buffers), source)):
                if hashed:
                    hashed.result()  # it was of the other buffer, which is filled next
                hashed = hasher.submit(self._hash.update, piece)
                self.write(piece)

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()


def _filled(buffer: memoryview, source: io.RawIOBase) -> memoryview:
    """As much of the buffer as the source had for it."""
    count = 0
    while count < len(buffer) and (more := source.readinto(buffer[count:])):
        count += more
    return buffer[:count]


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
