"""What is left when servers are killed, uploads break off and repositories go: whose it was, and how it is cleared.

Unfinished files lie in a folder of the process that writes them, `tmp/<token>/`. It holds a lock as long as it lives,
so the next one to open the store can tell what nobody will finish. Xorbs outlive the repositories that they came for,
since others may share them; those that nothing refers to any more are swept when the store is opened alone.
"""

import contextlib
import fcntl
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from hubkit.localhub import large
from hubkit.localhub.durable import make_folder, write_file

_LOCK = "lock"
_SWEEP = "sweep"
_KEPT_SECONDS = 2 * 24 * 3600  # addresses and tokens of uploads are good for a day


def begin_scratch(root: Path) -> tuple[Path, int]:
    """A folder for this process's unfinished files, and the descriptor that holds its lock.

    Here as in `clear_scratch` the caller holds the store's lock.
    """
    folder = root / secrets.token_hex(8)
    make_folder(folder)
    lock = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return folder, lock


def end_scratch(folder: Path, lock: int, process: int) -> None:
    """At the end of the process that began it, which a forked one is not."""
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def clear_scratch(root: Path) -> bool:
    """Remove what dead processes left; whether none is left that lives."""
    folders = list(root.glob("*"))
    for folder in folders:
        if not _is_alive(folder):
            shutil.rmtree(folder, ignore_errors=True)
    return not any(folder.exists() for folder in folders)


def clear_uploads(root: Path) -> None:
    """Remove the parts of uploads that nobody will complete."""
    for folder in root.glob("*"):
        with contextlib.suppress(FileNotFoundError):
            if _is_old(folder):
                shutil.rmtree(folder)


def note_deletion(xorbs: Path, scratch: Path) -> None:
    """Before a repository goes: what it alone referred to is to be swept."""
    write_file(xorbs / _SWEEP, b"", scratch)


def sweep_xorbs(xorbs: Path, repositories: Iterable[Path], before: Callable[[], None]) -> None:
    """After a deletion, remove the xorbs that no large file of these repositories refers to.

    `before` runs before the first one goes. Young ones wait for another time: their shard may be on its way.
    """
    if not (xorbs / _SWEEP).exists():
        return
    referred = set(_referred(repositories))
    unused = [path for path in xorbs.glob("*/*") if path.name not in referred]
    old = [path for path in unused if _is_old(path)]
    if old:
        before()
    for path in old:
        path.unlink()
    if len(old) == len(unused):
        (xorbs / _SWEEP).unlink()


def _referred(repositories: Iterable[Path]) -> Iterator[str]:
    for folder in repositories:
        for path in large.spans_paths(folder / "lfs"):
            yield from (line.split(" ")[0] for line in path.read_text().splitlines())


def _is_alive(folder: Path) -> bool:
    try:
        lock = os.open(folder / _LOCK, os.O_RDWR)
    except (FileNotFoundError, NotADirectoryError):
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def _is_old(path: Path) -> bool:
    return path.stat().st_mtime < time.time() - _KEPT_SECONDS
