"""Ids and layouts are git's own: git itself is the judge."""

import subprocess
from pathlib import Path

import pytest

from hubkit.localhub.objects import Commit, Pointer, TreeEntry, decode_tree, encode_tag, encode_tree, object_id


def git(folder: Path, *arguments: str, stdin: bytes = b"", **environment: str) -> str:
    ran = subprocess.run(
        ["git", "-C", str(folder), *arguments], input=stdin, capture_output=True, check=True, env=environment or None
    )
    return ran.stdout.decode().strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    return tmp_path


@pytest.mark.parametrize("content", [b"", b"hello\n", b"\0\xff" * 1000])
def test_a_blob_has_the_id_that_git_gives_it(repository: Path, content: bytes):
    assert git(repository, "hash-object", "--stdin", stdin=content) == object_id("blob", content)


def test_a_tree_is_sorted_as_git_sorts_it(repository: Path):
    """A folder sorts as if its name ended in a slash: `a.txt` stands before the folder `a`, `a0` after it."""
    blob = git(repository, "hash-object", "-w", "--stdin", stdin=b"x")
    folder = git(repository, "mktree", stdin=f"100644 blob {blob}\tx\n".encode())
    entries = [TreeEntry("40000", "a", folder)] + [
        TreeEntry("100644", name, blob) for name in ("a0", "a.txt", "é", "Z")
    ]
    lines = [f"{e.mode:0>6} {'tree' if e.is_folder else 'blob'} {e.oid}\t{e.name}\0" for e in entries]

    assert git(repository, "mktree", "-z", stdin="".join(lines).encode()) == object_id("tree", encode_tree(entries))


def test_a_tree_reads_back():
    entries = [TreeEntry("100644", "b", "1" * 40), TreeEntry("40000", "é", "2" * 40)]

    assert entries == list(decode_tree(encode_tree(entries)))


def test_a_commit_and_a_tag_have_the_ids_that_git_gives_them(repository: Path):
    tree = git(repository, "mktree")
    who = {"NAME": "alice", "EMAIL": "alice@localhub.invalid", "DATE": "1700000000 +0000"}
    environment = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()}
    made = Commit(tree, (), "alice", 1_700_000_000, "A title\n\nAnd a text.")

    first = git(repository, "commit-tree", tree, stdin=made.message.encode(), **environment)

    assert first == object_id("commit", made.encode())
    git(repository, "tag", "-a", "v1", "-m", "One", first, **environment)
    tag = encode_tag(first, "v1", "alice", 1_700_000_000, "One")
    assert git(repository, "rev-parse", "v1") == object_id("tag", tag)


def test_a_commit_reads_back():
    made = Commit("1" * 40, ("2" * 40, "3" * 40), "alice", 1_700_000_000, "A title\n\nAnd a text.")

    assert made == Commit.decode(made.encode())
    assert made.title == "A title"
    assert made.description == "And a text."
    assert made.date == "2023-11-14T22:13:20.000Z"


@pytest.mark.parametrize("content", [b"", b"version 1\n", b"x" * 2000, Pointer("g" * 64, 1).encode()])
def test_what_is_no_pointer_is_not_taken_for_one(content: bytes):
    assert Pointer.decode(content) is None


def test_a_pointer_reads_back():
    pointer = Pointer("ab" * 32, 12)

    assert pointer == Pointer.decode(pointer.encode())
