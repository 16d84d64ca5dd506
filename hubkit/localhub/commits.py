"""From the lines of a commit request to a commit: the operations, what they do to a tree, and the moving of the ref."""

import base64
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hubkit.localhub import cards
from hubkit.localhub.attributes import LARGEST_REGULAR_BYTES
from hubkit.localhub.errors import HubError, bad_request, revision_not_found
from hubkit.localhub.fields import Fields
from hubkit.localhub.objects import FILE_MODE, Commit, Pointer, TreeEntry
from hubkit.localhub.repository import Repository

README = "README.md"

Files = dict[str, TreeEntry]  # full path to entry


@dataclass(frozen=True)
class Header:
    """The first line: what the commit says of itself, and the head that it was made for."""

    summary: str
    description: str
    parent: str | None

    @classmethod
    def parse(cls, value: Fields) -> "Header":
        if not value.text("summary", "").strip():
            raise bad_request("Missing summary in commit header")
        return cls(value.text("summary"), value.text("description", ""), value.text("parentCommit", "") or None)

    @property
    def message(self) -> str:
        return f"{self.summary}\n\n{self.description}" if self.description else self.summary


@dataclass(frozen=True)
class Put:
    """A file, new or replaced; `oid` is of the blob that stands in the tree."""

    path: str
    oid: str

    def apply(self, files: Files) -> None:
        files[self.path] = TreeEntry(FILE_MODE, self.path.rpartition("/")[2], self.oid)


@dataclass(frozen=True)
class Delete:
    """A file that goes."""

    path: str

    def apply(self, files: Files) -> None:
        if files.pop(self.path, None) is None:
            raise HubError(404, f"A file with this name doesn't exist: {self.path}", "EntryNotFound")


@dataclass(frozen=True)
class DeleteFolder:
    """A folder that goes, with all below it."""

    path: str

    def apply(self, files: Files) -> None:
        below = [path for path in files if path.startswith(self.path + "/")]
        if not below:
            raise HubError(404, f"A folder with this name doesn't exist: {self.path}", "EntryNotFound")
        for path in below:
            del files[path]


Operation = Put | Delete | DeleteFolder


def read_line(line: bytes, repo: Repository) -> Header | Operation:
    """One line of the request. A file's content goes into the object store at once and is not held."""
    item = Fields.parse(line)
    key, value = item.text("key"), item.object("value")
    match key:
        case "header":
            return Header.parse(value)
        case "file":
            return Put(checked_path(value), _store_regular(value, repo))
        case "lfsFile":
            return Put(checked_path(value), _store_pointer(value, repo))
        case "deletedFile":
            return Delete(checked_path(value))
        case "deletedFolder":
            return DeleteFolder(checked_path(value))
        case _:
            raise bad_request(f"Unknown operation: {key!r}")


def checked_path(value: Fields) -> str:
    """The path of an operation, as a path inside a repository."""
    path = value.text("path")
    parts = path.removesuffix("/").split("/")
    odd = any(ord(char) < ord(" ") or "\ud800" <= char <= "\udfff" for char in path)
    if odd or any(part in ("", ".", "..") or part.lower() == ".git" for part in parts):
        raise bad_request(f"Invalid path: {path!r}")
    return path.removesuffix("/")


def commit(repo: Repository, ref: str, header: Header, operations: Sequence[Operation], author: str) -> str:
    """Apply the operations to a ref's head, move the ref and return it. The caller holds the repository's lock."""
    head = repo.ref(ref)
    if head is None:
        raise revision_not_found(ref.removeprefix("refs/heads/"))
    _check_parent(header.parent, head)
    oid = build(repo, head, header.message, operations, author)
    if oid != head:
        repo.move_ref(ref, oid)
    return oid


def build(repo: Repository, parent: str, message: str, operations: Sequence[Operation], author: str) -> str:
    """A commit that no ref names yet: `parent` with the operations applied; `parent` itself when nothing changes."""
    before = repo.files(parent)
    files = dict(before)
    for operation in operations:
        operation.apply(files)
    if files == before:
        return parent
    _check_shape(files)
    _check_card(repo, before, files)
    return write(repo, files, (parent,), message, author)


def write(repo: Repository, files: Mapping[str, TreeEntry], parents: tuple[str, ...], message: str, author: str) -> str:
    made = Commit(repo.write_files(files), parents, author, int(time.time()), message)
    return repo.write_object("commit", made.encode())


def _check_parent(wanted: str | None, head: str) -> None:
    """Compare-and-swap: whoever names a parent commits on that or not at all. A short id will do."""
    if wanted and not head.startswith(wanted.lower()):
        raise HubError(
            412, f"A commit has happened since. Please refresh and try again. (head is {head}, not {wanted})"
        )


def _check_shape(files: Files) -> None:
    """No path may be a file and a folder."""
    for path in files:
        folder = path.rpartition("/")[0]
        while folder:
            if folder in files:
                raise bad_request(f"{folder} is a file, so there can be no {path}")
            folder = folder.rpartition("/")[0]


def _check_card(repo: Repository, before: Mapping[str, TreeEntry], after: Files) -> None:
    """A card that the check refuses is refused here too, for those who did not ask."""
    if README not in after or before.get(README) == after[README]:
        return
    errors, _ = cards.check(repo.read_object(after[README].oid).decode(errors="replace"), repo.kind)
    if errors:
        raise bad_request("Invalid metadata in README.md: " + "; ".join(errors))


def _store_regular(value: Fields, repo: Repository) -> str:
    content = value.text("content", "").encode()
    if value.text("encoding", "utf-8") == "base64":
        try:
            content = base64.b64decode(content, validate=True)
        except ValueError as error:
            raise bad_request(f"The content of {value.text('path')} is not base64") from error
    if len(content) > LARGEST_REGULAR_BYTES:
        raise bad_request(f"{value.text('path')} is larger than 10 MiB: send it as a large file")
    pointer = Pointer.decode(content)
    if pointer:
        return _store_pointer(Fields({**value.values, "oid": pointer.sha256, "size": pointer.size}), repo)
    return repo.write_object("blob", content)


def _store_pointer(value: Fields, repo: Repository) -> str:
    """Put a large file that is here already into the tree. A copy within the repository names no size."""
    sha256 = value.text("oid")
    file = repo.large_file(sha256)
    if file is None:
        raise bad_request(f"LFS pointer pointed to a file that does not exist: {value.text('path')} ({sha256})")
    if value.number("size", file.size) != file.size:
        raise bad_request(f"{value.text('path')} has {file.size} bytes, not {value.number('size')}")
    return repo.write_object("blob", Pointer(sha256, file.size).encode())
