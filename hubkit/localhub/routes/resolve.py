"""Downloads: HEAD and GET of one file at a revision, whole or in part."""

import re
from collections.abc import Iterator
from urllib.parse import quote

from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from hubkit.localhub.call import Call, path_in_repo, plain
from hubkit.localhub.errors import HubError, entry_not_found
from hubkit.localhub.repository import FileInfo, Repository
from hubkit.localhub.routes.paths import DATASET_OR_SPACE, MODEL


def resolve(call: Call) -> Response:
    """A file, from the Hub itself: no redirect, no compression, and no `X-Xet-Hash`, so that clients use plain HTTP."""
    repo = call.downloadable()
    commit = repo.resolve(call.param("revision"))
    path = path_in_repo(call)
    entry = repo.files(commit).get(path)
    if entry is None:
        raise entry_not_found(path, commit=commit)
    file = repo.file_info(entry.oid)
    span = _span(call.request.headers.get("range"), file.size)
    headers = _headers(path, commit, file)
    if span is not None:
        headers["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{file.size}"
    wanted = span or range(file.size)
    headers["Content-Length"] = str(len(wanted))
    status = 200 if span is None else 206
    if call.request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    return StreamingResponse(_content(repo, file, wanted), status, headers, headers["Content-Type"])


def _headers(path: str, commit: str, file: FileInfo) -> dict[str, str]:
    name = path.rpartition("/")[2]
    plain_name = re.sub(r"[^ !#-\[\]-~]", "_", name)
    headers = {
        "X-Repo-Commit": commit,
        "ETag": f'"{file.etag}"',
        "Accept-Ranges": "bytes",
        "Content-Disposition": f"inline; filename*=UTF-8''{quote(name)}; filename=\"{plain_name}\";",
        "Content-Type": content_type(path),
        **safe_headers(),
    }
    if file.lfs:
        headers["X-Linked-Etag"] = headers["ETag"]
        headers["X-Linked-Size"] = str(file.size)
    return headers


def safe_headers() -> dict[str, str]:
    """A repository's files come from anyone: as a page, they get no scripts and no access to this origin."""
    policy = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return {"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff"}


def content_type(path: str) -> str:
    """Images show themselves in pages; nothing else is given a type that a browser would run."""
    suffix = path.rpartition(".")[2].lower()
    images = {"png": "png", "jpg": "jpeg", "jpeg": "jpeg", "webp": "webp", "gif": "gif", "svg": "svg+xml"}
    if suffix in images:
        return f"image/{images[suffix]}"
    return (
        "text/plain; charset=utf-8" if suffix in ("txt", "md", "json", "yaml", "toml") else "application/octet-stream"
    )


def _span(header: str | None, size: int) -> range | None:
    """The bytes that a Range header asks for: `a-b`, `a-` or `-n`. Anything else is ignored, as HTTP allows."""
    found = re.fullmatch(r"bytes=(\d*)-(\d*)", header or "")
    if found is None or found[0] == "bytes=-":
        return None
    first, last = found.groups()
    if not first:
        span = range(max(size - int(last), 0), size)
    else:
        span = range(int(first), min(int(last) + 1, size) if last else size)
    if not span:
        message = f"The range {header} lies outside of the file of {size} bytes"
        raise HubError(416, message, extra_headers={"Content-Range": f"bytes */{size}"})
    return span


def _content(repo: Repository, file: FileInfo, span: range) -> Iterator[bytes]:
    if file.lfs is None:
        yield repo.read_object(file.oid)[span.start : span.stop]
        return
    large = repo.large_file(file.lfs.sha256)
    if large is None or large.size != file.size:
        raise AssertionError(f"{file.lfs.sha256} is not here as its pointer says")
    yield from large.read(span)


_FILE = "/resolve/{revision}/{path:path}"
ROUTES = [
    Route(DATASET_OR_SPACE + _FILE, plain(resolve)),
    Route(MODEL + _FILE, plain(resolve)),
]
