"""One repository on disk: a bare git repository, with git's loose objects, refs and LFS folder, and the Hub's settings.

`git --git-dir <folder> log` works on it, and `git fsck` finds nothing to complain about. Objects are never changed; a
ref is replaced by one rename, while its repository is locked.
"""

import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, cast

from hubkit.localhub import large
from hubkit.localhub.durable import HashingSink, make_folder, sync_folder, write_file, write_json
from hubkit.localhub.errors import bad_request, conflict, revision_not_found
from hubkit.localhub.large import LargeFile
from hubkit.localhub.objects import (
    POINTER_LIMIT_BYTES,
    Commit,
    ObjectKind,
    Pointer,
    TreeEntry,
    decode_tree,
    encode_tree,
    nested_trees,
    object_id,
    tagged_commit,
)

RepoKind = Literal["model", "dataset", "space"]
KINDS: tuple[RepoKind, ...] = ("model", "dataset", "space")
MAIN = "refs/heads/main"

# What git refuses in a name of a branch or tag (git-check-ref-format), and names that would hide another kind of ref.
_BAD_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|(^|/)\.|\.lock(/|$)|^/|[/.]$|^@$|^refs/|^HEAD$")
_SHORTEST_COMMIT = 5


@dataclass(frozen=True)
class Settings:
    """What the Hub knows of a repository beside its content."""

    id: str  # of the repository itself: it stays when the name changes
    created: float  # seconds since the epoch
    private: bool = False
    gated: Literal["auto", "manual", False] = False
    sdk: str | None = None  # of a Space
    publishers: Sequence[Mapping[str, Any]] = ()  # whose jobs may push without a stored token: `oidc`


@dataclass(frozen=True)
class FileInfo:
    """A file as a listing shows it: `oid` is git's, also for a large file, where it is the pointer's."""

    oid: str
    size: int
    lfs: Pointer | None

    @property
    def etag(self) -> str:
        return self.lfs.sha256 if self.lfs else self.oid


@dataclass(frozen=True)
class Repository:
    """A repository at `folder`; temporary files go to `scratch`, which is on the same file system."""

    kind: RepoKind
    id: str
    folder: Path
    scratch: Path
    xorbs: Path  # the store's

    @property
    def namespace(self) -> str:
        return self.id.partition("/")[0]

    @property
    def path(self) -> str:
        """Its place in URLs: models stand at the root, the other kinds under their plural."""
        return self.id if self.kind == "model" else f"{self.kind}s/{self.id}"

    # Settings

    @property
    def exists(self) -> bool:
        return self._settings_file.exists()

    @property
    def settings(self) -> Settings:
        return Settings(**json.loads(self._settings_file.read_text()))

    def change_settings(self, **changes: object) -> None:
        write_json(self._settings_file, asdict(replace(self.settings, **changes)), self.scratch)  # type: ignore[arg-type]

    @property
    def _settings_file(self) -> Path:
        return self.folder / "hub.json"

    # Objects

    def write_object(self, kind: ObjectKind, content: bytes) -> str:
        """Store `content` as git does and return its id."""
        oid = object_id(kind, content)
        target = _object_path(self.folder, oid)
        if not target.exists():
            packed = zlib.compress(b"%s %d\0" % (kind.encode(), len(content)) + content, level=1)
            write_file(target, packed, self.scratch)
        return oid

    def read_object(self, oid: str) -> bytes:
        return read_object(self.folder, oid)[1]

    def read_commit(self, oid: str) -> Commit:
        return Commit.decode(self.read_object(oid))

    def write_files(self, files: Mapping[str, TreeEntry]) -> str:
        """Store the folders that hold `files` and return the root's id."""
        folders: dict[str, list[TreeEntry]] = {}
        root = ""
        for folder, own_files in nested_trees(files):
            entries = own_files + folders.pop(folder, [])
            root = self.write_object("tree", encode_tree(entries))
            parent, _, name = folder.rpartition("/")
            folders.setdefault(parent, []).append(TreeEntry("40000", name, root))
        return root

    # Content

    def files(self, commit: str) -> Mapping[str, TreeEntry]:
        """Every file of a commit by its full path, in git's order."""
        return flat_tree(self.folder, self.read_commit(commit).tree)

    def folders(self, commit: str) -> Mapping[str, str]:
        """Every folder of a commit by its full path, with the id of its tree; the root is ""."""
        return flat_folders(self.folder, self.read_commit(commit).tree)

    def file_info(self, oid: str) -> FileInfo:
        return file_info(self.folder, oid)

    def read_text(self, commit: str, path: str) -> str | None:
        """A small text file of a commit, or None."""
        entry = self.files(commit).get(path)
        return self.read_object(entry.oid).decode(errors="replace") if entry else None

    def history(self, commit: str) -> Iterator[tuple[str, Commit]]:
        """The commits from `commit` back to the first, along first parents."""
        oid: str | None = commit
        while oid:
            found = self.read_commit(oid)
            yield oid, found
            oid = found.parents[0] if found.parents else None

    # Large files

    def large_file(self, sha256: str) -> LargeFile | None:
        return large.find(self._large_files, sha256, self.xorbs)

    def has_large_file(self, sha256: str) -> bool:
        return self.large_file(sha256) is not None

    def keep_large_file(self, sink: HashingSink) -> None:
        """Keep a file of its own."""
        sink.keep(large.whole_path(self._large_files, sink.sha256))

    def share_large_file(self, sha256: str, file: LargeFile) -> None:
        """Keep a file whose content lies in xorbs."""
        write_file(large.spans_path(self._large_files, sha256), file.encode(), self.scratch)

    @property
    def _large_files(self) -> Path:
        return self.folder / "lfs"

    # Refs

    def refs(self, prefix: str) -> dict[str, str]:
        """The refs below `prefix` (`refs/heads/` …) by their short name, each with its commit."""
        root = self.folder / prefix
        names = sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
        found = {name: self.ref(prefix + name) for name in names}
        return {name: commit for name, commit in found.items() if commit}

    def ref(self, name: str) -> str | None:
        """The commit that `refs/heads/main`, `refs/tags/v1` … names."""
        try:
            oid = (self.folder / name).read_text().strip()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return None
        kind, content = read_object(self.folder, oid)
        return tagged_commit(content) if kind == "tag" else oid

    def create_ref(self, name: str, oid: str) -> None:
        check_ref_name(name)
        if self.ref(name):
            raise conflict(f"Reference already exists: {name}")
        self.move_ref(name, oid)

    def move_ref(self, name: str, oid: str) -> None:
        """Point a ref at `oid`, in one step. The caller holds the repository's lock."""
        try:
            write_file(self.folder / name, f"{oid}\n".encode(), self.scratch)
        except (NotADirectoryError, FileExistsError, IsADirectoryError) as error:
            # As in git, `feat` and `feat/x` cannot both be: a ref is a file, and one would be the other's folder.
            raise bad_request(f"Reference name conflicts with an existing one: {name}") from error

    def delete_ref(self, name: str) -> None:
        path = self.folder / name
        path.unlink()
        while path.parent.parent != self.folder / "refs" and not any(path.parent.iterdir()):
            path = path.parent
            path.rmdir()
        sync_folder(path.parent)

    def resolve(self, revision: str) -> str:
        """The commit that a branch, a tag, a full ref, or a commit id (from five digits on) means."""
        if revision.startswith("refs/") and not _BAD_REF.search(revision.removeprefix("refs/")):
            found = self.ref(revision)
        elif _BAD_REF.search(revision) and revision != "HEAD":
            found = None
        else:
            name = "main" if revision == "HEAD" else revision
            found = self.ref(f"refs/heads/{name}") or self.ref(f"refs/tags/{name}") or self._commit(revision)
        if found is None:
            raise revision_not_found(revision)
        return found

    def _commit(self, prefix: str) -> str | None:
        if not re.fullmatch(rf"[0-9a-fA-F]{{{_SHORTEST_COMMIT},40}}", prefix):
            return None
        prefix = prefix.lower()
        folder = self.folder / "objects" / prefix[:2]
        names = [prefix[:2] + path.name for path in folder.glob(f"{prefix[2:]}*")]
        commits = [name for name in names if read_object(self.folder, name)[0] == "commit"]
        return commits[0] if len(commits) == 1 else None


def create(repo: Repository, settings: Settings, first_commit: Commit, files: Mapping[str, bytes]) -> None:
    """Make a repository with one commit, complete before anyone can see it: built aside, then renamed."""
    building = replace(repo, folder=repo.scratch / f"new-{settings.id}")
    for name in ("objects", "refs/heads", "refs/tags"):
        make_folder(building.folder / name)
    write_file(building.folder / "HEAD", f"ref: {MAIN}\n".encode(), repo.scratch)
    write_file(building.folder / "config", b"[core]\n\trepositoryformatversion = 0\n\tbare = true\n", repo.scratch)
    entries = {
        path: TreeEntry("100644", path, building.write_object("blob", content)) for path, content in files.items()
    }
    commit = replace(first_commit, tree=building.write_files(entries))
    building.move_ref(MAIN, building.write_object("commit", commit.encode()))
    write_json(building.folder / "hub.json", asdict(settings), repo.scratch)
    make_folder(repo.folder.parent)
    building.folder.rename(repo.folder)
    sync_folder(repo.folder.parent)


def check_ref_name(ref: str) -> None:
    """Refuse what git refuses; `ref` is a full one."""
    name = ref.split("/", 2)[2]
    if not name or _BAD_REF.search(name):
        raise bad_request(f"Invalid reference name: {name}")


def read_object(folder: Path, oid: str) -> tuple[ObjectKind, bytes]:
    raw = zlib.decompress(_object_path(folder, oid).read_bytes())
    header, _, content = raw.partition(b"\0")
    return cast("ObjectKind", header.split(b" ")[0].decode()), content


@lru_cache(maxsize=64)
def flat_tree(folder: Path, tree: str) -> Mapping[str, TreeEntry]:
    """Every file below a tree by its full path. Trees never change, so what was read once stays right."""
    return MappingProxyType({path: entry for path, entry in _walk(folder, tree) if not entry.is_folder})


@lru_cache(maxsize=64)
def flat_folders(folder: Path, tree: str) -> Mapping[str, str]:
    below = {path: entry.oid for path, entry in _walk(folder, tree) if entry.is_folder}
    return MappingProxyType({"": tree, **below})


@lru_cache(maxsize=65536)
def file_info(folder: Path, oid: str) -> FileInfo:
    """The size of a blob, and whether it stands for a large file; reads no more of it than that needs."""
    with _object_path(folder, oid).open("rb") as file:
        start = zlib.decompressobj().decompress(file.read(4096), 4096)
    header, _, content = start.partition(b"\0")
    size = int(header.split(b" ")[1])
    pointer = Pointer.decode(content) if size <= POINTER_LIMIT_BYTES else None
    return FileInfo(oid, pointer.size if pointer else size, pointer)


def _walk(folder: Path, tree: str, prefix: str = "") -> Iterator[tuple[str, TreeEntry]]:
    for entry in decode_tree(read_object(folder, tree)[1]):
        path = prefix + entry.name
        yield path, entry
        if entry.is_folder:
            yield from _walk(folder, entry.oid, path + "/")


def _object_path(folder: Path, oid: str) -> Path:
    return folder / "objects" / oid[:2] / oid[2:]
