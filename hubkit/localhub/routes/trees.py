"""What is in a repository: trees, single paths, history."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlencode

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hubkit.localhub.call import Call, path_in_repo, plain
from hubkit.localhub.errors import entry_not_found
from hubkit.localhub.repository import Repository
from hubkit.localhub.routes.paths import API_REPO

_Item = TypeVar("_Item")

_SAFE = {"status": "safe", "avScan": None, "pickleImportScan": None}


def tree(call: Call) -> Response:
    repo = call.downloadable()
    commit = repo.resolve(call.param("revision"))
    folder = path_in_repo(call) if call.request.path_params.get("path") else ""
    if folder not in repo.folders(commit):
        raise entry_not_found(folder, commit=commit)
    paths = sorted(_below(repo, commit, folder, recursive=call.flag("recursive")))
    expand = call.flag("expand")
    page, headers = paged(call, paths, commit, call.hub.limits.expanded_page_size if expand else None)
    return JSONResponse(entries(repo, commit, page, expand=expand), headers=headers)


def paths_info(call: Call) -> Response:
    """Form-encoded, other than everything else; unknown paths are left out without a word."""
    repo = call.downloadable()
    commit = repo.resolve(call.param("revision"))
    form = parse_qs(call.body.decode())
    paths = [path.strip("/") for path in form.get("paths", [])]
    known = [path for path in paths if path in repo.files(commit) or (path and path in repo.folders(commit))]
    return JSONResponse(entries(repo, commit, known, expand=form.get("expand") == ["true"]))


def commits(call: Call) -> Response:
    repo = call.readable()
    history = list(repo.history(repo.resolve(call.param("revision"))))
    page, headers = paged(call, history, history[0][0])
    return JSONResponse(
        [
            {
                "id": oid,
                "title": commit.title,
                "message": commit.description,
                "authors": [{"user": commit.author}],
                "date": commit.date,
            }
            for oid, commit in page
        ],
        headers=headers,
    )


def entries(repo: Repository, commit: str, paths: Iterable[str], *, expand: bool = False) -> list[dict[str, Any]]:
    """Files and folders as listings show them; `expand` adds the last commit that changed each."""
    paths = list(paths)
    listed = [_entry(repo, commit, path) for path in paths]
    if expand:
        changed = last_changes(repo, commit, paths)
        for entry in listed:
            entry["lastCommit"] = changed[entry["path"]]
            if entry["type"] == "file":
                entry["securityFileStatus"] = _SAFE
    return listed


def last_changes(repo: Repository, commit: str, paths: Sequence[str]) -> dict[str, dict[str, str]]:
    """For each path the newest commit whose parent has something else there."""
    found: dict[str, dict[str, str]] = {}
    wanted = {path: _oid(repo, commit, path) for path in paths}
    for oid, made in repo.history(commit):
        parent = made.parents[0] if made.parents else None
        for path, content in wanted.items():
            if path not in found and (parent is None or _oid(repo, parent, path) != content):
                found[path] = {"id": oid, "title": made.title, "date": made.date}
        if len(found) == len(wanted):
            break
    return found


def paged(
    call: Call, items: Sequence[_Item], commit: str, page_size: int | None = None
) -> tuple[Sequence[_Item], dict[str, str]]:
    """One page, and the header that leads to the next. That names the commit, since the branch may move in between."""
    query = call.request.query_params
    limit, cursor = query.get("limit", ""), query.get("cursor", "")
    size = page_size or call.hub.limits.page_size
    size = min(size, max(int(limit), 1)) if limit.isdigit() else size
    start = int(cursor) if cursor.isdigit() else 0
    if start + size >= len(items):
        return items[start:], {}
    parts = call.request.url.path.split("/")
    parts[parts.index(call.request.path_params["revision"], 5)] = commit
    link = f"{call.origin}{'/'.join(parts)}?{urlencode({**query, 'cursor': start + size})}"
    return items[start : start + size], {"Link": f'<{link}>; rel="next"'}


def _below(repo: Repository, commit: str, folder: str, *, recursive: bool) -> list[str]:
    prefix = f"{folder}/" if folder else ""
    paths = [path for path in (*repo.folders(commit), *repo.files(commit)) if path and path.startswith(prefix)]
    return paths if recursive else [path for path in paths if "/" not in path[len(prefix) :]]


def _oid(repo: Repository, commit: str, path: str) -> str | None:
    entry = repo.files(commit).get(path)
    return entry.oid if entry else repo.folders(commit).get(path)


def _entry(repo: Repository, commit: str, path: str) -> dict[str, Any]:
    file_entry = repo.files(commit).get(path)
    if file_entry is None:
        return {"type": "directory", "oid": repo.folders(commit)[path], "size": 0, "path": path}
    file = repo.file_info(file_entry.oid)
    entry: dict[str, Any] = {"type": "file", "oid": file.oid, "size": file.size, "path": path}
    if file.lfs:
        entry["lfs"] = {"oid": file.lfs.sha256, "size": file.size, "pointerSize": len(file.lfs.encode())}
    return entry


ROUTES = [
    Route(API_REPO + "/tree/{revision}", plain(tree)),
    Route(API_REPO + "/tree/{revision}/{path:path}", plain(tree)),
    Route(API_REPO + "/paths-info/{revision}", plain(paths_info), methods=["POST"]),
    Route(API_REPO + "/commits/{revision}", plain(commits)),
]
