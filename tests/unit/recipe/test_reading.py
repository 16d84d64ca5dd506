"""Files that are no recipe at all, and files made to be expensive: one fault each, at once."""

import time
from pathlib import Path

import pytest

from hubkit.recipe import check


def only_fault(path: Path):
    began = time.perf_counter()
    (fault,) = check(path)
    assert time.perf_counter() - began < 1
    return fault


def test_a_missing_file_suggests_its_neighbour(write, tmp_path):
    write()

    fault = only_fault(tmp_path / "cast.toml")

    assert ("HK201", f"did you mean {tmp_path / 'cats.toml'}?") == (fault.code, fault.help)


def test_a_folder_is_no_recipe(write, tmp_path):
    write()

    fault = only_fault(tmp_path)

    assert ("HK201", "is a folder, not a recipe") == (fault.code, fault.message)
    assert "cats.toml" in fault.help


def test_a_device_is_no_recipe():
    assert "is not a regular file" == only_fault(Path("/dev/zero")).message


@pytest.mark.parametrize(
    ("content", "code", "place"),
    [
        (b"", "HK202", ""),
        (b" \n\n", "HK202", ""),
        (b"\xef\xbb\xbfname = 'x'\n", "HK202", ":1"),
        (b"\n\nname = '\xe9'\n", "HK202", ":3"),
        (b"name = 'x'\n[data\n", "HK204", ":2:6"),
        (b"name = 'x'\nname = 'y'\n", "HK204", ":2:11"),
        (b"name = 'x'\n[data]\n[data]\n", "HK204", ":3:6"),
        (b"name = 'x'\r\n\r\n[data\r\n", "HK204", ":3:6"),
        (b'name = """x\n', "HK204", ":1"),
        (b"#" * 70_000, "HK203", ""),
        (b"#" * 9_000, "HK203", ":1"),
        (b"name = 1" + b"0" * 8_000, "HK203", ""),
        ((b"x" + b".a" * 4_000 + b" = 1\n") * 8, "HK203", ":1"),
        (b"\nx = { y = { a" + b".a" * 4_000 + b" = 1 } }\n", "HK203", ":2"),
        (b"x = [\n\n{ a" + b".'a'" * 1_900 + b" = 1 }]\n", "HK203", ":3"),
        (b"[a" + b' . "a"' * 1_300 + b"]\n", "HK203", ":1"),
        (b"x = " + b"[\n" * 30_000, "HK203", ":18"),
        (b"x = " + b"{a=" * 2_000, "HK203", ":1"),
        (b'x = """' + b'\\"""\n' * 10_000, "HK204", ":10000"),
    ],
)
def test_a_damaged_or_hostile_file_has_one_fault_with_its_place(tmp_path, content, code, place):
    path = tmp_path / "bad.toml"
    path.write_bytes(content)

    fault = only_fault(path)

    assert (code, f"{path}{place}") == (fault.code, fault.where)


def test_dots_in_text_are_no_keys(write):
    path = write(('"a dog"', '"a.b.c.d.e.f.g.h.i.j.k.l = 1"'))

    assert check(path) == ()


def test_the_line_ends_of_windows_change_no_place(write):
    path = write(('["a cat", "a dog"]', '[\n "a cat",\n "a dog", # "c"\n 3,\n]'))
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))

    assert f"{path}:23" == only_fault(path).where
