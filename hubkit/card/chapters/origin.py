"""Where it comes from, to the last byte, and how to make it again."""

import shlex
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote

from hubkit.card.bibliography import bibtex
from hubkit.card.chapters.data import address
from hubkit.card.chapters.opening import repo
from hubkit.card.facts import Facts
from hubkit.card.locking import recipe_hash
from hubkit.card.sections import Bullets, Code, Fold, Section, Table, Words, joined
from hubkit.escaping import Markdown, code
from hubkit.metrics import METRICS

HUBKIT: Final = "https://github.com/hubkit/hubkit"


def provenance(facts: Facts) -> Iterator[Section]:
    """Everything it was made from, by commit and hash."""
    model, images = facts.model, facts.images
    base = repo(facts.hub, model.base, model.base_revision)
    rows: list[tuple[str, Any]] = [
        ("base", Markdown(f"{base} at {code(model.base_revision)}")),
        ("data", Markdown(f"{address(facts)} at {code(images.revision)}")),
        ("recipe", Markdown(f"[recipe.toml](recipe.toml), sha256 {code(recipe_hash(facts))}")),
        *source(facts),
        *((f"weights, {path}", Markdown(f"sha256 {code(sha)}")) for path, sha in sorted(model.weights.items())),
        ("versions", joined([f"{name} {version}" for name, version in sorted(model.versions.items())])),
    ]
    yield Section("Provenance", [Words("provenance"), Table(["", ""], rows)])


def source(facts: Facts) -> Iterator[tuple[str, Any]]:
    """The commit it was made from, and the workflow's run, where there was one."""
    if of := facts.source:
        yield "code", Markdown(f"{code(of.repository)} at {code(of.commit)}")
        yield "workflow run", Markdown(f"<{quote(of.run_url, safe=':/')}>")


def reproduction(facts: Facts) -> Iterator[Section]:
    """How to make it again."""
    own = [] if facts.images.source.repo else [Words("reproduction_own_pictures", {"folder": facts.dataset})]
    tag = facts.recipe.publish.version
    local = " --hub local" if facts.is_rehearsal else ""
    command = f"hubkit reproduce {shlex.quote(f'{facts.model_id}@{tag}' if tag else facts.model_id)}{local}"
    version = facts.model.versions.get("hubkit-publisher", "")
    alike = Words("reproduction_cpu" if facts.model.device.startswith("CPU") else "reproduction_gpu")
    yield Section(
        "How to reproduce it",
        [
            Words("reproduction"),
            Code(f"pip install hubkit-publisher=={version}\n{command}", "sh"),
            Words("reproduction_run"),
            alike,
            *own,
        ],
    )


def citation(facts: Facts) -> Iterator[Section]:
    """The papers behind the method and the numbers, and the tool."""
    method: Any = facts.recipe.method
    metrics: dict[str, Any] = {score.kind: METRICS[score.kind] for score in facts.scores.scores}
    sources = [(method.paper, method.title), *((metric.paper, kind) for kind, metric in metrics.items())]
    papers = {paper: [what for source, what in sources if source == paper] for paper, _what in sources}
    said = [Markdown(f"{joined([code(what) for what in those])}: <{paper}>") for paper, those in papers.items()]
    entries = bibtex(papers)
    references = [Fold("BibTeX", [Code(entries, "bibtex")])] if entries else []
    yield Section("Citation", [Words("citation", {"base": code(facts.model.base), "hubkit": Markdown(HUBKIT)}),
                               Bullets(said), *references])  # fmt: skip
