"""The demo Space of a published model."""

import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from hubkit.cli.options import HubOption


def space(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A published model: NS/NAME or NS/NAME@TAG.")],
    *,
    push: Annotated[bool, typer.Option("--push", help="Publish it as a Space.")] = False,
    repo: Annotated[str | None, typer.Option("--repo", metavar="NS/NAME", help="Publish there.")] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Write the Space's files there.")] = None,
    hub: HubOption = None,
) -> None:
    """Make a demo page that draws a prompt with the base and with the finetuned model, side by side.

    hubkit space your-name/sd-naruto

    hubkit space your-name/sd-naruto --push
    """
    from hubkit.endpoint import settle
    from hubkit.errors import RecipeError

    if repo and not push:
        raise RecipeError("--repo says where the Space is published", help="add --push")
    local = settle(hub, None)
    from hubkit import space as demos

    demo = demos.read(model)
    if out or not push:
        folder = out or Path("spaces") / demo.model.repo.partition("/")[2]
        demos.write(demo, folder)
        print_run(folder, local=local)
    if push:
        done = demos.push(demo, repo)
        print(f"{'published' if done.created else 'already published, nothing changed'}: {done.url}")
        print(f"commit {done.commit}; {'; '.join(done.verified)}")


def print_run(folder: Path, *, local: bool) -> None:
    """Where the files are, and how to run them."""
    print(f"the Space is in {folder}; run it with")
    print(f"    pip install -r {shlex.quote(str(folder / 'requirements.txt'))}")
    print(f"    {''.join(beside(local=local))}python {shlex.quote(str(folder / 'app.py'))}")
    if local:
        port = os.environ["HF_ENDPOINT"].rpartition(":")[2]
        print(f"while the local Hub is served by `hubkit hub serve --port {port}`")


def beside(*, local: bool) -> Iterator[str]:
    """What the environment must say for the Space to find the same Hub, and the local one its own downloads."""
    for name in ("HF_ENDPOINT", "HF_HOME") if local else ("HF_ENDPOINT",):
        if value := os.environ.get(name):
            yield f"{name}={shlex.quote(value)} "
