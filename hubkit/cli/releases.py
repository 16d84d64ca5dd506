"""What comes after the training: publishing a finished run, and what one does with what is published."""

import json
from pathlib import Path
from typing import Annotated

import typer

from hubkit.cli.options import HubOption

Run = Annotated[Path, typer.Argument(metavar="RUN", help="A run folder, such as runs/mini-ninja.")]
Repo = Annotated[str | None, typer.Option("--repo", metavar="NS/NAME", help="Publish there.")]
TagOption = Annotated[str | None, typer.Option("--tag", metavar="TAG", help="Tag it once it is verified: v1.0.0.")]
Accept = Annotated[
    str | None, typer.Option("--accept", metavar="REASON", help="Publish though a gate is not met, and say why.")
]
Address = Annotated[
    str,
    typer.Argument(metavar="REPO[@TAG]", help="A published model; by default its newest version."),
]


def publish(
    run: Run, *, accept: Accept = None, tag: TagOption = None, repo: Repo = None, hub: HubOption = None
) -> None:  # fmt: skip
    """Publish a finished run, without training again.

    The run may have been made on another machine: its recipe.toml, *.json, samples/ and release/ are enough.

    hubkit publish runs/mini-ninja --tag v1.0.0
    """
    from hubkit.cli.train import print_end
    from hubkit.endpoint import settle
    from hubkit.errors import RecipeError
    from hubkit.pinning import alone
    from hubkit.recipe import reload

    said = {"tag": tag, "repo": repo}
    overrides = [f"publish.{key}={json.dumps(value)}" for key, value in said.items() if value is not None]
    if not (run / "recipe.toml").is_file():
        raise RecipeError(f"{run} is no run folder: it holds no recipe.toml")
    local = settle(hub, reload(run / "recipe.toml", overrides).hub)
    from hubkit.finished import Finished

    with alone(run):
        finished = Finished.open(run, overrides)
        if accept is not None:
            finished.accept(accept)
        print_end(finished.publish(), local=local)


def verify(address: Address, *, hub: HubOption = None) -> None:
    """Hold a published model against its lock: every hash, what is downloaded, and a picture drawn again.

    hubkit verify you/sd-naruto@v1.0.0
    """
    from hubkit.endpoint import settle

    settle(hub, None)
    from hubkit.releases import locate
    from hubkit.releases import verify as verified

    release = locate(address)
    print(f"{release}, commit {release.commit}")
    for found in verified(release):
        print(f"  {found}")
    print("verified")
