"""A repository as a page for a person: its card as the Hub shows it, and what the Hub tells beside it.

What is shown is a value, so that a folder that was never pushed can be shown too. The pages need no script and load
nothing from elsewhere, and the policy sent with them says so to the browser.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import Response

from hubkit.localhub import cards
from hubkit.localhub.cards import Card
from hubkit.localhub.discussions import Discussion, Event
from hubkit.localhub.objects import Commit
from hubkit.localhub.rendering import (
    Place,
    breakable,
    gallery,
    human_date,
    human_number,
    human_size,
    marked_diff,
    render,
)
from hubkit.localhub.repository import MAIN, RepoKind, Repository

_POLICY = (
    "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_MOST_FILES = 200

_DOWNLOAD = "hf download {id}{kind}"
_DATASET = 'from datasets import load_dataset\n\ndataset = load_dataset("{id}")'
_DIFFUSERS = 'from diffusers import DiffusionPipeline\n\npipe = DiffusionPipeline.from_pretrained("{id}")'
_TRANSFORMERS = 'from transformers import AutoModel\n\nmodel = AutoModel.from_pretrained("{id}")'

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters.update(
    size=human_size, date=human_date, number=human_number, breakable=breakable, marked=marked_diff
)


@dataclass(frozen=True)
class Shown:
    """What the page of a repository shows."""

    kind: RepoKind
    id: str
    card: Card
    place: Place
    files: Sequence[tuple[str, int]]  # path and size in bytes
    origin: str  # the Hub's address
    revision: str = "main"
    private: bool = False
    gated: bool = False
    commits: Sequence[tuple[str, Commit]] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    branches: Mapping[str, str] = field(default_factory=dict)
    discussions: Sequence[Discussion] = ()
    faults: Sequence[str] = ()  # for which the Hub would refuse the card

    @property
    def labels(self) -> list[tuple[str, str]]:
        """What the repository is filed under: what sort of label, "" for a plain one, and its value."""
        tags = cards.tags(self.card.data, [path for path, _ in self.files])
        labels = [(sort, value) if value else ("", sort) for sort, _, value in (tag.partition(":") for tag in tags)]
        relation = self.card.data.get("base_model_relation")
        bases = [value.removeprefix(f"{relation}:") for sort, value in labels if value.startswith(f"{relation}:")]
        said_better = {("base_model", value) for base in bases for value in (base, f"{relation}:{base}")}
        return [label for label in labels if label not in said_better] + [(f"{relation} of", base) for base in bases]

    @property
    def usage(self) -> str:
        """A few lines that load it."""
        libraries = {"diffusers": _DIFFUSERS, "transformers": _TRANSFORMERS}
        library = str(self.card.data.get("library_name", ""))
        snippet = {"model": libraries.get(library, _DOWNLOAD), "dataset": _DATASET, "space": _DOWNLOAD}[self.kind]
        kind = "" if self.kind == "model" else f" --type {self.kind}"
        return snippet.format(id=self.id, kind=kind)


def repository_page(shown: Shown) -> Response:
    pictures = gallery(shown.card.data, shown.place)
    gallery_html = _templates.get_template("gallery.html").render(pictures=pictures)
    body = render(shown.card.text, shown.place, gallery_html)
    if pictures and "<gallery" not in shown.card.text.lower():
        body = gallery_html + body
    return html(
        "repo.html",
        shown=shown,
        body=Markup(body),  # noqa: S704 - `render` lets nothing through but its allow-list
        results=list(_results(shown.card.data)),
        files=shown.files[:_MOST_FILES],
        total_bytes=sum(size for _, size in shown.files),
    )


def discussion_page(repo: Repository, one: Discussion, events: Sequence[Event], diff: str) -> Response:
    """What was said, as the Hub shows it: comments are Markdown."""
    place = Place(repo.path, repo.resolve(MAIN))
    said = {
        event["id"]: Markup(render(event["data"]["latest"]["raw"], place, ""))  # noqa: S704 - as of a card
        for event in events
        if event["type"] == "comment"
    }
    return html("discussion.html", repo=repo, one=one, events=events, said=said, diff=diff)


def html(template: str, status: int = 200, **facts: Any) -> Response:
    content = _templates.get_template(template).render(**facts)
    headers = {
        "Content-Security-Policy": _POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
    return Response(content, status, headers, "text/html; charset=utf-8")


def _results(card: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
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
