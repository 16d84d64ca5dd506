"""Write the golden cards: from the facts that are kept here, or first from those of a finished run.

python tests/golden/renew.py [RUN]
"""

import shutil
import sys
from pathlib import Path
from typing import Final

from hubkit.card.facts import FACTS, Facts
from hubkit.card.writing import written

HERE: Final = Path(__file__).parent
CARDS: Final = HERE.parents[1] / "model_cards"


def known() -> list[str]:
    """The cards whose facts are kept."""
    return sorted(file.parent.name for file in HERE.glob(f"*/{FACTS}"))


def facts_of(name: str) -> Facts:
    """The facts of a card."""
    facts = Facts.load(HERE / name / FACTS)
    if facts is None:
        raise SystemExit(f"{HERE / name / FACTS} cannot be read: make it anew with RUN=runs/{name}")
    return facts


def take(run: Path) -> str:
    """Keep the facts and the card's pictures of a finished run; with its name."""
    facts = Facts.load(run / FACTS)
    if facts is None:
        raise SystemExit(f"{run} holds no {FACTS}: run `hubkit train` to its end first")
    name = facts.recipe.name
    (HERE / name).mkdir(exist_ok=True)
    shutil.copyfile(run / FACTS, HERE / name / FACTS)
    shutil.rmtree(CARDS / name, ignore_errors=True)
    shutil.copytree(run / "release" / "images", CARDS / name / "images", copy_function=shutil.copyfile)
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
