"""The local Hub."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from hubkit.cli.options import Store

Kind = Literal["model", "dataset", "space"]


def serve(
    store: Store = None,
    port: Annotated[int | None, typer.Option("--port", help="Port to listen on.")] = None,
    host: Annotated[
        str, typer.Option("--host", help="Address; another than loopback needs --token-file.")
    ] = "127.0.0.1",
    token_file: Annotated[
        Path | None, typer.Option("--token-file", help="Users and their tokens: lines of `user role token [org,org]`.")
    ] = None,
    *,
    test_issuer: Annotated[
        bool, typer.Option("--test-issuer", help="Play GitHub's part in trusted publishing, for tests.")
    ] = False,
) -> None:
    """Serve the local Hub until it is interrupted: open it in a browser, or point HF_ENDPOINT at it."""
    from hubkit import localhub
    from hubkit.endpoint import home
    from hubkit.errors import RecipeError
    from hubkit.hub.addresses import LOOPBACK

    if host not in LOOPBACK and token_file is None:
        raise RecipeError(
            f"--host {host}: serving beyond this machine needs --token-file",
            help="a file with lines of `user role token [org,org]`, role read or write; docs/local-hub.md says more",
        )

    def started(hub: localhub.LocalHub) -> None:
        print(f"{hub.url}  (HF_ENDPOINT for any program; Ctrl-C ends it)", flush=True)
        if port and not hub.url.endswith(f":{port}"):
            print(f"port {port} was taken", file=sys.stderr)
        if host not in LOOPBACK:
            print(f"other machines reach it: {token_file} says who may write, and what travels is not encrypted",
                  file=sys.stderr)  # fmt: skip

    try:
        localhub.serve(
            store or home() / "local-hub",
            host=host,
            port=localhub.DEFAULT_PORT if port is None else port,
            token_file=token_file,
            issuer=test_issuer,
            started=started,
        )
    except (localhub.TokenFileError, OSError) as error:
        raise RecipeError(f"hub serve: {error}") from error


def import_(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Any folder, or one of the client's cache: models--ns--name.")
    ],
    repo: Annotated[str | None, typer.Option("--repo", metavar="NS/NAME", help="The repository to make of it.")] = None,
    kind: Annotated[Kind | None, typer.Option("--type", help="What it is, if not a model.")] = None,
    store: Store = None,
) -> None:
    """Make a folder a repository of the local Hub, with no client and no network. Again, it changes nothing.

    hubkit hub import my-pictures --repo class/pictures --type dataset

    hubkit hub import ~/.cache/huggingface/hub/models--CompVis--stable-diffusion-v1-4
    """
    from hubkit import localhub
    from hubkit.endpoint import home
    from hubkit.errors import RecipeError

    try:
        done = localhub.import_folder(store or home() / "local-hub", folder, repo=repo, kind=kind)
    except (localhub.FolderError, localhub.HubError) as error:
        raise RecipeError(f"hub import: {error}", help="docs/local-hub.md says what can be imported") from error
    print(f"{done.kind} {done.repo}: {done.num_files} files, {done.total_bytes / 1e6:.1f} MB, commit {done.commit}")
    print(f"{done.num_commits} new commits" if done.num_commits else "all was there already, nothing changed")
    for tag in done.tags:
        print(f"  also known as {tag}")


def seed(store: Store = None) -> None:
    """Put the miniature world (a small base, a small CLIP, drawn datasets) on the local Hub."""
    from hubkit.endpoint import go_local, home

    go_local(store or home() / "local-hub")
