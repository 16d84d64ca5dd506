"""The whole run, and what is said at its end."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hubkit.cli.options import Data, HubOption, Overrides, RecipePath, Runs

if TYPE_CHECKING:
    from hubkit.publishing import Publication, Release
    from hubkit.scoring import Scores


def train(
    recipe: RecipePath,
    *,
    push: Annotated[bool, typer.Option("--push", help="Publish the model too.")] = False,
    overrides: Overrides = None,
    data: Data = None,
    repo: Annotated[str | None, typer.Option("--repo", metavar="NS/NAME", help="Publish there.")] = None,
    runs: Runs = Path("runs"),
    hub: HubOption = None,
) -> None:
    """Pull, train, score, describe and, with --push, publish. Run it again to continue.

    hubkit train recipes/quickstart.toml --push

    hubkit train recipes/naruto.toml --set training.steps=20 --hub local
    """
    from hubkit.endpoint import settle
    from hubkit.processes import rank, wait_for_first
    from hubkit.recipe import load

    plan = load(recipe, overrides or (), folder=data, repo=repo)
    folder = runs / plan.name
    if rank():
        wait_for_first(folder)
    local = settle(hub, plan.hub)
    from hubkit.run import assist, run

    with stoppable():
        if rank():
            assist(plan, folder)
            return
        scores, end = run(plan, folder, push=push)
    print_scores(scores)
    print_end(end, local=local)


@contextmanager
def stoppable() -> Iterator[None]:
    """SIGINT and SIGTERM end what is done here, and the same command continues it. Raises StoppedError."""
    from hubkit.errors import StoppedError

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        raise StoppedError("stopped in the middle of a stage", help="run the same command to continue") from None


def print_scores(scores: "Scores") -> None:
    """The scores, base beside finetuned, on stdout."""
    from hubkit.scoring import verdict

    for one in scores.scores:
        if one.withheld:
            print(f"{one.metric:28} withheld: {one.withheld}")
            continue
        print(f"{one.metric:28} base {one.base:10.4f} | finetuned {one.value:10.4f}   {verdict(one)}, n = {one.n}")
    if scores.study:
        print(f"prompt study: {scores.study.verdict}")


def print_end(end: "Release | Publication", *, local: bool) -> None:
    """Where the model is, and how to load it."""
    from hubkit.publishing import Release

    if isinstance(end, Release):
        print(f"not published (no --push): the release is in {end.folder}")
        return
    print(f"{'published' if end.created else 'already published, nothing changed'}: {end.url}")
    print(f"commit {end.commit}{f', tag {end.tag}' if end.tag else ''}; {'; '.join(end.verified)}")
    if local:
        address = os.environ["HF_ENDPOINT"]
        port = address.rpartition(":")[2]
        print(f"start the local Hub with `hubkit hub serve --port {port}`, and set HF_ENDPOINT={address}")
    print("load it with")
    print("    from diffusers import StableDiffusionPipeline")
    at = f', revision="{end.revision}"' if end.revision else ""
    print(f'    pipe = StableDiffusionPipeline.from_pretrained("{end.repo}"{at})')
