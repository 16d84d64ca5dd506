"""Write the golden cards: from the facts that are kept here, or first from those of a finished run.

python tests/golden/renew.py [RUN]
"""

import json
import shutil
import sys
from pathlib import Path
from typing import Final

from hubkit.card.facts import FACTS, Facts
from hubkit.card.writing import written
from hubkit.values import sha256_of

HERE: Final = Path(__file__).parent
CARDS: Final = HERE.parents[1] / "model_cards"
PICTURES: Final = "pictures.json"
"""sha256 of a card's pictures, as its run made them."""
BESIDE: Final = ("recipe.toml", "hubkit.lock.json")
"""Files of the release that a card links to."""


def known() -> list[str]:
    """The cards whose facts are kept."""
    return sorted(file.parent.name for file in HERE.glob(f"*/{FACTS}"))


def facts_of(name: str) -> Facts:
    """The facts of a card."""
    facts = Facts.load(HERE / name / FACTS)
    if facts is None:
        raise SystemExit(f"{HERE / name / FACTS} cannot be read: make it anew with RUN=runs/{name}")
    return facts


def pictures_of(name: str) -> dict[str, str]:
    """The hashes of a card's pictures."""
    return {file.name: sha256_of(file) for file in sorted((CARDS / name / "images").iterdir())}


def take(run: Path) -> str:
    """Keep the facts of a finished run, its card's pictures, and what the card links to; with its name."""
    facts = Facts.load(run / FACTS)
    if facts is None:
        raise SystemExit(f"{run} holds no {FACTS}: run `hubkit train` to its end first")
    name = facts.recipe.name
    (HERE / name).mkdir(exist_ok=True)
    shutil.copyfile(run / FACTS, HERE / name / FACTS)
    shutil.rmtree(CARDS / name, ignore_errors=True)
    shutil.copytree(run / "release" / "images", CARDS / name / "images", copy_function=shutil.copyfile)
    for file in BESIDE:
        shutil.copyfile(run / "release" / file, CARDS / name / file)
    (HERE / name / PICTURES).write_text(json.dumps(pictures_of(name), indent=1) + "\n")
    return name


def write(name: str) -> None:
    """Write a card."""
    (CARDS / name).mkdir(parents=True, exist_ok=True)
    (CARDS / name / "README.md").write_text(written(facts_of(name)), encoding="utf-8")


if __name__ == "__main__":
    for run in sys.argv[1:]:
        take(Path(run))
    for card in known():
        write(card)
