"""Pages for a person: the list of repositories, one repository, a discussion; and the way to log in."""

from collections.abc import Callable
from itertools import islice
from typing import Any

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hubkit.localhub import cards, discussions
from hubkit.localhub.call import Call, plain
from hubkit.localhub.commits import README
from hubkit.localhub.errors import HubError
from hubkit.localhub.rendering import Place, gallery
from hubkit.localhub.repository import KINDS, Repository
from hubkit.localhub.routes.paths import DATASET_OR_SPACE, MODEL
from hubkit.localhub.routes.repos import describe
from hubkit.localhub.showing import Shown, discussion_page, html, repository_page

_MOST_COMMITS = 20


def page(handler: Callable[[Call], Response]) -> Callable[[Call], Response]:
    """A route whose refusals are pages too."""

    def shown(call: Call) -> Response:
        try:
            return handler(call)
        except HubError as error:
            if error.status == 307:  # noqa: PLR2004 - a repository that moved
                raise
            return html("error.html", error.status, error=error, path=call.request.url.path)

    return shown


def index(call: Call) -> Response:
    sections = {kind: [repo for repo in call.hub.store.repos(kind) if _is_visible(call, repo)] for kind in KINDS}
    listed = {
        kind: sorted((_summary(repo) for repo in repos), key=lambda one: str(one["lastModified"]), reverse=True)
        for kind, repos in sections.items()
    }
    return html("index.html", sections=listed, origin=call.origin)


def repository(call: Call) -> Response:
    """A repository at a revision: its card, what its front matter says, its files, commits and tags."""
    repo = call.readable()
    revision = call.param("revision") if "revision" in call.request.path_params else "main"
    commit = repo.resolve(revision)
    shown = Shown(
        kind=repo.kind,
        id=repo.id,
        card=cards.read(repo.read_text(commit, README)),
        place=Place(repo.path, commit),
        files=[(path, repo.file_info(entry.oid).size) for path, entry in repo.files(commit).items()],
        origin=call.origin,
        revision=revision,
        private=repo.settings.private,
        gated=bool(repo.settings.gated),
        commits=list(islice(repo.history(commit), _MOST_COMMITS)),
        tags=repo.refs("refs/tags/"),
        branches=repo.refs("refs/heads/"),
        discussions=discussions.listed(repo),
    )
    return repository_page(shown)


def discussion(call: Call) -> Response:
    """A pull request or a discussion: what was said, and what would change."""
    repo = call.readable()
    one = discussions.read(repo, call.param("number"))
    pushed = discussions.commit_events(repo, one) if one.is_pull_request else []
    events = sorted([*one.events, *pushed], key=lambda event: str(event["createdAt"]))
    diff = discussions.diff(repo, one) if one.is_pull_request else ""
    return discussion_page(repo, one, events, diff)


def log_in(call: Call) -> Response:
    """Let the browser ask for a token, which it then sends along; it is good for reading alone."""
    if call.caller.is_anonymous:
        prompt = {"WWW-Authenticate": 'Basic realm="local Hub: your user name, and a token as the password"'}
        return Response("A token is needed.", 401, headers=prompt)
    target = call.request.query_params.get("next", "/")
    return RedirectResponse(target if target.startswith("/") and not target.startswith(("//", "/\\")) else "/")


def _is_visible(call: Call, repo: Repository) -> bool:
    return not repo.settings.private or call.caller.is_insider(repo)


def _summary(repo: Repository) -> dict[str, Any]:
    about = describe(repo, repo.resolve("main"))
    pictures = gallery(about["cardData"], Place(repo.path, about["sha"]))
    return {**about, "path": repo.path, "picture": pictures[0].address if pictures else None}


ROUTES = [
    Route("/", plain(page(index))),
    Route("/_login", plain(page(log_in))),
    *(Route(f"{prefix}/discussions/{{number}}", plain(page(discussion))) for prefix in (DATASET_OR_SPACE, MODEL)),
    *(
        Route(prefix + suffix, plain(page(repository)))
        for prefix in (DATASET_OR_SPACE, MODEL)
        for suffix in ("", "/tree/{revision}", "/commit/{revision}")
    ),
]
