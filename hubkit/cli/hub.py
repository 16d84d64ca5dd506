"""The local Hub."""

from pathlib import Path
from typing import Annotated

import typer

from hubkit.cli.options import Store


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


def seed(store: Store = None) -> None:
    """Put the miniature world (a small base, a small CLIP, drawn datasets) on the local Hub."""
    from hubkit.endpoint import go_local, home

    go_local(store or home() / "local-hub")
