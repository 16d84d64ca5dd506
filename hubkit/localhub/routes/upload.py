"""The three steps of a push that every client makes: check the card, ask how to send each file, commit."""

import asyncio
import base64
from collections.abc import AsyncIterator, Sequence
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hubkit.localhub import cards, commits, discussions
from hubkit.localhub.attributes import upload_mode
from hubkit.localhub.call import Call, plain, streaming
from hubkit.localhub.errors import HubError, bad_request
from hubkit.localhub.fields import Fields
from hubkit.localhub.repository import KINDS, Repository
from hubkit.localhub.routes.paths import API_REPO

Answer = dict[str, Any]

LARGEST_LINE_BYTES = 64 * 1024 * 1024
_GROUP_LINES = 16
_GROUP_BYTES = 4 * 1024 * 1024


def validate_yaml(call: Call) -> Response:
    kind = call.fields.text("repoType", "") or "model"
    if kind not in KINDS:
        raise bad_request(f"Unknown repo type: {kind!r}")
    errors, warnings = cards.check(call.fields.text("content", ""), kind)
    body = {"errors": [{"message": text} for text in errors], "warnings": [{"message": text} for text in warnings]}
    return JSONResponse(body, 400 if errors else 200)


def preupload(call: Call) -> Response:
    """For each file how to send it, and what is there now: a client drops a file that would not change."""
    repo = call.target(call.param("revision"))
    commit = repo.resolve(call.param("revision"))
    attributes = repo.read_text(commit, ".gitattributes") or ""
    present = repo.files(commit)
    answer = []
    for file in call.fields.objects("files"):
        path, sample = commits.checked_path(file), _sample(file)
        entry = present.get(path)
        answer.append(
            {
                "path": path,
                "uploadMode": upload_mode(path, file.number("size", len(sample)), sample, attributes),
                "shouldIgnore": False,
                "oid": repo.file_info(entry.oid).etag if entry else None,
            }
        )
    return JSONResponse({"files": answer})


def _sample(file: Fields) -> bytes:
    try:
        return base64.b64decode(file.text("sample", ""))
    except ValueError as error:
        raise bad_request("A sample is not base64") from error


async def commit(call: Call) -> Response:
    """Read the operations as they come, then apply them all and move the branch, or change nothing."""
    repo = await run_in_threadpool(call.target, call.param("revision"))
    items: list[commits.Header | commits.Operation] = []
    async for group in groups(lines(call)):
        # Side by side, since each file waits for the disk, and waiting together costs hardly more than waiting once.
        items += await asyncio.gather(*(run_in_threadpool(_take_in, call, repo, line) for line in group))
    header = next((item for item in items if isinstance(item, commits.Header)), None)
    operations = [item for item in items if not isinstance(item, commits.Header)]
    if header is None:
        raise bad_request("A commit begins with a header")
    land = _propose if call.flag("create_pr") else _land
    return JSONResponse(await run_in_threadpool(land, call, repo, header, operations))


async def groups(found: AsyncIterator[bytes]) -> AsyncIterator[list[bytes]]:
    """The lines some at a time: several small ones, or a single large one."""
    group: list[bytes] = []
    async for line in found:
        group.append(line)
        if len(group) == _GROUP_LINES or sum(map(len, group)) > _GROUP_BYTES:
            yield group
            group = []
    if group:
        yield group


async def lines(call: Call) -> AsyncIterator[bytes]:
    """The lines of the body; only one is held at a time."""
    held = bytearray()
    async for part in call.request.stream():
        held += part
        *whole, rest = held.split(b"\n") if b"\n" in part else (held,)
        for line in whole:
            if line.strip():
                yield bytes(line)
        held = rest
        if len(held) > LARGEST_LINE_BYTES:
            raise HubError(413, f"A line of the commit is larger than {LARGEST_LINE_BYTES} bytes")
    if held.strip():
        yield bytes(held)


def _take_in(call: Call, repo: Repository, line: bytes) -> commits.Header | commits.Operation:
    with call.hub.store.adding(repo):
        return commits.read_line(line, repo)


def _land(call: Call, repo: Repository, header: commits.Header, operations: Sequence[commits.Operation]) -> Answer:
    """Commit to a branch, or to the ref of a pull request that is open."""
    revision = call.param("revision")
    ref = revision if revision.startswith("refs/pr/") else f"refs/heads/{revision}"
    with call.hub.store.changing(repo):
        if revision.startswith("refs/pr/"):
            number = revision.removeprefix("refs/pr/")
            discussions.check_may_push(repo, discussions.read(repo, number), call.caller)
        return _answer(call, repo, commits.commit(repo, ref, header, operations, call.author))


def _propose(call: Call, repo: Repository, header: commits.Header, operations: Sequence[commits.Operation]) -> Answer:
    """Open a pull request with one commit, which starts from the named parent or from the branch's head."""
    with call.hub.store.changing(repo):
        start = repo.resolve(header.parent or call.param("revision"))
        oid = commits.build(repo, start, header.message, operations, call.author)
        opening = discussions.Opening(header.summary, header.description, call.author)
        opened = discussions.open_pull_request(repo, opening, base=start, head=oid)
    url = f"{call.origin}/{repo.path}/discussions/{opened.num}"
    return {**_answer(call, repo, oid), "pullRequestUrl": url}


def _answer(call: Call, repo: Repository, oid: str) -> Answer:
    url = f"{call.origin}/{repo.path}/commit/{oid}"
    return {"success": True, "commitOid": oid, "commitUrl": url, "hookOutput": ""}


ROUTES = [
    Route("/api/validate-yaml", plain(validate_yaml), methods=["POST"]),
    Route(API_REPO + "/preupload/{revision}", plain(preupload), methods=["POST"]),
    Route(API_REPO + "/commit/{revision}", streaming(commit), methods=["POST"]),
]
