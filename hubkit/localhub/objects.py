"""Git's objects, as bytes: blobs, trees, commits, tags, and the LFS pointer that stands in a tree for a large file.

Ids are git's own (SHA-1 over `kind size NUL content`), since clients recompute them: `preupload` compares blob ids to
find out what changed, and `verify_repo_checksums` checks what was downloaded.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

ObjectKind = Literal["blob", "tree", "commit", "tag"]

FILE_MODE = "100644"
FOLDER_MODE = "40000"
POINTER_LIMIT_BYTES = 1024  # git-lfs reads no pointer larger than this


def object_id(kind: ObjectKind, content: bytes) -> str:
    """The name git gives to `content`."""
    return hashlib.sha1(b"%s %d\0" % (kind.encode(), len(content)) + content, usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class TreeEntry:
    """One line of one folder."""

    mode: str
    name: str
    oid: str

    @property
    def is_folder(self) -> bool:
        return self.mode == FOLDER_MODE

    @property
    def sort_key(self) -> bytes:
        """Git sorts a folder as if its name ended in a slash."""
        return self.name.encode() + (b"/" if self.is_folder else b"")


def encode_tree(entries: Iterable[TreeEntry]) -> bytes:
    ordered = sorted(entries, key=lambda entry: entry.sort_key)
    return b"".join(b"%s %s\0%s" % (e.mode.encode(), e.name.encode(), bytes.fromhex(e.oid)) for e in ordered)


def decode_tree(content: bytes) -> Iterator[TreeEntry]:
    start = 0
    while start < len(content):
        end = content.index(b"\0", start)
        mode, name = content[start:end].split(b" ", 1)
        yield TreeEntry(mode.decode(), name.decode(), content[end + 1 : end + 21].hex())
        start = end + 21


@dataclass(frozen=True)
class Commit:
    """A state of a repository, who made it, and from what."""

    tree: str
    parents: tuple[str, ...]
    author: str
    seconds: int  # since the epoch, UTC
    message: str

    @property
    def title(self) -> str:
        return self.message.split("\n", 1)[0]

    @property
    def description(self) -> str:
        return self.message.partition("\n")[2].strip()

    @property
    def date(self) -> str:
        return iso_date(self.seconds)

    def encode(self) -> bytes:
        parents = "".join(f"parent {parent}\n" for parent in self.parents)
        who = _signature(self.author, self.seconds)
        return f"tree {self.tree}\n{parents}author {who}\ncommitter {who}\n\n{self.message}".encode()

    @classmethod
    def decode(cls, content: bytes) -> "Commit":
        head, _, message = content.decode(errors="replace").partition("\n\n")
        fields = [line.split(" ", 1) for line in head.split("\n")]
        values = {key: value for key, value in fields if key != "parent"}
        author = re.fullmatch(r"(.*) <[^>]*> (\d+) [+-]\d{4}", values["author"])
        if author is None:
            raise ValueError(f"no author in commit: {values['author']!r}")
        parents = tuple(value for key, value in fields if key == "parent")
        return cls(values["tree"], parents, author[1], int(author[2]), message)


def encode_tag(commit: str, name: str, author: str, seconds: int, message: str) -> bytes:
    """An annotated tag: an object of its own that names a commit."""
    return f"object {commit}\ntype commit\ntag {name}\ntagger {_signature(author, seconds)}\n\n{message}\n".encode()


def tagged_commit(content: bytes) -> str:
    """The commit that an annotated tag names."""
    return content.split(b"\n", 1)[0].removeprefix(b"object ").decode()


@dataclass(frozen=True)
class Pointer:
    """The text that git keeps in place of a large file."""

    sha256: str
    size: int

    def encode(self) -> bytes:
        return f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.sha256}\nsize {self.size}\n".encode()

    @classmethod
    def decode(cls, content: bytes) -> "Pointer | None":
        """The pointer that `content` is, or None for any other file."""
        if len(content) > POINTER_LIMIT_BYTES:
            return None
        found = re.fullmatch(
            rb"version https://git-lfs\.github\.com/spec/v1\noid sha256:([0-9a-f]{64})\nsize (\d+)\n", content
        )
        return cls(found[1].decode(), int(found[2])) if found else None


def nested_trees(files: Mapping[str, TreeEntry]) -> Iterator[tuple[str, list[TreeEntry]]]:
    """The folders of `files` (full path to entry), deepest first, each with its own files; the root, "", comes last."""
    folders: dict[str, list[TreeEntry]] = {"": []}
    for path, entry in files.items():
        folder = path.rpartition("/")[0]
        folders.setdefault(folder, []).append(entry)
        while folder:
            folder = folder.rpartition("/")[0]
            folders.setdefault(folder, [])
    yield from sorted(folders.items(), key=lambda item: _depth(item[0]), reverse=True)


def iso_date(seconds: float) -> str:
    """The Hub's date format: `2026-01-01T00:00:00.000Z`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _depth(folder: str) -> int:
    return folder.count("/") + 1 if folder else 0


def _signature(author: str, seconds: int) -> str:
    return f"{author} <{author}@localhub.invalid> {seconds} +0000"
