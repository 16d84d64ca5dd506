"""Repositories as wholes: create, delete, move, settings, info, list."""

from collections.abc import Mapping
from typing import Any, cast

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hubkit.localhub import cards, moves
from hubkit.localhub.call import Call, plain
from hubkit.localhub.commits import README
from hubkit.localhub.errors import HubError, bad_request
from hubkit.localhub.fields import Fields
from hubkit.localhub.objects import iso_date
from hubkit.localhub.repository import KINDS, MAIN, RepoKind, Repository
from hubkit.localhub.routes.paths import API_REPO

_VISIBILITIES = ("private", "public")


def create(call: Call) -> Response:
    repo = _named(call)
    call.check_may_manage(repo.namespace)
    url = f"{call.origin}/{repo.path}"
    try:
        sdk = call.fields.text("sdk", "") or None
        call.hub.store.create(repo, call.author, private=_is_private(call.fields), sdk=sdk)
    except HubError as error:
        if error.status != 409:  # noqa: PLR2004 - conflict
            raise
        # `exist_ok=True` reads the address from the refusal.
        raise HubError(409, error.message, body={"url": url}) from error
    return JSONResponse({"url": url, "name": repo.id, "id": repo.settings.id})


def delete(call: Call) -> Response:
    call.hub.store.delete(call.manageable(_named(call)))
    return JSONResponse({})


def move(call: Call) -> Response:
    kind = _kind(call.fields)
    repo = call.manageable(call.repo_at(kind, call.fields.text("fromRepo")))
    target = call.repo_at(kind, call.fields.text("toRepo"))
    call.check_may_manage(target.namespace)
    call.hub.store.move(repo, target.id)
    moves.record(call.hub.store, repo, target)
    return JSONResponse({"url": f"{call.origin}/{target.path}"})


def change_settings(call: Call) -> Response:
    repo = call.manageable()
    changes: dict[str, object] = {}
    if "visibility" in call.fields or "private" in call.fields:
        changes["private"] = _is_private(call.fields)
    if "gated" in call.fields:
        gated = call.fields.values["gated"]
        if gated not in ("auto", "manual") and gated is not False:
            raise bad_request(f"gated must be auto, manual or false, not {gated!r}")
        changes["gated"] = gated
    with call.hub.store.changing(repo):
        repo.change_settings(**changes)
    return JSONResponse({"private": repo.settings.private, "gated": repo.settings.gated})


def info(call: Call) -> Response:
    repo = call.readable()
    revision = call.param("revision") if "revision" in call.request.path_params else "main"
    return JSONResponse(describe(repo, repo.resolve(revision), with_sizes=call.flag("blobs")))


def auth_check(call: Call) -> Response:
    call.downloadable()
    return JSONResponse({})


def write_check(call: Call) -> Response:
    call.writable()
    return JSONResponse({})


def listing(call: Call) -> Response:
    query = call.request.query_params
    kind = cast("RepoKind", call.request.path_params["kinds"].removesuffix("s"))
    shown = [
        describe(repo, repo.resolve("main"))
        for repo in call.hub.store.repos(kind)
        if not repo.settings.private or call.caller.is_insider(repo)
    ]
    for field in ("author",):
        shown = [item for item in shown if query.get(field) in (None, item[field])]
    shown = [item for item in shown if query.get("search", "").lower() in item["id"].lower()]
    shown = [item for item in shown if set(query.getlist("filter")) <= set(item["tags"])]
    shown.sort(key=lambda item: str(item["lastModified"]), reverse=True)
    limit = query.get("limit", "")
    return JSONResponse(shown[: int(limit)] if limit.isdigit() else shown)


def describe(repo: Repository, commit: str, *, with_sizes: bool = False) -> dict[str, Any]:
    """A repository at a commit, as the Hub tells of it. What the README's front matter says becomes fields and tags."""
    settings = repo.settings
    files = repo.files(commit)
    card = cards.read(repo.read_text(commit, README))
    data: dict[str, Any] = {
        "_id": settings.id,
        "id": repo.id,
        "author": repo.namespace,
        "sha": commit,
        "lastModified": repo.read_commit(repo.ref(MAIN) or commit).date,
        "createdAt": iso_date(settings.created),
        "private": settings.private,
        "gated": settings.gated,
        "disabled": False,
        "downloads": 0,
        "likes": 0,
        "tags": cards.tags(card.data, list(files)),
        "cardData": card.data,
        "siblings": [_sibling(repo, path, oid=entry.oid, with_sizes=with_sizes) for path, entry in files.items()],
        "usedStorage": sum(repo.file_info(entry.oid).size for entry in files.values()),
    }
    return {**data, **_of_kind(repo, card.data)}


def _of_kind(repo: Repository, card: Mapping[str, Any]) -> dict[str, Any]:
    if repo.kind == "space":
        return {"sdk": repo.settings.sdk or card.get("sdk")}
    if repo.kind == "dataset":
        return {"description": card.get("pretty_name", "")}
    named = {key: card[key] for key in ("library_name", "pipeline_tag", "model-index") if key in card}
    return {"modelId": repo.id, "spaces": [], **named}


def _sibling(repo: Repository, path: str, *, oid: str, with_sizes: bool) -> dict[str, Any]:
    if not with_sizes:
        return {"rfilename": path}
    file = repo.file_info(oid)
    sibling = {"rfilename": path, "size": file.size, "blobId": oid}
    if file.lfs is None:
        return sibling
    pointer = {"sha256": file.lfs.sha256, "size": file.size, "pointerSize": len(file.lfs.encode())}
    return {**sibling, "lfs": pointer}


def _named(call: Call) -> Repository:
    """The repository that a body names, by its full id or by the caller's own namespace."""
    account, name, organization = call.account, call.fields.text("name"), call.fields.text("organization", "")
    full = name if "/" in name and not organization else f"{organization or account.user}/{name}"
    return call.repo_at(_kind(call.fields), full)


def _kind(fields: Fields) -> RepoKind:
    """Models are the default, and so have no `type`."""
    kind = fields.text("type", "") or "model"
    if kind not in KINDS:
        raise bad_request(f"Unknown repo type: {kind!r}")
    return kind


def _is_private(fields: Fields) -> bool:
    """Clients of version 2 send `visibility`, older ones `private`."""
    if "visibility" not in fields:
        return fields.flag("private")
    visibility = fields.text("visibility")
    if visibility not in _VISIBILITIES:
        raise bad_request(f"visibility must be private or public, not {visibility!r}")
    return visibility == "private"


ROUTES = [
    Route("/api/repos/create", plain(create), methods=["POST"]),
    Route("/api/repos/delete", plain(delete), methods=["DELETE"]),
    Route("/api/repos/move", plain(move), methods=["POST"]),
    Route("/api/{kinds:kinds}", plain(listing)),
    Route(API_REPO, plain(info)),
    Route(API_REPO + "/revision/{revision}", plain(info)),
    Route(API_REPO + "/settings", plain(change_settings), methods=["PUT"]),
    Route(API_REPO + "/auth-check", plain(auth_check)),
    Route(API_REPO + "/auth-check/write", plain(write_check)),
]
