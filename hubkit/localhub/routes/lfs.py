"""Large files without Xet: Git LFS, in one piece or in parts. Uploads carry no token, so their addresses are signed."""

import hashlib
import shutil
from pathlib import Path
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hubkit.localhub import leftovers
from hubkit.localhub.call import Call, plain
from hubkit.localhub.durable import HashingSink, make_folder
from hubkit.localhub.errors import HubError, bad_request, forbidden
from hubkit.localhub.fields import Fields
from hubkit.localhub.intake import Body, reading
from hubkit.localhub.repository import Repository
from hubkit.localhub.routes.paths import DATASET_OR_SPACE, MODEL

_SHA256_DIGITS = 64
_UPLOAD_SECONDS = 24 * 3600
_CONTENT_TYPE = "application/vnd.git-lfs+json"


def batch(call: Call) -> Response:
    """For each object either where to send it, or nothing, when it is here."""
    repo = call.contributable()  # the request does not say whether it is for a branch or for a pull request
    asked = call.fields.objects("objects")
    large = any(_is_large(call, item) for item in asked)
    transfer = "multipart" if large and "multipart" in call.fields.items("transfers") else "basic"
    objects = [_answer(call, repo, item, transfer) for item in asked]
    return JSONResponse({"transfer": transfer, "objects": objects}, media_type=_CONTENT_TYPE)


def _is_large(call: Call, item: Fields) -> bool:
    return item.number("size", 0) > call.hub.limits.multipart_above_bytes


def _answer(call: Call, repo: Repository, item: Fields, transfer: str) -> dict[str, Any]:
    oid, size = item.text("oid", ""), item.number("size", -1)
    known = {"oid": oid, "size": size}
    if len(oid) != _SHA256_DIGITS or not set(oid) <= set("0123456789abcdef") or size < 0:
        return {**known, "error": {"code": 422, "message": "An object needs a sha256 and a size"}}
    if repo.has_large_file(oid):
        return known
    verify = {"href": f"{call.origin}/{repo.path}.git/info/lfs/verify"}
    multipart = transfer == "multipart" and _is_large(call, item)
    if multipart:
        leftovers.clear_uploads(call.hub.store.uploads)
    upload = _parts(call, repo, oid, size) if multipart else {"href": _address(call, repo, oid, size), "header": {}}
    return {**known, "authenticated": True, "actions": {"upload": upload, "verify": verify}}


def _parts(call: Call, repo: Repository, oid: str, size: int) -> dict[str, Any]:
    part_bytes = call.hub.limits.part_bytes
    count = -(-size // part_bytes)
    parts = {f"{n:05d}": _address(call, repo, oid, size, n) for n in range(1, count + 1)}
    return {"href": _address(call, repo, oid, size), "header": {"chunk_size": str(part_bytes), **parts}}


def _address(call: Call, repo: Repository, oid: str, size: int, part: int | None = None) -> str:
    claim = {"kind": repo.kind, "repo": repo.id, "oid": oid, "size": size, "part": part, "use": "lfs"}
    return f"{call.origin}/_lfs/{call.hub.store.signer.sign(claim, seconds=_UPLOAD_SECONDS)}"


def receive(call: Call, body: Body) -> Response:
    """A whole object, or one part of it, from whoever holds the signed address."""
    claim = _claim(call)
    with HashingSink(call.hub.store.scratch) as sink:
        sink.copy(body, claim["size"])
        if claim["part"]:
            sink.keep(_parts_folder(call, claim) / str(claim["part"]))
        else:
            _keep(call, sink, claim)
    return Response(headers={"ETag": f'"{sink.sha256}"'})


def complete(call: Call) -> Response:
    """The last step of a multipart upload: join the parts in their order."""
    claim = _claim(call)
    folder = _parts_folder(call, claim)
    numbers = [part.number("partNumber") for part in call.fields.objects("parts")]
    with HashingSink(call.hub.store.scratch) as sink:
        for number in sorted(numbers):
            _append(folder / str(number), sink, claim["size"])
        _keep(call, sink, claim)
    shutil.rmtree(folder, ignore_errors=True)
    return JSONResponse({"success": True})


def verify(call: Call) -> Response:
    repo, oid = call.contributable(), call.fields.text("oid")
    file = repo.large_file(oid)
    if file is None or file.size != call.fields.number("size"):
        raise HubError(404, f"Object {oid} was not uploaded")
    return JSONResponse({"success": True}, media_type=_CONTENT_TYPE)


def _append(part: Path, sink: HashingSink, most_bytes: int) -> None:
    try:
        with part.open("rb", buffering=0) as source:
            sink.copy(source, most_bytes)
    except FileNotFoundError as error:
        raise bad_request(f"Part {part.name} was not uploaded") from error


def _keep(call: Call, sink: HashingSink, claim: dict[str, Any]) -> None:
    """Take the object in, if it is what was announced."""
    if (sink.sha256, sink.size) != (claim["oid"], claim["size"]):
        raise bad_request(f"The content has sha256 {sink.sha256} and {sink.size} bytes, not {claim['oid']}")
    repo = call.hub.store.repo(claim["kind"], claim["repo"])
    with call.hub.store.adding(repo):
        repo.keep_large_file(sink)


def _claim(call: Call) -> dict[str, Any]:
    claim = call.hub.store.signer.read(call.param("signed"))
    if claim is None or claim.get("use") != "lfs":
        raise forbidden("The upload address is not valid, or no longer")
    return claim


def _parts_folder(call: Call, claim: dict[str, Any]) -> Path:
    name = hashlib.sha256(f"{claim['kind']} {claim['repo']} {claim['oid']}".encode()).hexdigest()
    folder = call.hub.store.uploads / name
    make_folder(folder)
    return folder


_LFS = ".git/info/lfs"
ROUTES = [
    Route(DATASET_OR_SPACE + _LFS + "/objects/batch", plain(batch), methods=["POST"]),
    Route(MODEL + _LFS + "/objects/batch", plain(batch), methods=["POST"]),
    Route(DATASET_OR_SPACE + _LFS + "/verify", plain(verify), methods=["POST"]),
    Route(MODEL + _LFS + "/verify", plain(verify), methods=["POST"]),
    Route("/_lfs/{signed}", reading(receive), methods=["PUT"]),
    Route("/_lfs/{signed}", plain(complete), methods=["POST"]),
]
