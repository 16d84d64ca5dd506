"""Where repositories went: whoever asks for an old name is sent to the new one, until somebody takes the old one."""

import json
from pathlib import Path

from hubkit.localhub.durable import write_json
from hubkit.localhub.repository import Repository
from hubkit.localhub.store import Store


def record(store: Store, old: Repository, new: Repository) -> None:
    write_json(_note(store, old), {"to": new.id}, store.scratch)


def target(store: Store, old: Repository) -> Repository | None:
    """The repository that once had this name, if it is still there. Moves after moves are followed."""
    seen = {old.id}
    while not old.exists:
        note = _note(store, old)
        if not note.exists():
            return None
        old = store.repo(old.kind, json.loads(note.read_text())["to"])
        if old.id in seen:  # moved in a circle, then deleted
            return None
        seen.add(old.id)
    return old


def _note(store: Store, repo: Repository) -> Path:
    return store.root / "moved" / f"{repo.kind}s" / f"{repo.id}.json"
