"""The binary formats of Xet, byte by byte, and the choice between git and LFS."""

import hashlib
import io
import struct
from pathlib import Path

import lz4.frame
import pytest

from hubkit.localhub import xet, xorbs
from hubkit.localhub.attributes import DEFAULT_ATTRIBUTES, is_binary, upload_mode
from hubkit.localhub.durable import Sink
from hubkit.localhub.large import joined

RAW = [b"stored", b"lz4 " * 50, bytes(range(256)) + b"odd"]


def grouped(raw: bytes) -> bytes:
    return b"".join(raw[offset::4] for offset in range(4))


def packed_chunk(scheme: int, raw: bytes) -> bytes:
    payload = [raw, lz4.frame.compress(raw), lz4.frame.compress(grouped(raw))][scheme]
    return b"\0" + len(payload).to_bytes(3, "little") + bytes([scheme]) + len(raw).to_bytes(3, "little") + payload


XORB = b"".join(packed_chunk(scheme, raw) for scheme, raw in enumerate(RAW))


def words_swapped(digest: bytes) -> bytes:
    return b"".join(digest[start : start + 8][::-1] for start in range(0, 32, 8))


def shard(content: bytes, terms: list[tuple[int, int, int]], *, verified: bool) -> bytes:
    flags = 1 << 30 | (1 << 31 if verified else 0)
    head = b"f" * 32 + struct.pack("<IIQ", flags, len(terms), 0)
    entries = b"".join(b"\x11" * 32 + struct.pack("<IIII", 0, *term) for term in terms)
    extra = b"v" * 48 * len(terms) if verified else b""
    digest = words_swapped(hashlib.sha256(content).digest()) + bytes(16)
    return bytes(48) + head + entries + extra + digest + b"\xff" * 32 + bytes(16)


@pytest.mark.parametrize("size", range(10))
def test_byte_grouping_is_undone(size: int):
    raw = bytes(range(size))

    assert xet.ungroup(grouped(raw)) == raw


def test_chunks_unpack_in_every_scheme():
    assert list(xet.read_xorb(io.BytesIO(XORB))) == RAW


@pytest.mark.parametrize(
    "damage",
    [
        XORB[:-1],
        b"\1" + XORB[1:],
        XORB + b"\0",
        XORB[:4] + b"\7" + XORB[5:],
        packed_chunk(1, bytes(1000))[:5] + b"\1\0\0" + packed_chunk(1, bytes(1000))[8:],
        packed_chunk(1, bytes(200_000)),
    ],
)
def test_a_damaged_xorb_is_noticed(damage: bytes):
    with pytest.raises(xet.MalformedXetError):
        list(xet.read_xorb(io.BytesIO(damage)))


def test_a_xorb_is_the_one_that_its_name_says(tmp_path: Path):
    """Name and chunks are those that hf_xet 1.8 gave to this content."""
    content = io.BytesIO(hashlib.shake_128(b"xorb").digest(1_500_000))
    sizes = [
        28966, 81433, 131072, 28166, 10322, 103539, 67535, 106675, 27883, 36193, 125716, 60146, 11752, 22433, 36625,
        19160, 34619, 91617, 26327, 30338, 117136, 68471, 10946, 24204, 51193, 32732, 8999, 105802,
    ]  # fmt: skip

    name = xet.xorb_hash([xet.Node.of_chunk(content.read(size)) for size in sizes])

    assert name == "7f2ebeabb7c8c9f9c18ecc476eefd303a74b4b1b6297227708123555e7b0a9fb"
    with Sink(tmp_path) as sink, pytest.raises(xet.MalformedXetError, match="hash is"):
        xorbs.unpack(io.BytesIO(XORB), "11" * 32, sink)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A xorb as it is kept."""
    path = tmp_path / "xorb"
    with Sink(tmp_path) as sink:
        xorbs.unpack(io.BytesIO(XORB), xet.xorb_hash([xet.Node.of_chunk(raw) for raw in RAW]), sink)
        sink.keep(path)
    return path


@pytest.mark.parametrize("verified", [True, False])
def test_a_shard_says_which_chunks_make_the_file(kept: Path, verified: bool):
    content = RAW[1] + RAW[2] + RAW[0]
    terms = [(len(RAW[1]), 1, 2), (len(RAW[2]), 2, 3), (len(RAW[0]), 0, 1)]

    [file] = xet.read_shard(shard(content, terms, verified=verified))
    large = joined(xorbs.span(kept, term) for term in file.terms)

    assert file.sha256 == large.sha256 == hashlib.sha256(content).hexdigest()
    assert {term.xorb for term in file.terms} == {"11" * 32}
    assert len(large.spans) == 2, "neighbours are one"
    for wanted in (range(len(content)), range(1, 5), range(300, 462), range(len(content) - 1, len(content))):
        assert b"".join(large.read(wanted)) == content[wanted.start : wanted.stop]


def test_a_term_that_is_not_there_is_noticed(kept: Path):
    def place(path: Path, *term: int) -> None:
        [file] = xet.read_shard(shard(b"", [term], verified=False))
        xorbs.span(path, file.terms[0])

    with pytest.raises(xet.MalformedXetError, match="wrong length"):
        place(kept, 1, 0, 2)
    with pytest.raises(xet.MalformedXetError, match="no chunks"):
        place(kept, 1, 2, 4)
    with pytest.raises(xet.MalformedXetError, match="is not here"):
        place(kept.with_name("none"), 1, 0, 2)


def test_a_shard_that_ends_too_early_is_noticed():
    with pytest.raises(xet.MalformedXetError):
        list(xet.read_shard(shard(b"", [(1, 0, 2)], verified=True)[:-60]))


@pytest.mark.parametrize(
    ("path", "size", "sample", "mode"),
    [
        ("a.txt", 5, b"hello", "regular"),
        ("a.txt", 0, b"", "regular"),
        ("a.safetensors", 0, b"", "regular"),
        ("a.safetensors", 5, b"hello", "lfs"),
        ("deep/a.safetensors", 5, b"hello", "lfs"),
        ("a.png", 5, b"\x89PNG\0", "lfs"),
        ("a.txt", 11 * 1024**2, b"hello", "lfs"),
        ("saved_model/x/y.txt", 5, b"hello", "lfs"),
        ("saved_model/y.txt", 5, b"hello", "lfs"),
        ("other/y.txt", 5, b"hello", "regular"),
        ("runs/events.out.tfevents.1", 5, b"hello", "lfs"),
    ],
)
def test_which_way_a_file_goes(path: str, size: int, sample: bytes, mode: str):
    assert upload_mode(path, size, sample, DEFAULT_ATTRIBUTES) == mode


def test_the_last_rule_wins():
    attributes = "*.bin filter=lfs\nsmall/*.bin -filter\n"

    assert upload_mode("a.bin", 5, b"hello", attributes) == "lfs"
    assert upload_mode("small/a.bin", 5, b"hello", attributes) == "regular"


def test_a_character_cut_off_at_the_end_of_the_sample_is_text():
    sample = ("é" * 300).encode()[:511] + b"\xc3"

    assert not is_binary(sample)
    assert is_binary(b"\xff\xfe" + sample)
