"""The card of a model: looked at before anything is published, and checked after."""

import json
import sys
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hubkit.cli.options import HubOption

if TYPE_CHECKING:
    from hubkit.card.checking import Checked


def preview(
    folder: Annotated[
        Path, typer.Argument(metavar="RUN|FOLDER", help="A run folder, or any folder that would be pushed.")
    ],
    port: Annotated[int, typer.Option("--port", help="Port to listen on; 0 takes a free one.")] = 0,
    *,
    browse: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Show the card as the Hub will show it, before anything is published, until interrupted.

    Edit the README.md and reload: it is read anew for every look. What the Hub would refuse it for stands on top.

    hubkit preview runs/mini-ninja --open
    """
    from hubkit import localhub
    from hubkit.errors import RecipeError

    place = shown(folder)

    def started(url: str) -> None:
        print(url, flush=True)
        print("the card, read anew for every look; Ctrl-C ends it", file=sys.stderr)
        if browse:
            webbrowser.open(url)

    try:
        localhub.preview(place, repo=name_of(place), port=port, started=started)
    except OSError as error:
        raise RecipeError(f"port {port} cannot be listened on: {error.strerror}", help="leave --port out") from error


def check(
    model: Annotated[
        str, typer.Argument(metavar="REPO[@TAG]|RUN|FOLDER", help="A published model, a run folder, or a release.")
    ],
    *,
    run: Annotated[bool, typer.Option("--run/--no-run", help="Execute the card's code, too.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
    hub: HubOption = None,
) -> None:
    """Check that a card is true: its numbers, links, pictures, metadata and code. Every fault is listed; exit 10.

    Sections that are word for word hubkit's were written from the facts. The last line names those that people edited:
    they are not checked, but for the scores in them.

    Executing means: the weights are downloaded, and hubkit's own template draws with them, without a network. A card
    whose code is anything else than what hubkit writes for its lock is a fault, and nothing of it is executed.

    hubkit card check hubkit/naruto@v1.0.0
    """
    from hubkit.card import checking
    from hubkit.endpoint import settle
    from hubkit.errors import IntegrityError

    folder = Path(model)
    if folder.is_dir():
        held = checking.of_folder(shown(folder))
        settle(hub, held.lock.recipe.tables.get("hub"))
    else:
        settle(hub, None)
        held = checking.of_repo(model)
    found = checking.check(held, run=run)
    print(in_json(found)) if as_json else report(found)
    if found.faults:
        raise IntegrityError.of(found.faults)


def report(found: "Checked") -> None:
    """What was looked at, and what that amounts to, on stdout."""
    from hubkit.errors import visible

    print(f"{found.where}:")
    for line in found.seen:
        print(f"  {visible(line)}")
    print(visible(found.verdict))


def in_json(found: "Checked") -> str:
    """The same for a script."""
    from dataclasses import asdict

    return json.dumps({"verdict": found.verdict, **asdict(found)}, indent=2)


def shown(folder: Path) -> Path:
    """The folder that holds the card: that of the run's release, or the folder itself. Raises RecipeError."""
    from hubkit.errors import RecipeError
    from hubkit.publishing import CARD

    for place in (folder / "release", folder):
        if (place / CARD).is_file():
            return place
    raise RecipeError(
        f"{folder} holds no {CARD}, and no release with one",
        help="name a run folder such as runs/mini-ninja, once `hubkit train` has described it",
    )


def name_of(folder: Path) -> str:
    """The repo that the release is meant for; a stand-in where the folder is none, or goes to no repo."""
    from pydantic import TypeAdapter, ValidationError

    from hubkit.publishing import LOCK, Lock
    from hubkit.values import RepoId

    if not (folder / LOCK).is_file():
        return "you/model"
    try:
        return TypeAdapter[str](RepoId).validate_python(Lock.of_folder(folder).model_id)
    except ValidationError:
        return "you/model"
