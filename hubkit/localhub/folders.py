"""Folders of files that are, or would be, repositories: any folder, or what the Hub's client keeps in its cache.

The cache holds `models--ns--name/` with `refs/<name>` (a commit's id), `snapshots/<commit>/` (links) and `blobs/`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hubkit.localhub.objects import POINTER_LIMIT_BYTES, Pointer
from hubkit.localhub.repository import RepoKind

_CACHED = re.compile(r"(models|datasets|spaces)--(.+)")
_KINDS: dict[str, RepoKind] = {"models": "model", "datasets": "dataset", "spaces": "space"}
_NOT_PUSHED = (".git/", ".cache/huggingface/")  # what the client's upload_folder leaves out too


class FolderError(ValueError):
    """The folder is not what was asked for, or holds what must not be taken from it."""


@dataclass(frozen=True)
class Snapshot:
    """A folder with the files of one commit. What did not come from a Hub has no `commit`."""

    folder: Path
    commit: str = ""
    refs: tuple[str, ...] = ()  # the branches and tags that meant it when it was downloaded

    def files(self) -> Iterator[tuple[str, Path]]:
        """Each file with its path in the repository. Raises FolderError for what is missing or lies elsewhere."""
        for name, path in listed(self.folder):
            if not is_within(path, self.folder):
                raise FolderError(f"{path} is a link that leads out of the folder")
            if not path.is_file():
                raise FolderError(f"{path} is no file: a link to nothing, or a device")
            if path.stat().st_size <= POINTER_LIMIT_BYTES and Pointer.decode(path.read_bytes()):
                raise FolderError(f"{path} is the pointer of a large file, not the file: run `git lfs pull` first")
            yield name, path


def listed(folder: Path) -> Iterator[tuple[str, Path]]:
    """What lies below a folder and is no folder, each with its path in the repository."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        is_folder = path.is_dir() and not path.is_symlink()
        if not is_folder and not any(f"/{left_out}" in f"/{name}" for left_out in _NOT_PUSHED):
            yield name, path


def snapshots(folder: Path) -> Sequence[Snapshot]:
    """The commits that a folder holds: one, or for a repository of the client's cache all, the current one last."""
    if not folder.is_dir():
        raise FolderError(f"{folder} is no folder")
    folder = folder.resolve()
    if cached(folder) is None:
        return [Snapshot(folder, folder.name if cached(folder.parent.parent) else "")]
    refs = {path.relative_to(folder / "refs").as_posix(): path.read_text().strip() for path in _refs(folder)}
    found = [path for path in (folder / "snapshots").glob("*") if path.is_dir()]
    if not found:
        raise FolderError(f"{folder} holds no snapshot: was its download cut off?")
    found.sort(key=lambda path: (path.name == refs.get("main"), path.stat().st_mtime, path.name))
    return [Snapshot(path, path.name, tuple(name for name, oid in refs.items() if oid == path.name)) for path in found]


def cached(folder: Path) -> tuple[RepoKind, str] | None:
    """The kind and id of the repository that a folder of the client's cache is for; None for any other folder."""
    found = _CACHED.fullmatch(folder.name)
    if found is None or not (folder / "snapshots").is_dir():
        return None
    return _KINDS[found[1]], found[2].replace("--", "/")


def is_within(path: Path, folder: Path) -> bool:
    """Whether a file is one of the folder's own, and no link to anything else of this machine.

    A snapshot in the cache is made of links to the blobs beside it, which count as its own.
    """
    folder = folder.resolve()
    repo = folder.parent.parent
    own = repo / "blobs" if folder.parent.name == "snapshots" and cached(repo) else folder
    target = path.resolve()
    return target.is_relative_to(folder) or target.is_relative_to(own)


def _refs(folder: Path) -> list[Path]:
    return sorted(path for path in (folder / "refs").rglob("*") if path.is_file())
