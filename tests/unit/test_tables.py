"""The four tables of what a recipe may name: nothing stands in them undocumented, unsourced or unused."""

import tomllib
from pathlib import Path

import pytest

from hubkit.families import FAMILIES
from hubkit.methods import METHODS
from hubkit.metrics import METRICS
from hubkit.recipe import check
from hubkit.targets import TARGETS

ROOT = Path(__file__).parents[2]
RECIPES = sorted(ROOT.glob("recipes/*.toml"))
TABLES = {"model": FAMILIES, "method": METHODS, "metrics": METRICS, "publish": TARGETS}
ENTRIES = [(table, kind, entry) for table, kinds in TABLES.items() for kind, entry in kinds.items()]
SOURCED = [entry for entry in ENTRIES if entry[0] != "publish"]
UNUSED = {("publish", "folder")}
"""For a machine without a Hub; a story test publishes a recipe so."""

entries = pytest.mark.parametrize(("table", "kind", "entry"), ENTRIES, ids=[f"{one[0]}-{one[1]}" for one in ENTRIES])


def kinds_of(path: Path) -> set[tuple[str, str]]:
    """What a recipe names of each table."""
    said = tomllib.loads(path.read_text())
    tables = {table: said.get(table, []) for table in TABLES}
    return {
        (table, one["kind"])
        for table, value in tables.items()
        for one in (value if isinstance(value, list) else [value])
    }


def own_pictures(path: Path) -> Path | None:
    """What `--data` gives a recipe that has no dataset of its own."""
    return None if {"repo", "folder"} & set(tomllib.loads(path.read_text())["data"]) else ROOT / "docs" / "pictures"


@entries
def test_it_says_what_it_is(table, kind, entry):
    """A sentence of its own, not its base class's."""
    assert (entry.__dict__.get("__doc__") or "").strip().endswith((".", "`."))


@pytest.mark.parametrize(("table", "kind", "entry"), SOURCED, ids=[f"{one[0]}-{one[1]}" for one in SOURCED])
def test_it_names_its_paper(table, kind, entry):
    """Whoever reads the card or the code can look it up. A place to publish to has none."""
    assert entry.paper.startswith("https://arxiv.org/abs/")


@entries
def test_a_shipped_recipe_uses_it(table, kind, entry):
    """One that is without a fault."""
    users = [path for path in RECIPES if (table, kind) in kinds_of(path)]

    assert bool(users) is ((table, kind) not in UNUSED)
    assert not [fault for path in users for fault in check(path, folder=own_pictures(path))]


@entries
def test_the_reference_tells_of_it(table, kind, entry):
    """Its heading, and a row for every key."""
    reference = (ROOT / "docs" / "recipe.md").read_text()
    header = f"[[{table}]]" if table == "metrics" else f"[{table}]"
    heading = f'## `{header}` with `kind = "{kind}"`\n'

    assert heading in reference
    section = reference.split(heading)[1].split("\n## ")[0]
    assert not [key for key in entry.model_fields if f"| `{key}` |" not in section]
