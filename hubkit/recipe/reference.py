"""The reference of the recipe in Markdown, from the same schema that checks it."""

from collections.abc import Iterator
from typing import Any

from hubkit.recipe.faults import CODES
from hubkit.recipe.schema import schema
from hubkit.recipe.wording import in_words
from hubkit.recipe.writing import toml

_INTRODUCTION = """# The recipe

<!-- Written by `make docs` from the code. Do not edit. -->

One TOML file says the whole run. It is strict: a key that is not in these tables is a fault, and so is a setting that
would be ignored. `hubkit check RECIPE` lists every fault at once and downloads nothing.

`--set training.steps=20` gives any key on the command line; `none` takes it out. A metric is addressed by its kind:
`--set metrics.kid.gate=none`. `--data DIR` puts a folder of your own in place of `[data] repo`; `--repo namespace/name`
chooses where the model is published.

Editors complete and check recipes whose first line is `#:schema ./recipe.schema.json` (Taplo, Even Better TOML).
"""


def reference() -> str:
    """docs/recipe.md."""
    tables = schema()["properties"]
    plain = {key: about for key, about in tables.items() if not _classes(about)}
    required = schema()["required"]
    sections = ["## At the top\n", *_table({"properties": plain, "required": required})]
    for key, about in tables.items():
        for table in _classes(about):
            sections += _section(key, about, table)
    codes = [f"| `{code}` | {meaning} |" for code, meaning in CODES.items()]
    sections += ["\n## Faults\n", "| code | meaning |", "|---|---|", *codes]
    return _INTRODUCTION + "\n" + "\n".join(sections) + "\n"


def _classes(about: dict[str, Any]) -> list[dict[str, Any]]:
    """The tables that may stand under a key: one, or one for each kind."""
    about = about.get("items", about)
    references = [about["$ref"]] if "$ref" in about else [choice["$ref"] for choice in about.get("oneOf", ())]
    return [schema()["$defs"][reference.rsplit("/", 1)[-1]] for reference in references]


def _section(key: str, about: dict[str, Any], table: dict[str, Any]) -> Iterator[str]:
    header = f"[[{key}]]" if about.get("type") == "array" else f"[{key}]"
    kind = table["properties"].get("kind", {}).get("const")
    yield f"\n## `{header}`" + (f" with `kind = {toml(kind)}`" if kind else "") + "\n"
    yield " ".join(f"{about.get('description', '')} {table.get('description', '')}".split()) + "\n"
    yield from _table(table)


def _table(table: dict[str, Any]) -> Iterator[str]:
    yield "| key | holds | default | meaning |"
    yield "|---|---|---|---|"
    yield from _rows(table, "")


def _rows(table: dict[str, Any], above: str) -> Iterator[str]:
    """One row for each key, the kind first; tables within the table come last, each with its keys behind it."""
    for key, about in sorted(table["properties"].items(), key=lambda one: (one[0] != "kind", bool(_classes(one[1])))):
        cells = (f"`{above}{key}`", in_words(about), _default(key, table), about.get("description", ""))
        yield "| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in cells) + " |"
        for inner in _classes(about):
            yield from _rows(inner, f"{above}{key}.")


def _default(key: str, table: dict[str, Any]) -> str:
    about = table["properties"][key]
    if "default" in about:
        return f"`{toml(about['default'])}`"
    return "required" if key in table.get("required", ()) else ""
