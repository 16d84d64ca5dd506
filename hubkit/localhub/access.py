"""Access to a gated repository: who asked for its files, and what its owners said. One JSON file in the repository."""

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from hubkit.localhub.durable import write_json
from hubkit.localhub.errors import HubError, bad_request
from hubkit.localhub.objects import iso_date
from hubkit.localhub.repository import Repository

Status = Literal["pending", "accepted", "rejected"]
STATUSES: tuple[Status, ...] = get_args(Status)


@dataclass(frozen=True)
class Request:
    """One user's wish to have the files. `reason` is what a rejected one is told."""

    id: str
    user: str
    status: Status
    asked: str  # a date
    reason: str = ""


def requests(repo: Repository) -> list[Request]:
    """All requests, the oldest first."""
    file = _file(repo)
    return [Request(**value) for value in json.loads(file.read_text())] if file.exists() else []


def status_of(repo: Repository, user: str | None) -> Status | None:
    return next((request.status for request in requests(repo) if request.user == user), None)


def ask(repo: Repository, user: str) -> Request:
    """Ask for access; with automatic approval that is granted at once. Asking again changes nothing.

    The caller holds the repository's lock, here and in what follows.
    """
    known = next((request for request in requests(repo) if request.user == user), None)
    return known or _add(repo, user, "accepted" if repo.settings.gated == "auto" else "pending")


def grant(repo: Repository, user: str) -> Request:
    """Let a user have the files, asked or not."""
    known = status_of(repo, user)
    if known == "accepted":
        raise bad_request(f"{user} already has access")
    return _add(repo, user, "accepted") if known is None else decide(repo, lambda one: one.user == user, "accepted")


def decide(repo: Repository, which: Callable[[Request], bool], status: str, reason: str = "") -> Request:
    """Move a request to another list."""
    if status not in STATUSES:
        raise bad_request(f"status must be one of {', '.join(STATUSES)}, not {status!r}")
    known = requests(repo)
    found = next((request for request in known if which(request)), None)
    if found is None or found.status == status:
        raise HubError(404, f"The request is already {status}" if found else "No such access request")
    decided = replace(found, status=status, reason=reason)
    _save(repo, [decided if request is found else request for request in known])
    return decided


def _add(repo: Repository, user: str, status: Status) -> Request:
    made = Request(secrets.token_hex(12), user, status, iso_date(time.time()))
    _save(repo, [*requests(repo), made])
    return made


def _save(repo: Repository, changed: list[Request]) -> None:
    write_json(_file(repo), [asdict(request) for request in changed], repo.scratch)


def _file(repo: Repository) -> Path:
    return repo.folder / "access.json"
