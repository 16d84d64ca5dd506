"""The binary formats of Xet, byte by byte, and the choice between git and LFS."""

import hashlib
import io
import struct
from pathlib import Path

import lz4.frame
import pytest

from hubkit.localhub import xet
from hubkit.localhub.attributes import DEFAULT_ATTRIBUTES, is_binary, upload_mode

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
    file = io.BytesIO(XORB)

    assert [xet.unpack(chunk, file) for chunk in list(xet.read_chunks(file))] == RAW


@pytest.mark.parametrize("damage", [XORB[:-1], b"\1" + XORB[1:], XORB + b"\0", XORB[:4] + b"\7" + XORB[5:]])
def test_a_damaged_xorb_is_noticed(damage: bytes):
    with pytest.raises(xet.MalformedXetError):
        list(xet.read_chunks(io.BytesIO(damage)))


@pytest.mark.parametrize("verified", [True, False])
def test_a_shard_says_which_chunks_make_the_file(tmp_path: Path, verified: bool):
    (tmp_path / "xorb").write_bytes(XORB)
    content = RAW[1] + RAW[2] + RAW[0]
    terms = [(len(RAW[1] + RAW[2]), 1, 3), (len(RAW[0]), 0, 1)]

    [file] = xet.read_shard(shard(content, terms, verified=verified))

    assert file.sha256 == hashlib.sha256(content).hexdigest()
    assert {term.xorb for term in file.terms} == {"11" * 32}
    assert b"".join(xet.join(file, lambda _: tmp_path / "xorb")) == content


def test_a_term_of_the_wrong_length_and_a_missing_xorb_are_noticed(tmp_path: Path):
    (tmp_path / "xorb").write_bytes(XORB)
    [file] = xet.read_shard(shard(b"", [(1, 0, 2)], verified=False))

    with pytest.raises(xet.MalformedXetError, match="wrong length"):
        list(xet.join(file, lambda _: tmp_path / "xorb"))
    with pytest.raises(xet.MalformedXetError, match="is not here"):
        list(xet.join(file, lambda _: tmp_path / "none"))


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
