"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

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
