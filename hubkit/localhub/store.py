"""The folder that a Hub serves: repositories, Xet data, tokens, and the id that tells one store from another.

store.json  tokens  repos/<kind>s/<namespace>/<name>.git  xorbs/  uploads/  locks/  tmp/
"""

import errno
import json
import os
import re
import secrets
import shutil
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hubkit.localhub import leftovers, repository
from hubkit.localhub.attributes import DEFAULT_ATTRIBUTES
from hubkit.localhub.durable import locked, make_folder, sync_folder, write_json
from hubkit.localhub.errors import HubError, bad_request, conflict
from hubkit.localhub.objects import Commit
from hubkit.localhub.repository import RepoKind, Repository, Settings
from hubkit.localhub.signing import Signer

FORMAT = 1
RESERVED_NAMESPACES = frozenset({"api", "datasets", "spaces", "models", "oauth", "v1", "_hub", "_cas", "_lfs"})

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_LONGEST_ID = 96


@dataclass(frozen=True)
class Store:
    """An opened store. Any number of processes may have it open.

    `scratch` is for unfinished files; on the same file system, so that a rename finishes them. It goes with this value.
    """

    root: Path
    id: str
    signer: Signer
    scratch: Path

    @classmethod
    def open(cls, root: Path) -> "Store":
        """Open the store at `root`, or begin one there; clear away what others left unfinished."""
        root = root.resolve()
        with locked(root / "locks" / "store"):
            is_alone = leftovers.clear_scratch(root / "tmp")
            scratch, lock = leftovers.begin_scratch(root / "tmp")
            identity = _Identity(root / "store.json", scratch)
            if is_alone:
                leftovers.sweep_xorbs(root / "xorbs", root.glob("repos/*/*/*.git"), identity.renew)
            known = identity.read()
            leftovers.clear_uploads(root / "uploads")
        store = cls(root, known["id"], Signer(bytes.fromhex(known["secret"])), scratch)
        weakref.finalize(store, leftovers.end_scratch, scratch, lock, os.getpid())
        return store

    @property
    def uploads(self) -> Path:
        """Parts of multipart uploads that wait for the rest."""
        return self.root / "uploads"

    @property
    def xorbs(self) -> Path:
        """Chunks that came through Xet, of any repository."""
        return self.root / "xorbs"

    # Repositories

    def repo(self, kind: RepoKind, repo_id: str) -> Repository:
        """The place of a repository, whether it exists or not."""
        folder = self.root / "repos" / f"{kind}s" / f"{repo_id}.git"
        return Repository(kind, repo_id, folder, self.scratch, self.xorbs)

    def repos(self, kind: RepoKind) -> Iterator[Repository]:
        root = self.root / "repos" / f"{kind}s"
        for folder in sorted(root.glob("*/*.git")):
            repo = self.repo(kind, f"{folder.parent.name}/{folder.name.removesuffix('.git')}")
            if repo.exists:
                yield repo

    @contextmanager
    def changing(self, repo: Repository) -> Iterator[Repository]:
        """Be the only one who changes a repository."""
        with locked(self._lock(repo)):
            yield _still_there(repo)

    @contextmanager
    def adding(self, repo: Repository) -> Iterator[Repository]:
        """Add objects, which others may do too; but nobody moves or deletes the repository meanwhile."""
        with locked(self._lock(repo), shared=True):
            yield _still_there(repo)

    def _lock(self, repo: Repository) -> Path:
        """Not in the repository's folder: it must outlive a move or a deletion."""
        return self.root / "locks" / f"{repo.kind}s" / repo.id

    def create(self, repo: Repository, author: str, *, private: bool = False, sdk: str | None = None) -> None:
        check_repo_id(repo.id)
        now = time.time()
        settings = Settings(secrets.token_hex(12), now, private=private, sdk=sdk)
        first = Commit("", (), author, int(now), "initial commit")
        try:
            repository.create(repo, settings, first, {".gitattributes": DEFAULT_ATTRIBUTES.encode()})
        except OSError as error:
            shutil.rmtree(self.scratch / f"new-{settings.id}", ignore_errors=True)
            if not _is_taken(error):
                raise
            raise conflict(f"You already created this {repo.kind} repo") from error

    def delete(self, repo: Repository) -> None:
        """Take a repository out of sight in one step, then clear it away."""
        leftovers.note_deletion(self.xorbs, self.scratch)
        with self.changing(repo):
            doomed = self.scratch / f"deleted-{secrets.token_hex(8)}"
            repo.folder.rename(doomed)
            sync_folder(repo.folder.parent)
        shutil.rmtree(doomed)

    def move(self, repo: Repository, new_id: str) -> None:
        check_repo_id(new_id)
        target = self.repo(repo.kind, new_id)
        make_folder(target.folder.parent)
        with self.changing(repo):
            try:
                repo.folder.rename(target.folder)
            except OSError as error:
                if not _is_taken(error):
                    raise
                raise conflict(f"{new_id} exists already") from error
            sync_folder(target.folder.parent)
            sync_folder(repo.folder.parent)


def _still_there(repo: Repository) -> Repository:
    if not repo.exists:  # deleted while we waited for its lock
        raise HubError(404, "Repository not found", "RepoNotFound")
    return repo


def check_repo_id(repo_id: str) -> None:
    """The client's own rules (`validate_repo_id`), which the server must not take on trust."""
    namespace, _, name = repo_id.partition("/")
    if not (_NAME.fullmatch(namespace) and _NAME.fullmatch(name)) or len(repo_id) > _LONGEST_ID:
        raise bad_request(f"Invalid repo id: {repo_id!r}")
    if "--" in repo_id or ".." in repo_id or repo_id.endswith(".git"):
        raise bad_request(f"Invalid repo id, it holds '--' or '..' or ends in '.git': {repo_id!r}")
    if namespace.lower() in RESERVED_NAMESPACES:
        raise bad_request(f"Reserved namespace: {namespace!r}")


@dataclass(frozen=True)
class _Identity:
    """What the store calls itself, and the secret that it signs with."""

    file: Path
    scratch: Path

    def read(self) -> dict[str, Any]:
        if not self.file.exists():
            self._write(secrets.token_hex(32))
        known: dict[str, Any] = json.loads(self.file.read_text())
        if known["format"] != FORMAT:
            message = f"{self.file.parent} is a store of format {known['format']}; this version reads format {FORMAT}"
            raise ValueError(message)
        return known

    def renew(self) -> None:
        """Take another id. Clients remember by it which chunks are here, and would not send again what was swept."""
        self._write(self.read()["secret"])

    def _write(self, secret: str) -> None:
        new = {"format": FORMAT, "id": secrets.token_hex(8), "secret": secret}
        write_json(self.file, new, self.scratch, private=True)


def _is_taken(error: OSError) -> bool:
    return error.errno in (errno.EEXIST, errno.ENOTEMPTY)
