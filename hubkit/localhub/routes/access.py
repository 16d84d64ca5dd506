"""Gated repositories: asking for access, and deciding about it."""

from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hubkit.localhub import access
from hubkit.localhub.call import Call, plain
from hubkit.localhub.errors import HubError, bad_request
from hubkit.localhub.repository import Repository
from hubkit.localhub.routes.paths import API_REPO, DATASET_OR_SPACE, MODEL


def ask(call: Call) -> Response:
    """On the real Hub this is a button, so it asks for an account and not for a token that may write."""
    repo = _gated(call.readable())
    user = call.account.user or ""
    with call.hub.store.changing(repo):
        made = access.ask(repo, user)
    return JSONResponse(_shown(made))


def listed(call: Call) -> Response:
    repo, status = _gated(call.manageable()), call.param("status")
    if status not in access.STATUSES:
        raise HubError(404, f"No such list: {status}")
    return JSONResponse([_shown(request) for request in access.requests(repo) if request.status == status])


def handle(call: Call) -> Response:
    repo = _gated(call.manageable())
    user, request_id = call.fields.text("user", ""), call.fields.text("requestId", "")
    if bool(user) == bool(request_id):
        raise bad_request("Name a user or a requestId")
    status, reason = call.fields.text("status"), call.fields.text("rejectionReason", "")
    with call.hub.store.changing(repo):
        decided = access.decide(repo, lambda one: one.user == user or one.id == request_id, status, reason)
    return JSONResponse(_shown(decided))


def grant(call: Call) -> Response:
    repo, user = _gated(call.manageable()), call.fields.text("user")
    if not call.hub.accounts.knows(user):
        raise HubError(404, f"No such user: {user}")
    with call.hub.store.changing(repo):
        granted = access.grant(repo, user)
    return JSONResponse(_shown(granted))


def _gated(repo: Repository) -> Repository:
    if not repo.settings.gated:
        raise bad_request(f"{repo.id} is not gated")
    return repo


def _shown(request: access.Request) -> dict[str, Any]:
    user = {"user": request.user, "fullname": request.user, "email": f"{request.user}@localhub.invalid"}
    return {"requestId": request.id, "user": user, "status": request.status, "timestamp": request.asked}


_REQUESTS = API_REPO + "/user-access-request"
ROUTES = [
    Route(_REQUESTS + "/handle", plain(handle), methods=["POST"]),
    Route(_REQUESTS + "/grant", plain(grant), methods=["POST"]),
    Route(_REQUESTS + "/{status}", plain(listed)),
    *(Route(prefix + "/ask-access", plain(ask), methods=["POST"]) for prefix in (DATASET_OR_SPACE, MODEL)),
]
