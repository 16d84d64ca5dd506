"""Xorbs as they are kept: unpacked, so that any run of chunks is a run of bytes in a file, with an index at the end.

    chunk, chunk, …, where each chunk ends (u32 little-endian each), how many there are (u32), MAGIC

A large file that came through Xet is not written again, but refers to spans of these; and so do all later files that
hold the same chunks.
"""

import os
import struct
from array import array
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from hubkit.localhub import xet
from hubkit.localhub.durable import Sink
from hubkit.localhub.large import Span

_MAGIC = b"xorb-v1\n"
_END_BYTES = 4
_TAIL = struct.Struct(f"<I{len(_MAGIC)}s")


def unpack(source: BinaryIO, digest: str, sink: Sink) -> None:
    """Write an uploaded xorb into the sink as it is to be kept, if it is the one that `digest` names."""
    chunks: list[xet.Node] = []
    ends = array("I")
    for raw in xet.read_xorb(source):
        sink.write(raw)
        chunks.append(xet.Node.of_chunk(raw))
        ends.append(sink.size)
        if sink.size > xet.LARGEST_XORB_BYTES or len(ends) > xet.MOST_CHUNKS:
            raise xet.MalformedXetError("the xorb is too large")
    found = xet.xorb_hash(chunks)
    if found != digest:
        raise xet.MalformedXetError(f"the xorb's hash is {found}, not {digest}")
    sink.write(struct.pack(f"<{len(ends)}I", *ends) + _TAIL.pack(len(ends), _MAGIC))


def span(path: Path, term: xet.Term) -> Span:
    """Where a term's bytes lie in a kept xorb."""
    try:
        ends = chunk_ends(path)
    except FileNotFoundError as error:
        raise xet.MalformedXetError(f"xorb {term.xorb} is not here") from error
    if not 0 <= term.first_chunk < term.end_chunk <= len(ends):
        raise xet.MalformedXetError(f"xorb {term.xorb} has no chunks {term.first_chunk} to {term.end_chunk}")
    start = ends[term.first_chunk - 1] if term.first_chunk else 0
    size = ends[term.end_chunk - 1] - start
    if size != term.raw_bytes:
        raise xet.MalformedXetError(f"a term of xorb {term.xorb} has the wrong length")
    return Span(path, start, size)


@lru_cache(maxsize=256)
def chunk_ends(path: Path) -> "array[int]":
    """Where each chunk of a kept xorb ends. Xorbs never change, and many terms refer to one."""
    with path.open("rb") as xorb:
        xorb.seek(-_TAIL.size, os.SEEK_END)
        count, magic = _TAIL.unpack(xorb.read())
        if magic != _MAGIC:
            raise xet.MalformedXetError(f"{path.name} is no xorb")
        xorb.seek(-_TAIL.size - count * _END_BYTES, os.SEEK_END)
        return array("I", struct.unpack(f"<{count}I", xorb.read(count * _END_BYTES)))
