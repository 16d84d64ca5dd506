"""Files by their hashes, as git and the Hub name them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    pass

Content = bytes | Path

MANAGED: Final = frozenset({".gitattributes"})
"""Files the Hub writes itself; a release neither brings nor removes them."""


@dataclass(frozen=True)
class RemoteFile:
    """A file as the Hub lists it: its git blob sha1, or its sha256 where the Hub keeps it outside git (LFS)."""

    size: int
    git_sha1: str
    sha256: str | None

    def is_same(self, other: "RemoteFile") -> bool:
        """Whether two files of a repo have the same content. A large file's blob is its pointer, which names it."""
        return self.git_sha1 == other.git_sha1

    def holds(self, content: Content, sha256: str | None = None) -> bool:
        """Whether the Hub's file is this content, by size and hash; `sha256` is the content's, where it is known."""
        if self.size != (content.stat().st_size if isinstance(content, Path) else len(content)):
            return False
        if self.sha256:
            return self.sha256 == (sha256 or hashed(content, "sha256"))
        return self.git_sha1 == git_blob(content)


def hashed(content: Content, algorithm: str, prefix: bytes = b"") -> str:
    """The hash of bytes or of a file, in hexadecimal, with `prefix` before the content."""
    digest = hashlib.new(algorithm, prefix, usedforsecurity=False)
    if isinstance(content, bytes):
        digest.update(content)
        return digest.hexdigest()
    with content.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def git_blob(content: Content) -> str:
    """The sha1 git gives a file's content."""
    size = content.stat().st_size if isinstance(content, Path) else len(content)
    return hashed(content, "sha1", b"blob %d\0" % size)


def same_files(wanted: Mapping[str, RemoteFile], there: Mapping[str, RemoteFile]) -> bool:
    """Whether two trees hold the same files, but for those that the Hub writes itself."""
    paths = (wanted.keys() | there.keys()) - MANAGED
    return all(path in wanted and path in there and wanted[path].is_same(there[path]) for path in paths)
