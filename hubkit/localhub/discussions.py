"""Discussions and pull requests: one JSON file each, in the repository; a pull request has a ref `refs/pr/<number>`."""

import difflib
import itertools
import json
import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from html import escape
from pathlib import Path
from typing import Any, Literal

from hubkit.localhub import commits
from hubkit.localhub.accounts import Caller
from hubkit.localhub.durable import write_json
from hubkit.localhub.errors import HubError, bad_request, conflict, forbidden
from hubkit.localhub.objects import TreeEntry, iso_date
from hubkit.localhub.repository import MAIN, Repository

Status = Literal["draft", "open", "closed", "merged"]
Event = dict[str, Any]


@dataclass(frozen=True)
class Discussion:
    """A talk about a repository; with a `base`, a proposal to change it."""

    num: int
    title: str
    author: str
    created: str
    status: Status
    events: tuple[Event, ...]
    base: str | None = None  # the commit that a pull request started from
    merge_commit: str | None = None

    @property
    def is_pull_request(self) -> bool:
        return self.base is not None

    @property
    def ref(self) -> str:
        return f"refs/pr/{self.num}"

    def with_event(self, kind: str, author: str, data: Mapping[str, Any], **changes: Any) -> "Discussion":
        """The discussion after something happened to it; `events[-1]` is that."""
        return replace(self, events=(*self.events, _event(kind, author, data)), **changes)

    def with_comment(self, author: str, text: str) -> "Discussion":
        return self.with_event("comment", author, _comment(author, text))

    def comment(self, event_id: str) -> Event:
        """The comment of that id. Raises HubError when there is none."""
        found = (event for event in self.events if event["type"] == "comment" and event["id"] == event_id)
        comment = next(found, None)
        if comment is None:
            raise HubError(404, f"Comment {event_id} not found")
        return comment

    def with_edited(self, event_id: str, author: str, text: str) -> "Discussion":
        data = self.comment(event_id)["data"]
        if data["hidden"]:
            raise bad_request("What is hidden cannot be edited")
        latest = _version(author, text)
        changes = {"edited": True, "latest": latest, "history": [*data["history"], latest]}
        return self._with_comment_data(event_id, changes)

    def with_hidden(self, event_id: str) -> "Discussion":
        """The text goes, here and from the disk."""
        gone = {**self.comment(event_id)["data"]["latest"], "raw": "This comment has been hidden", "html": ""}
        return self._with_comment_data(event_id, {"hidden": True, "latest": gone, "history": [gone]})

    def _with_comment_data(self, event_id: str, changes: Mapping[str, Any]) -> "Discussion":
        old = self.comment(event_id)
        new = {**old, "data": {**old["data"], **changes}}
        return replace(self, events=tuple(new if event is old else event for event in self.events))


@dataclass(frozen=True)
class Opening:
    """What somebody says who begins a discussion."""

    title: str
    text: str
    author: str

    def begin(self, number: int, status: Status, base: str | None = None) -> Discussion:
        first = _event("comment", self.author, _comment(self.author, self.text))
        return Discussion(number, self.title, self.author, first["createdAt"], status, (first,), base)


def open_discussion(repo: Repository, opening: Opening) -> Discussion:
    """Begin a discussion. The caller holds the repository's lock, here and in all that changes one."""
    begun = opening.begin(_next_number(repo), "open")
    save(repo, begun)
    return begun


def open_pull_request(
    repo: Repository, opening: Opening, *, base: str, head: str, status: Status = "open"
) -> Discussion:
    """Begin a pull request whose commits go from `base` to `head`."""
    begun = opening.begin(_next_number(repo), status, base)
    repo.move_ref(begun.ref, head)
    save(repo, begun)
    return begun


def read(repo: Repository, number: str) -> Discussion:
    path = _file(repo, int(number)) if number.isdigit() else None
    if path is None or not path.exists():
        raise HubError(404, f"Discussion {number} not found")
    value = json.loads(path.read_text())
    return Discussion(**{**value, "events": tuple(value["events"])})


def listed(repo: Repository) -> list[Discussion]:
    """All of them, the newest first."""
    numbers = sorted((int(path.stem) for path in _folder(repo).glob("*.json")), reverse=True)
    return [read(repo, str(number)) for number in numbers]


def save(repo: Repository, discussion: Discussion) -> None:
    write_json(_file(repo, discussion.num), asdict(discussion), repo.scratch)


def check_may_push(repo: Repository, discussion: Discussion, caller: Caller) -> None:
    """Into a pull request push its author and whoever may write to the repository; into a finished one nobody."""
    if discussion.author != caller.user and not caller.may_push(repo):
        raise forbidden(f"Pull request {discussion.num} is by {discussion.author}")
    if discussion.status in ("closed", "merged"):
        raise forbidden(f"Pull request {discussion.num} is {discussion.status}")


def merge(repo: Repository, discussion: Discussion, author: str) -> Discussion:
    """Bring the pull request's changes into the main branch with a merge commit, or refuse when both changed a file."""
    if not discussion.is_pull_request or discussion.status not in ("draft", "open"):
        raise conflict(f"Discussion {discussion.num} is no open pull request")
    oid = _merge_commit(repo, discussion) or _merge(repo, discussion, author)
    return discussion.with_event("status-change", author, {"status": "merged"}, status="merged", merge_commit=oid)


def _merge(repo: Repository, discussion: Discussion, author: str) -> str:
    clashes = conflicts(repo, discussion)
    if clashes:
        raise conflict(f"Changed on both sides: {', '.join(clashes)}")
    main, head = _heads(repo, discussion)
    files = {**repo.files(main)}
    for path, entry in _changes(repo, discussion).items():
        if entry is None:
            files.pop(path, None)
        else:
            files[path] = entry
    message = f"{discussion.title} (#{discussion.num})"
    oid = commits.write(repo, files, (main, head), message, author)
    repo.move_ref(MAIN, oid)
    return oid


def _merge_commit(repo: Repository, discussion: Discussion) -> str | None:
    """The merge that a server made but was killed before it noted it."""
    main, head = _heads(repo, discussion)
    since = itertools.takewhile(lambda item: item[0] != discussion.base, repo.history(main))
    return next((oid for oid, commit in since if head in commit.parents[1:]), None)


def conflicts(repo: Repository, discussion: Discussion) -> list[str]:
    """The files that the pull request and the main branch have changed in different ways."""
    main, _ = _heads(repo, discussion)
    then, now = repo.files(discussion.base or main), repo.files(main)
    changes = _changes(repo, discussion)
    return [path for path, entry in changes.items() if now.get(path) not in (then.get(path), entry)]


def diff(repo: Repository, discussion: Discussion) -> str:
    """The changes as a unified diff; of large files only their names."""
    before = repo.files(discussion.base or "")
    return "".join(
        line
        for path, entry in _changes(repo, discussion).items()
        for line in _file_diff(repo, path, before.get(path), entry)
    )


def commit_events(repo: Repository, discussion: Discussion) -> list[Event]:
    """The pull request's commits, the oldest first, as events."""
    found = []
    for oid, commit in repo.history(_heads(repo, discussion)[1]):
        if oid == discussion.base:
            break
        data = {"subject": commit.title, "oid": oid}
        found.append(
            {"id": oid, "type": "commit", "createdAt": commit.date, "author": {"name": commit.author}, "data": data}
        )
    return found[::-1]


def _next_number(repo: Repository) -> int:
    """A ref without a discussion is what a killed server can leave behind; its number is not used again."""
    used = [int(path.stem) for path in _folder(repo).glob("*.json")]
    return max([*used, *(int(name) for name in repo.refs("refs/pr/"))], default=0) + 1


def _heads(repo: Repository, discussion: Discussion) -> tuple[str, str]:
    return repo.resolve(MAIN), repo.resolve(discussion.ref)


def _changes(repo: Repository, discussion: Discussion) -> dict[str, TreeEntry | None]:
    """What the pull request makes of each file that it touches; None for a file that it deletes."""
    _, head = _heads(repo, discussion)
    before, after = repo.files(discussion.base or head), repo.files(head)
    touched = sorted(path for path in {*before, *after} if before.get(path) != after.get(path))
    return {path: after.get(path) for path in touched}


def _file_diff(repo: Repository, path: str, old: TreeEntry | None, new: TreeEntry | None) -> Iterator[str]:
    yield f"diff --git a/{path} b/{path}\n"
    contents = [repo.read_object(entry.oid) if entry else b"" for entry in (old, new)]
    if any(b"\0" in content for content in contents):
        yield f"Binary files a/{path} and b/{path} differ\n"
        return
    lines = [content.decode(errors="replace").splitlines(keepends=True) for content in contents]
    yield from difflib.unified_diff(lines[0], lines[1], f"a/{path}", f"b/{path}")


def _event(kind: str, author: str, data: Mapping[str, Any]) -> Event:
    now = iso_date(time.time())
    return {"id": secrets.token_hex(12), "type": kind, "createdAt": now, "author": {"name": author}, "data": data}


def _version(author: str, text: str) -> dict[str, Any]:
    now = iso_date(time.time())
    return {"raw": text, "html": f"<p>{escape(text)}</p>", "updatedAt": now, "author": {"name": author}}


def _comment(author: str, text: str) -> Event:
    latest = _version(author, text)
    return {"edited": False, "hidden": False, "latest": latest, "history": [latest]}


def _folder(repo: Repository) -> Path:
    return repo.folder / "discussions"


def _file(repo: Repository, number: int) -> Path:
    return _folder(repo) / f"{number}.json"
