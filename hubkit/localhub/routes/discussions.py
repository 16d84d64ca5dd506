"""Discussions and pull requests."""

from collections.abc import Callable
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hubkit.localhub import discussions
from hubkit.localhub.call import Call, plain
from hubkit.localhub.discussions import Discussion
from hubkit.localhub.errors import bad_request
from hubkit.localhub.repository import MAIN, Repository
from hubkit.localhub.routes.paths import API_REPO

_PAGE_SIZE = 50


def begin(call: Call) -> Response:
    repo = call.contributable()
    opening = discussions.Opening(_text(call, "title"), call.fields.text("description", ""), call.author)
    with call.hub.store.changing(repo):
        if call.fields.flag("pullRequest"):
            head = repo.resolve(MAIN)
            begun = discussions.open_pull_request(repo, opening, base=head, head=head, status="draft")
        else:
            begun = discussions.open_discussion(repo, opening)
    url = f"{call.origin}/{repo.path}/discussions/{begun.num}"
    return JSONResponse({"num": begun.num, "url": url, "pullRequest": begun.is_pull_request})


def listing(call: Call) -> Response:
    repo, query = call.readable(), call.request.query_params
    found = discussions.listed(repo)
    if query.get("type") in ("pull_request", "discussion"):
        found = [one for one in found if one.is_pull_request == (query["type"] == "pull_request")]
    if query.get("status") in ("open", "closed"):
        found = [one for one in found if (one.status in ("draft", "open")) == (query["status"] == "open")]
    if "author" in query:
        found = [one for one in found if one.author == query["author"]]
    page = query.get("p", "0")
    start = int(page) * _PAGE_SIZE if page.isdigit() else 0
    shown = [_summary(repo, one) for one in found[start : start + _PAGE_SIZE]]
    return JSONResponse({"discussions": shown, "count": len(found), "start": start})


def details(call: Call) -> Response:
    repo = call.readable()
    one = discussions.read(repo, call.param("number"))
    answer = {**_summary(repo, one), "events": list(one.events)}
    if one.is_pull_request:
        answer["events"] = sorted(
            [*one.events, *discussions.commit_events(repo, one)], key=lambda event: str(event["createdAt"])
        )
        answer["changes"] = {"base": MAIN, "mergeCommitId": one.merge_commit}
        answer["filesWithConflicts"] = discussions.conflicts(repo, one) if one.status in ("draft", "open") else []
        answer["diff"] = discussions.diff(repo, one) if call.request.query_params.get("diff") else None
    return JSONResponse(answer)


def comment(call: Call) -> Response:
    text = _text(call, "comment")
    return _changed(call, call.contributable(), "newMessage", lambda one: one.with_comment(call.author, text))


def edit_comment(call: Call) -> Response:
    text = _text(call, "content")
    return _changed_comment(call, lambda one, event: one.with_edited(event, call.author, text))


def hide_comment(call: Call) -> Response:
    """For good: the real Hub does not bring it back either."""
    return _changed_comment(call, lambda one, event: one.with_hidden(event))


def _changed_comment(call: Call, change: Callable[[Discussion, str], Discussion]) -> Response:
    """A comment is changed by its author, or by whoever may push to the repository."""
    repo, event_id = call.contributable(), call.param("event")
    with call.hub.store.changing(repo):
        before = discussions.read(repo, call.param("number"))
        if before.comment(event_id)["author"]["name"] != call.author:
            call.writable(repo)
        after = change(before, event_id)
        discussions.save(repo, after)
    return JSONResponse({"updatedComment": after.comment(event_id)})


def change_title(call: Call) -> Response:
    title = _text(call, "title")

    def change(one: Discussion) -> Discussion:
        return one.with_event("title-change", call.author, {"from": one.title, "to": title}, title=title)

    return _changed(call, call.contributable(), "newTitle", change)


def change_status(call: Call) -> Response:
    status = _text(call, "status")
    if status not in ("open", "closed"):
        raise bad_request(f"status must be open or closed, not {status!r}")

    def change(one: Discussion) -> Discussion:
        if one.status == "merged":
            raise bad_request("What is merged stays merged")
        return _commented(call, one).with_event("status-change", call.author, {"status": status}, status=status)

    return _changed(call, call.contributable(), "newStatus", change)


def merge(call: Call) -> Response:
    repo = call.writable()

    def change(one: Discussion) -> Discussion:
        return discussions.merge(repo, _commented(call, one), call.author)

    return _changed(call, repo, "newStatus", change)


def _changed(call: Call, repo: Repository, key: str, change: Callable[[Discussion], Discussion]) -> Response:
    """Change a discussion; the answer holds the event that this was."""
    with call.hub.store.changing(repo):
        before = discussions.read(repo, call.param("number"))
        if key in ("newTitle", "newStatus") and before.author != call.author:
            call.writable(repo)
        after = change(before)
        discussions.save(repo, after)
    return JSONResponse({key: after.events[-1]})


def _summary(repo: Repository, one: Discussion) -> dict[str, Any]:
    return {
        "num": one.num,
        "title": one.title,
        "status": one.status,
        "author": {"name": one.author},
        "createdAt": one.created,
        "repo": {"name": repo.id, "type": repo.kind},
        "isPullRequest": one.is_pull_request,
        "numComments": sum(event["type"] == "comment" for event in one.events),
    }


def _text(call: Call, key: str) -> str:
    value = call.fields.text(key)
    if not value.strip():
        raise bad_request(f"Missing {key}")
    return value


def _commented(call: Call, one: Discussion) -> Discussion:
    text = call.fields.text("comment", "")
    return one.with_comment(call.author, text) if text else one


_ONE = API_REPO + "/discussions/{number}"
ROUTES = [
    Route(API_REPO + "/discussions", plain(begin), methods=["POST"]),
    Route(API_REPO + "/discussions", plain(listing)),
    Route(_ONE, plain(details)),
    Route(_ONE + "/comment", plain(comment), methods=["POST"]),
    Route(_ONE + "/comment/{event}/edit", plain(edit_comment), methods=["POST"]),
    Route(_ONE + "/comment/{event}/hide", plain(hide_comment), methods=["POST"]),
    Route(_ONE + "/title", plain(change_title), methods=["POST"]),
    Route(_ONE + "/status", plain(change_status), methods=["POST"]),
    Route(_ONE + "/merge", plain(merge), methods=["POST"]),
]
