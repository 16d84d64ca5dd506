"""The two binary formats of a Xet upload, read: xorbs (compressed chunks) and shards (which chunks make which file).

A file arrives as xorbs first and then a shard that lists its terms. It is joined, its SHA-256 is compared with the one
in the shard, and from then on it is an ordinary large file; so the BLAKE3 hashes that name xorbs need no checking here.
Integers are little-endian throughout.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

import lz4.frame

LARGEST_XORB_BYTES = 80 * 1024 * 1024  # 64 MiB of chunks, and room for their headers
LARGEST_CHUNK_BYTES = 128 * 1024
LARGEST_SHARD_BYTES = 64 * 1024 * 1024

_CHUNK_HEADER_BYTES = 8
_RECORD_BYTES = 48
_BOOKEND = b"\xff" * 32
_HAS_VERIFICATION = 1 << 31
_HAS_SHA256 = 1 << 30
_STORED, _LZ4, _GROUPED_LZ4 = range(3)


class MalformedXetError(ValueError):
    """The bytes are no xorb or shard, or refer to what is not there."""


@dataclass(frozen=True)
class Chunk:
    """One chunk of a xorb: where its payload lies and how it is packed."""

    start: int
    packed_bytes: int
    scheme: int
    raw_bytes: int


@dataclass(frozen=True)
class Term:
    """A run of chunks of one xorb."""

    xorb: str
    raw_bytes: int
    first_chunk: int
    end_chunk: int  # exclusive


@dataclass(frozen=True)
class File:
    """A file as a shard describes it."""

    sha256: str
    terms: tuple[Term, ...]


@lru_cache(maxsize=16)
def chunk_index(path: Path) -> tuple[Chunk, ...]:
    """The chunks of a stored xorb, which never changes; many terms may refer to one xorb."""
    with path.open("rb") as xorb:
        return tuple(read_chunks(xorb))


def read_chunks(xorb: BinaryIO) -> Iterator[Chunk]:
    """The chunks of a xorb, by their headers alone: version u8, packed length u24, scheme u8, raw length u24."""
    size = xorb.seek(0, 2)
    at = 0
    while at < size:
        xorb.seek(at)
        header = xorb.read(_CHUNK_HEADER_BYTES)
        if len(header) < _CHUNK_HEADER_BYTES or header[0] != 0:
            raise MalformedXetError(f"no chunk header at byte {at}")
        chunk = Chunk(
            start=at + _CHUNK_HEADER_BYTES,
            packed_bytes=int.from_bytes(header[1:4], "little"),
            scheme=header[4],
            raw_bytes=int.from_bytes(header[5:8], "little"),
        )
        at = chunk.start + chunk.packed_bytes
        if at > size or chunk.raw_bytes > LARGEST_CHUNK_BYTES or chunk.scheme > _GROUPED_LZ4:
            raise MalformedXetError(f"impossible chunk at byte {chunk.start}")
        yield chunk


def unpack(chunk: Chunk, xorb: BinaryIO) -> bytes:
    """The raw bytes of a chunk."""
    xorb.seek(chunk.start)
    packed = xorb.read(chunk.packed_bytes)
    raw = packed if chunk.scheme == _STORED else _decompress(packed)
    if len(raw) != chunk.raw_bytes:
        raise MalformedXetError(f"chunk at byte {chunk.start} has {len(raw)} bytes, its header says {chunk.raw_bytes}")
    return ungroup(raw) if chunk.scheme == _GROUPED_LZ4 else raw


def ungroup(grouped: bytes) -> bytes:
    """Undo byte grouping: the buffer holds every 4th byte from offset 0, then from offset 1, 2 and 3."""
    raw = bytearray(len(grouped))
    at = 0
    for offset in range(4):
        count = len(range(offset, len(grouped), 4))
        raw[offset::4] = grouped[at : at + count]
        at += count
    return bytes(raw)


def read_shard(shard: bytes) -> Iterator[File]:
    """The files of a shard: a 48-byte header, then blocks of 48-byte records up to the bookend."""
    at = _RECORD_BYTES
    while True:
        header = _record(shard, at)
        if header.startswith(_BOOKEND):
            return
        flags, count = struct.unpack_from("<II", header, 32)
        at += _RECORD_BYTES
        terms = tuple(_term(_record(shard, at + index * _RECORD_BYTES)) for index in range(count))
        at += count * _RECORD_BYTES * (2 if flags & _HAS_VERIFICATION else 1)
        if not flags & _HAS_SHA256:
            raise MalformedXetError("a file without its SHA-256")
        yield File(_hash_text(_record(shard, at)), terms)
        at += _RECORD_BYTES


def join(file: File, xorb_path: Callable[[str], Path]) -> Iterator[bytes]:
    """The file's bytes, chunk by chunk."""
    for term in file.terms:
        path = xorb_path(term.xorb)
        if not path.exists():
            raise MalformedXetError(f"xorb {term.xorb} is not here")
        chunks = chunk_index(path)[term.first_chunk : term.end_chunk]
        if sum(chunk.raw_bytes for chunk in chunks) != term.raw_bytes:
            raise MalformedXetError(f"a term of xorb {term.xorb} has the wrong length")
        with path.open("rb") as xorb:
            for chunk in chunks:
                yield unpack(chunk, xorb)


def _decompress(packed: bytes) -> bytes:
    """One LZ4 frame, of which no more is unpacked than a chunk may hold."""
    decoder = lz4.frame.LZ4FrameDecompressor()
    try:
        raw: bytes = decoder.decompress(packed, max_length=LARGEST_CHUNK_BYTES + 1)
    except RuntimeError as error:
        raise MalformedXetError(f"no LZ4 frame: {error}") from error
    return raw


def _record(shard: bytes, at: int) -> bytes:
    record = shard[at : at + _RECORD_BYTES]
    if len(record) < _RECORD_BYTES:
        raise MalformedXetError("the shard ends too early")
    return record


def _term(record: bytes) -> Term:
    raw_bytes, first, end = struct.unpack_from("<III", record, 36)
    return Term(_hash_text(record), raw_bytes, first, end)


def _hash_text(record: bytes) -> str:
    """A hash is four little-endian words, each printed as a number; this holds for the SHA-256 too."""
    return "".join(f"{word:016x}" for word in struct.unpack_from("<4Q", record))
