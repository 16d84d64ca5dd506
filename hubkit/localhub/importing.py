"""Folders as repositories, without a client: what was downloaded once is then there without a network."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from hubkit.localhub import cards, commits
from hubkit.localhub.attributes import DEFAULT_ATTRIBUTES, LARGEST_REGULAR_BYTES, SAMPLE_BYTES, upload_mode
from hubkit.localhub.commits import README, Files
from hubkit.localhub.durable import HashingSink
from hubkit.localhub.fields import Fields
from hubkit.localhub.folders import FolderError, Snapshot, cached, snapshots
from hubkit.localhub.objects import FILE_MODE, Pointer, TreeEntry
from hubkit.localhub.repository import MAIN, RepoKind, Repository
from hubkit.localhub.store import Store, check_repo_id

_ATTRIBUTES = ".gitattributes"
_SHA256_DIGITS = 64


@dataclass(frozen=True)
class Imported:
    """What became of a folder."""

    repo: str
    kind: RepoKind
    commit: str  # that `main` is at
    num_files: int
    total_bytes: int
    num_commits: int  # new ones: 0 when all was there
    tags: tuple[str, ...]  # of the imported commits: their ids and names at the Hub they came from


def import_folder(store: Store, folder: Path, repo_id: str | None, kind: RepoKind | None, author: str) -> Imported:
    """Make `main` what the folder holds, in a repository that is made if need be. What is there already is not copied.

    Of a repository in the client's cache every snapshot becomes a commit, with a tag of its commit's old id, so that
    whoever pins one finds it. Raises FolderError, and HubError for an id that cannot be a repository's.
    """
    found = snapshots(folder)
    known = cached(folder.resolve()) or cached(folder.resolve().parent.parent)
    kind = kind or (known[0] if known else "model")
    repo_id = repo_id or (known[1] if known else None)
    if repo_id is None:
        raise FolderError(f"{folder} does not say which repository it is: name one")
    check_repo_id(repo_id)
    contents = [dict(snapshot.files()) for snapshot in found]
    for name in {name for files in contents for name in files}:  # refused before anything is written
        commits.checked_path(Fields({"path": name}))
    repo = store.repo(kind, repo_id)
    if not repo.exists:
        store.create(repo, author, sdk=_sdk(found[-1].folder) if kind == "space" else None)
    num_commits = 0
    for snapshot, files in zip(found, contents, strict=True):
        num_commits += _commit(store, repo, snapshot, files, author, is_last=snapshot is found[-1])
    tags = tuple(tag for snapshot in found for tag in _tags(snapshot))
    head = repo.resolve(MAIN)
    sizes = [repo.file_info(entry.oid).size for entry in repo.files(head).values()]
    return Imported(repo_id, kind, head, len(sizes), sum(sizes), num_commits, tags)


def _commit(
    store: Store, repo: Repository, snapshot: Snapshot, files: dict[str, Path], author: str, *, is_last: bool
) -> bool:
    """Commit one snapshot and tag it, unless that was done before. True when a commit was made."""
    with store.adding(repo):
        entries = _entries(repo, files)
    with store.changing(repo):
        tags = [f"refs/tags/{tag}" for tag in _tags(snapshot)]
        places = [MAIN] if is_last or not tags else tags[:1]
        made = next((oid for oid in map(repo.ref, places) if oid and repo.files(oid) == entries), None)
        head = made or commits.write(repo, entries, (repo.resolve(MAIN),), _message(snapshot), author)
        if made is None:
            repo.move_ref(MAIN, head)
        for tag in tags:
            tagged = repo.ref(tag)
            if tagged is None or repo.files(tagged) != entries:
                repo.move_ref(tag, head)
    return made is None


def _message(snapshot: Snapshot) -> str:
    return f"Import {snapshot.commit or snapshot.folder.name}"


def _tags(snapshot: Snapshot) -> tuple[str, ...]:
    names = [name for name in snapshot.refs if name != "main" and not name.startswith("refs/")]
    return (snapshot.commit, *names) if snapshot.commit else ()


def _entries(repo: Repository, files: dict[str, Path]) -> Files:
    """Every file, put into the object store in the way a push would have put it there."""
    attributes = files[_ATTRIBUTES].read_text(errors="replace") if _ATTRIBUTES in files else DEFAULT_ATTRIBUTES
    oids = {_ATTRIBUTES: repo.write_object("blob", attributes.encode())}
    present = repo.files(repo.resolve(MAIN))
    for name, path in files.items():
        known = repo.file_info(present[name].oid).lfs if name in present else None
        oids[name] = _store(repo, path, name, attributes, known)
    return {name: TreeEntry(FILE_MODE, name.rpartition("/")[2], oid) for name, oid in oids.items()}


def _store(repo: Repository, path: Path, name: str, attributes: str, known: Pointer | None) -> str:
    size = path.stat().st_size
    with path.open("rb") as file:
        sample = file.read(SAMPLE_BYTES)
    if upload_mode(name, size, sample, attributes) == "regular" and size <= LARGEST_REGULAR_BYTES:
        return repo.write_object("blob", path.read_bytes())
    named = _cached_hash(path)
    pointer = Pointer(named or (_sha256(path) if known and known.size == size else ""), size)
    stored = repo.large_file(pointer.sha256) if pointer.sha256 else None
    if stored is None or stored.size != size:  # else it would be written only to be thrown away
        pointer = _copy(repo, path)
        if named not in (None, pointer.sha256):
            raise FolderError(f"{path} is damaged: the client's cache says {named}, it is {pointer.sha256}")
    return repo.write_object("blob", pointer.encode())


def _copy(repo: Repository, path: Path) -> Pointer:
    with HashingSink(repo.scratch) as sink, path.open("rb", buffering=0) as source:
        sink.copy(source, path.stat().st_size)
        repo.keep_large_file(sink)
        return Pointer(sink.sha256, sink.size)


def _cached_hash(path: Path) -> str | None:
    """What the client's cache says that a large file is: the name of the blob which the file is a link to."""
    blob = path.resolve()
    is_blob = path.is_symlink() and blob.parent.name == "blobs" and len(blob.name) == _SHA256_DIGITS
    return blob.name if is_blob else None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sdk(folder: Path) -> str | None:
    readme = folder / README
    sdk = cards.read(readme.read_text(encoding="utf-8", errors="replace")).data.get("sdk") if readme.is_file() else None
    return sdk if isinstance(sdk, str) else None
