"""One folder as the page that it would be on the Hub, read anew for every look at it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Route

from hubkit.localhub import cards
from hubkit.localhub.commits import README
from hubkit.localhub.folders import is_within, listed
from hubkit.localhub.rendering import Place
from hubkit.localhub.repository import RepoKind
from hubkit.localhub.routes.resolve import content_type, safe_headers
from hubkit.localhub.server import Background, Server, listen
from hubkit.localhub.showing import Shown, repository_page
from hubkit.localhub.store import check_repo_id


@contextmanager
def serving(folder: Path, repo_id: str, kind: RepoKind, port: int) -> Iterator[str]:
    """Serve the page on loopback for the length of a block, which gets its address. Raises HubError for a bad id."""
    check_repo_id(repo_id)
    background = Background(Server(_application(folder.resolve(strict=True), repo_id, kind), listen("127.0.0.1", port)))
    background.start()
    try:
        yield f"{background.server.url}/{_place(repo_id, kind).repo_path}"
    finally:
        background.stop()


def _application(folder: Path, repo_id: str, kind: RepoKind) -> Starlette:
    place = _place(repo_id, kind)

    async def page(request: Request) -> Response:
        origin = f"{request.url.scheme}://{request.url.netloc}"
        return await run_in_threadpool(_page, folder, repo_id, kind, origin)

    async def file(request: Request) -> Response:
        path = folder / request.path_params["path"]
        if not _is_shown(path, folder):
            return Response("No such file", 404)
        return FileResponse(path, headers=safe_headers(), media_type=content_type(path.name))

    async def to_page(_: Request) -> Response:
        return RedirectResponse(f"/{place.repo_path}")

    return Starlette(
        routes=[
            Route("/", to_page),
            Route(f"/{place.repo_path}", page),
            Route(f"/{place.repo_path}/resolve/{place.commit}/{{path:path}}", file),
        ]
    )


def _page(folder: Path, repo_id: str, kind: RepoKind, origin: str) -> Response:
    files = [(name, path.stat().st_size) for name, path in listed(folder) if _is_shown(path, folder)]
    readme = (folder / README).read_text(encoding="utf-8", errors="replace") if README in dict(files) else ""
    errors, warnings = cards.check(readme, kind)
    place = _place(repo_id, kind)
    return repository_page(Shown(kind, repo_id, cards.read(readme), place, files, origin, faults=errors + warnings))


def _is_shown(path: Path, folder: Path) -> bool:
    return path.is_file() and is_within(path, folder)


def _place(repo_id: str, kind: RepoKind) -> Place:
    return Place(repo_id if kind == "model" else f"{kind}s/{repo_id}", "main")
