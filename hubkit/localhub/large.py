"""Large files as they lie on disk: whole, or as spans of xorbs that they share with other files.

A whole one is at `objects/<2 digits>/<2 digits>/<sha256>`, where git-lfs itself would keep it; one in spans is a list
of them at `spans/<2 digits>/<2 digits>/<sha256>`.
"""

import contextlib
import hashlib
import io
import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hubkit.localhub.durable import PIECE_BYTES

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Span:
    """A run of bytes in a file."""

    path: Path
    start: int
    size: int

    def cut(self, first: int, last: int) -> "Span":
        """What lies between two offsets, which count from the span's start and may lie outside of it."""
        first, last = max(first, 0), min(last, self.size)
        return Span(self.path, self.start + first, last - first)


@dataclass(frozen=True)
class LargeFile:
    """A large file's content, in order."""

    spans: tuple[Span, ...]

    @property
    def size(self) -> int:
        return sum(span.size for span in self.spans)

    @property
    def sha256(self) -> str:
        """Computed from the content."""
        digest = hashlib.sha256()
        for piece in self.read(range(self.size)):
            digest.update(piece)
        return digest.hexdigest()

    def encode(self) -> bytes:
        """Spans of xorbs, one a line: the xorb, the first byte, how many."""
        return "".join(f"{span.path.name} {span.start} {span.size}\n" for span in self.spans).encode()

    def read(self, wanted: range) -> Iterator[bytes]:
        """The bytes of a range in pieces worth a trip through the network."""
        pieces: list[bytes] = []
        held = 0
        for piece in _read(self._within(wanted)):
            pieces.append(piece)
            held += len(piece)
            if held >= PIECE_BYTES:
                yield b"".join(pieces) if len(pieces) > 1 else piece
                pieces, held = [], 0
        if pieces:
            yield b"".join(pieces)

    def _within(self, wanted: range) -> Iterator[Span]:
        at = 0
        for span in self.spans:
            part = span.cut(wanted.start - at, wanted.stop - at)
            at += span.size
            if part.size > 0:
                yield part


def find(folder: Path, sha256: str, xorbs: Path) -> LargeFile | None:
    """The large file of this hash among those of a repository."""
    if not _SHA256.fullmatch(sha256):
        return None
    with contextlib.suppress(FileNotFoundError):
        path = whole_path(folder, sha256)
        return LargeFile((Span(path, 0, path.stat().st_size),))
    with contextlib.suppress(FileNotFoundError):
        lines = spans_path(folder, sha256).read_text().splitlines()
        return LargeFile(tuple(_span(line, xorbs) for line in lines))
    return None


def whole_path(folder: Path, sha256: str) -> Path:
    return folder / "objects" / sha256[:2] / sha256[2:4] / sha256


def spans_path(folder: Path, sha256: str) -> Path:
    return folder / "spans" / sha256[:2] / sha256[2:4] / sha256


def spans_paths(folder: Path) -> Iterator[Path]:
    """Those of all large files in spans."""
    return folder.glob("spans/*/*/*")


def xorb_path(xorbs: Path, digest: str) -> Path:
    return xorbs / digest[:2] / digest


def joined(spans: Iterable[Span]) -> LargeFile:
    """A large file of these spans; neighbours become one."""
    found: list[Span] = []
    for span in spans:
        last = found[-1] if found else None
        if last and last.path == span.path and last.start + last.size == span.start:
            found[-1] = Span(last.path, last.start, last.size + span.size)
        else:
            found.append(span)
    return LargeFile(tuple(found))


def _span(line: str, xorbs: Path) -> Span:
    digest, start, size = line.split(" ")
    return Span(xorb_path(xorbs, digest), int(start), int(size))


def _read(spans: Iterable[Span]) -> Iterator[bytes]:
    """Pieces of at most `PIECE_BYTES`; a file stays open while spans of it follow one another."""
    for path, run in itertools.groupby(spans, key=lambda span: span.path):
        with path.open("rb", buffering=0) as file:
            for span in run:
                yield from _read_span(file, span)


def _read_span(file: io.FileIO, span: Span) -> Iterator[bytes]:
    file.seek(span.start)
    left = span.size
    while left:
        piece = file.read(min(left, PIECE_BYTES))
        if not piece:
            raise AssertionError(f"{span.path} is too short")
        left -= len(piece)
        yield piece
