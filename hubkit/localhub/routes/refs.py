"""Branches and tags."""

import time

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hubkit.localhub import commits
from hubkit.localhub.call import Call, plain
from hubkit.localhub.errors import conflict, forbidden, revision_not_found
from hubkit.localhub.objects import encode_tag
from hubkit.localhub.repository import MAIN, check_ref_name
from hubkit.localhub.routes.paths import API_REPO


def refs(call: Call) -> Response:
    repo = call.readable()

    def listed(prefix: str) -> list[dict[str, str]]:
        found = repo.refs(prefix).items()
        return [{"name": name, "ref": prefix + name, "targetCommit": commit} for name, commit in found]

    answer = {"branches": listed("refs/heads/"), "converts": [], "tags": listed("refs/tags/")}
    if call.flag("include_prs"):
        answer["pullRequests"] = listed("refs/pr/")
    return JSONResponse(answer)


def create_branch(call: Call) -> Response:
    repo, name = call.writable(), call.param("name_of_ref")
    check_ref_name(f"refs/heads/{name}")
    with call.hub.store.changing(repo):
        start = repo.resolve(call.fields.text("startingPoint", "") or "main")
        repo.create_ref(f"refs/heads/{name}", start)
    return JSONResponse({})


def delete_branch(call: Call) -> Response:
    ref = f"refs/heads/{call.param('name_of_ref')}"
    if ref == MAIN:
        raise forbidden("The main branch cannot be deleted")
    return _delete(call, ref)


def create_tag(call: Call) -> Response:
    """The path names what to tag, the body the tag. A tag never moves: whoever wants that deletes it first."""
    repo, name = call.writable(), call.fields.text("tag")
    ref = f"refs/tags/{name}"
    check_ref_name(ref)
    with call.hub.store.changing(repo):
        commit = repo.resolve(call.param("revision"))
        if repo.ref(ref):
            raise conflict(f"Tag already exists: {name}")
        message = call.fields.text("message", "")
        annotated = encode_tag(commit, name, call.author, int(time.time()), message) if message else None
        repo.create_ref(ref, repo.write_object("tag", annotated) if annotated else commit)
    return JSONResponse({})


def delete_tag(call: Call) -> Response:
    return _delete(call, f"refs/tags/{call.param('revision')}")


def squash(call: Call) -> Response:
    """Forget how a branch came to be what it is. What a tag names is kept."""
    repo, ref = call.writable(), f"refs/heads/{call.param('name_of_ref')}"
    with call.hub.store.changing(repo):
        head = repo.ref(ref)
        if head is None:
            raise revision_not_found(call.param("name_of_ref"))
        message = call.fields.text("message", "") or "Super-squash"
        repo.move_ref(ref, commits.write(repo, repo.files(head), (), message, call.author))
    return JSONResponse({})


def _delete(call: Call, ref: str) -> Response:
    repo = call.writable()
    check_ref_name(ref)
    with call.hub.store.changing(repo):
        if repo.ref(ref) is None:
            raise revision_not_found(ref.split("/", 2)[2])
        repo.delete_ref(ref)
    return JSONResponse({})


ROUTES = [
    Route(API_REPO + "/refs", plain(refs)),
    Route(API_REPO + "/super-squash/{name_of_ref}", plain(squash), methods=["POST"]),
    Route(API_REPO + "/branch/{name_of_ref}", plain(create_branch), methods=["POST"]),
    Route(API_REPO + "/branch/{name_of_ref}", plain(delete_branch), methods=["DELETE"]),
    Route(API_REPO + "/tag/{revision}", plain(create_tag), methods=["POST"]),
    Route(API_REPO + "/tag/{revision}", plain(delete_tag), methods=["DELETE"]),
]
