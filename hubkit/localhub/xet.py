"""The two binary formats of a Xet upload, read: xorbs (compressed chunks) and shards (which chunks make which file).

A file arrives as xorbs first and then a shard that lists its terms. Hashes are BLAKE3, keyed, and a xorb's is the root
of a tree over those of its chunks (the Xet protocol, "Hashing"). Integers are little-endian throughout.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import lz4.frame
from blake3 import blake3

LARGEST_CHUNK_BYTES = 128 * 1024
LARGEST_XORB_BYTES = 64 * 1024 * 1024  # unpacked
MOST_CHUNKS = 8192  # in a xorb

_CHUNK_HEADER_BYTES = 8
_RECORD_BYTES = 48
_BOOKEND = b"\xff" * 32
_HAS_VERIFICATION = 1 << 31
_HAS_SHA256 = 1 << 30
_STORED, _LZ4, _GROUPED_LZ4 = range(3)

_CHUNK_KEY = bytes.fromhex("6697f5775b9550de3135cbaca597181c9de421109beb2b58b4d0b04b93adf229")
_NODE_KEY = bytes.fromhex("017ec5c7a5472996fd946666b48a02e65ddd536f37c76dd2f86352e64a53713f")
_BRANCHES = 4  # of a node, on average


class MalformedXetError(ValueError):
    """The bytes are no xorb or shard, or refer to what is not there."""


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


@dataclass(frozen=True)
class Node:
    """A chunk, or a subtree over several, in the tree that gives a xorb its name."""

    digest: bytes
    raw_bytes: int

    @classmethod
    def of_chunk(cls, raw: bytes) -> "Node":
        return cls(blake3(raw, key=_CHUNK_KEY).digest(), len(raw))

    @classmethod
    def of_nodes(cls, nodes: "Sequence[Node]") -> "Node":
        lines = "".join(f"{_hash_text(node.digest)} : {node.raw_bytes}\n" for node in nodes)
        return cls(blake3(lines.encode(), key=_NODE_KEY).digest(), sum(node.raw_bytes for node in nodes))

    @property
    def ends_group(self) -> bool:
        """Every fourth hash or so; so that a change in one place regroups its neighbours only."""
        return int.from_bytes(self.digest[24:], "little") % _BRANCHES == 0


def xorb_hash(chunks: Sequence[Node]) -> str:
    """The name of a xorb with these chunks."""
    if not chunks:
        raise MalformedXetError("a xorb without chunks")
    while len(chunks) > 1:
        chunks = [Node.of_nodes(group) for group in _groups(chunks)]
    return _hash_text(chunks[0].digest)


def _groups(nodes: Sequence[Node]) -> Iterator[Sequence[Node]]:
    """Groups of three to nine, of which only the last may be smaller."""
    start = 0
    while start < len(nodes):
        end = min(start + 2 * _BRANCHES + 1, len(nodes))
        cut = next((at + 1 for at in range(start + 2, end) if nodes[at].ends_group), end)
        yield nodes[start:cut]
        start = cut


def read_xorb(xorb: BinaryIO) -> Iterator[bytes]:
    """The raw chunks; each is preceded by: version u8, packed length u24, scheme u8, raw length u24."""
    while header := _exactly(xorb, _CHUNK_HEADER_BYTES):
        packed_bytes, raw_bytes = int.from_bytes(header[1:4], "little"), int.from_bytes(header[5:8], "little")
        version, scheme = header[0], header[4]
        if version != 0 or scheme > _GROUPED_LZ4 or max(raw_bytes, packed_bytes) > LARGEST_CHUNK_BYTES:
            raise MalformedXetError(f"no chunk header: {header.hex()}")
        packed = _exactly(xorb, packed_bytes)
        raw = packed if scheme == _STORED else _decompress(packed, raw_bytes)
        if len(raw) != raw_bytes:
            raise MalformedXetError(f"a chunk has {len(raw)} bytes, its header says {raw_bytes}")
        yield ungroup(raw) if scheme == _GROUPED_LZ4 else raw


def ungroup(grouped: bytes) -> bytes:
    """Undo byte grouping: the buffer holds every 4th byte from offset 0, then from offset 1, 2 and 3."""
    import numpy as np

    quarter, rest = divmod(len(grouped), 4)
    if not quarter:
        return grouped
    starts = [offset * quarter + min(offset, rest) for offset in range(4)]  # the first groups are one longer
    words = np.zeros(quarter, "<u4")
    for start in reversed(starts):
        words <<= 8
        words |= np.frombuffer(grouped, np.uint8, quarter, start)
    return words.tobytes() + bytes(grouped[start + quarter] for start in starts[:rest])


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


def _exactly(source: BinaryIO, count: int) -> bytes:
    """So many bytes, or none at the end."""
    data = source.read(count)
    if data and len(data) < count:
        raise MalformedXetError("the xorb ends too early")
    return data


def _decompress(packed: bytes, raw_bytes: int) -> bytes:
    """One LZ4 frame, of which no more is unpacked than the chunk is said to hold."""
    context = lz4.frame.create_decompression_context()
    try:
        raw, used, ended = lz4.frame.decompress_chunk(context, packed, max_length=raw_bytes)
    except RuntimeError as error:
        raise MalformedXetError(f"no LZ4 frame: {error}") from error
    if not ended or used != len(packed):
        raise MalformedXetError("an LZ4 frame of the wrong length")
    return bytes(raw)


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
