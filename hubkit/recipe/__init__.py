"""The recipe: one TOML file for the whole run, checked as a whole before anything is downloaded.

`load` gives a frozen `Recipe` or raises with every fault at once, each with its file and line; `check` gives the
faults alone. Nothing here imports torch or asks the network.
"""

from hubkit.recipe.loading import check, load, reload
from hubkit.recipe.paths import local, shared
from hubkit.recipe.schema import schema
from hubkit.recipe.settings import Recipe
from hubkit.recipe.writing import dump, toml

__all__ = ["Recipe", "check", "dump", "load", "local", "reload", "schema", "shared", "toml"]
