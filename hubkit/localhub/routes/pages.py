"""Pages for a person: the list of repositories, and one repository with its card as the Hub shows it.

They need no script and load nothing from elsewhere, and the policy sent with them says so to the browser.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hubkit.localhub import cards, discussions
from hubkit.localhub.call import Call, plain
from hubkit.localhub.commits import README
from hubkit.localhub.errors import HubError
from hubkit.localhub.rendering import Place, gallery, human_date, human_size, render
from hubkit.localhub.repository import KINDS, Repository
from hubkit.localhub.routes.paths import DATASET_OR_SPACE, MODEL
from hubkit.localhub.routes.repos import describe

_POLICY = (
    "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_MOST_FILES = 200
_MOST_COMMITS = 20

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent.parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters.update(size=human_size, date=human_date)


def page(handler: Callable[[Call], Response]) -> Callable[[Call], Response]:
    """A route whose refusals are pages too."""

    def shown(call: Call) -> Response:
        try:
            return handler(call)
        except HubError as error:
            return _html("error.html", error.status, error=error, path=call.request.url.path)

    return shown


def index(call: Call) -> Response:
    sections = {kind: [repo for repo in call.hub.store.repos(kind) if _is_visible(call, repo)] for kind in KINDS}
    listed = {
        kind: sorted((_summary(repo) for repo in repos), key=lambda one: str(one["lastModified"]), reverse=True)
        for kind, repos in sections.items()
    }
    return _html("index.html", sections=listed, origin=call.origin)


def repository(call: Call) -> Response:
    """A repository at a revision: its card, what its front matter says, its files, commits and tags."""
    repo = call.readable()
    revision = call.param("revision") if "revision" in call.request.path_params else "main"
    commit = repo.resolve(revision)
    place = Place(repo.path, commit)
    card = cards.read(repo.read_text(commit, README))
    pictures = gallery(card.data, place)
    gallery_html = _templates.get_template("gallery.html").render(pictures=pictures)
    body = render(card.text, place, gallery_html)
    if pictures and "<gallery" not in card.text.lower():
        body = gallery_html + body
    about = describe(repo, commit)
    return _html(
        "repo.html",
        repo=repo,
        place=place,
        revision=revision,
        info=about,
        card=card.data,
        body=Markup(body),  # noqa: S704 - `render` lets nothing through but its allow-list
        results=list(_results(card.data)),
        files=[(path, repo.file_info(entry.oid)) for path, entry in list(repo.files(commit).items())[:_MOST_FILES]],
        num_files=len(repo.files(commit)),
        commits=list(repo.history(commit))[:_MOST_COMMITS],
        tags=repo.refs("refs/tags/"),
        branches=repo.refs("refs/heads/"),
        origin=call.origin,
    )


def discussion(call: Call) -> Response:
    """A pull request or a discussion: what was said, and what would change."""
    repo = call.readable()
    one = discussions.read(repo, call.param("number"))
    pushed = discussions.commit_events(repo, one) if one.is_pull_request else []
    events = sorted([*one.events, *pushed], key=lambda event: str(event["createdAt"]))
    diff = discussions.diff(repo, one) if one.is_pull_request else ""
    return _html("discussion.html", repo=repo, one=one, events=events, diff=diff)


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
    return {**describe(repo, repo.resolve("main")), "path": repo.path}


def _results(card: Mapping[str, Any]) -> Any:
    """The rows of the results box: what the model-index says, one metric each."""
    index_of_models = card.get("model-index")
    if not isinstance(index_of_models, list) or cards.model_index_faults(index_of_models):
        return
    for model in index_of_models:
        for result in model["results"]:
            for metric in result["metrics"]:
                yield {
                    "task": result["task"].get("name") or result["task"]["type"],
                    "dataset": result["dataset"]["name"],
                    "metric": metric.get("name") or metric["type"],
                    "value": metric["value"],
                }


def _html(template: str, status: int = 200, **facts: Any) -> Response:
    content = _templates.get_template(template).render(**facts)
    headers = {
        "Content-Security-Policy": _POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
    return Response(content, status, headers, "text/html; charset=utf-8")


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
