"""Folders of files that are, or would be, repositories: any folder, or a snapshot in the cache of the Hub's client."""

from collections.abc import Iterator
from pathlib import Path

_NOT_PUSHED = (".git/", ".cache/huggingface/")  # what the client's upload_folder leaves out too


def listed(folder: Path) -> Iterator[tuple[str, Path]]:
    """The files below `folder`, each with its path in the repository. Folders that are links are not entered."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not any(f"/{left_out}" in f"/{name}" for left_out in _NOT_PUSHED):
            yield name, path


def is_within(path: Path, folder: Path) -> bool:
    """Whether a file is one of the folder's own, and no link to anything else of this machine.

    A snapshot in the client's cache is made of links to the blobs beside it, which count as its own.
    """
    return path.resolve().is_relative_to(_own(folder.resolve()))


def _own(folder: Path) -> Path:
    cached = folder.parent.parent  # models--ns--name/snapshots/<commit>
    is_snapshot = folder.parent.name == "snapshots" and "--" in cached.name and (cached / "blobs").is_dir()
    return cached if is_snapshot else folder
