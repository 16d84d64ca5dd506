"""What is typed: parse, call, print, exit code.

Only Typer is imported here at the top: `hubkit --help` and `hubkit check` answer at once.
"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from hubkit.publishing import Publication, Release
    from hubkit.scoring import Scores

app = typer.Typer(
    help="Finetune Stable Diffusion from one recipe, score it, describe it and publish it to the Hugging Face Hub.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
hub_app = typer.Typer(help="A Hub on this machine, for trying things out and for tests.", no_args_is_help=True)
app.add_typer(hub_app, name="hub")

RecipePath = Annotated[Path, typer.Argument(metavar="RECIPE", help="A recipe, such as recipes/quickstart.toml.")]
Overrides = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a key, such as training.steps=20.")
]
HubOption = Annotated[
    str | None, typer.Option("--hub", metavar="local|URL", help="Which Hub: the local one, or an address.")
]
Data = Annotated[
    Path | None, typer.Option("--data", metavar="DIR", help="A folder of your own in place of the dataset.")
]
Runs = Annotated[Path, typer.Option("--runs", metavar="DIR", help="Where run folders are kept.")]
Store = Annotated[Path | None, typer.Option("--store", metavar="DIR", help="Folder the repos are kept in.")]


@app.command()
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

    if rank():
        assist(plan, folder)
        return
    scores, end = run(plan, folder, push=push)
    print_scores(scores)
    print_end(end, local=local)


@app.command()
def check(
    recipes: Annotated[list[Path], typer.Argument(metavar="RECIPE...")], overrides: Overrides = None, data: Data = None
) -> None:  # fmt: skip
    """List every fault of the recipes; nothing is downloaded."""
    from hubkit.recipe import check as faults_of

    faults = [fault for recipe in recipes for fault in faults_of(recipe, overrides or (), folder=data)]
    for fault in faults:
        print(fault, file=sys.stderr)
    if faults:
        raise typer.Exit(2)
    print(f"{len(recipes)} {'recipe is' if len(recipes) == 1 else 'recipes are'} fine")


@app.command()
def schema() -> None:
    """Print the recipe's JSON Schema, for editors."""
    import json

    from hubkit.recipe import schema as recipe_schema

    print(json.dumps(recipe_schema(), indent=2))


@hub_app.command()
def serve(
    store: Store = None,
    port: Annotated[int | None, typer.Option("--port", help="Port to listen on.")] = None,
    host: Annotated[
        str, typer.Option("--host", help="Address; another than loopback needs --token-file.")
    ] = "127.0.0.1",
    token_file: Annotated[Path | None, typer.Option("--token-file", help="File with the token for writing.")] = None,
) -> None:
    """Serve the local Hub until it is interrupted: open it in a browser, or point HF_ENDPOINT at it."""
    from hubkit import localhub
    from hubkit.endpoint import home
    from hubkit.errors import RecipeError
    from hubkit.hub.addresses import LOOPBACK

    if host not in LOOPBACK and token_file is None:
        raise RecipeError(
            f"--host {host}: serving beyond this machine needs --token-file", help="without it anyone may write"
        )
    localhub.serve(
        store or home() / "local-hub",
        host=host,
        port=port or localhub.DEFAULT_PORT,
        token_file=token_file,
        started=lambda hub: print(f"{hub.url}  (HF_ENDPOINT for any program; Ctrl-C ends it)", flush=True),
    )


@hub_app.command()
def seed(store: Store = None) -> None:
    """Put the miniature world (a small base, a small CLIP, drawn datasets) on the local Hub."""
    from hubkit.endpoint import go_local, home

    go_local(store or home() / "local-hub")


def print_scores(scores: "Scores") -> None:
    """The scores, base beside finetuned, on stdout."""
    from hubkit.scoring import verdict

    for one in scores.scores:
        print(f"{one.metric:28} base {one.base:10.4f} | finetuned {one.value:10.4f}   {verdict(one)}, n = {one.n}")


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


def main() -> None:
    """Run a command; a user's error is a line and its exit code, a bug of ours a line and a file."""
    from hubkit.errors import HubkitError

    try:
        app()
    except HubkitError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
    except Exception:  # noqa: BLE001 - the last line of defence
        from hubkit.crash import report

        print(f"error[HK100]: a bug in hubkit; the traceback is in {report()}", file=sys.stderr)
        sys.exit(1)
