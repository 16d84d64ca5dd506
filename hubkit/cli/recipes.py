"""What can be told from a recipe alone."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from hubkit.cli.options import Data, Overrides


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


def schema() -> None:
    """Print the recipe's JSON Schema, for editors."""
    import json

    from hubkit.recipe import schema as recipe_schema

    print(json.dumps(recipe_schema(), indent=2))
