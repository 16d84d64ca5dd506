"""What prior preservation preserves: the DreamBooth quickstart with it and without it, over several seeds.

    python benchmarks/prior_preservation.py [--seeds N] [--runs DIR] [--set KEY=VALUE]

Trains `recipes/quickstart-dreambooth.toml` as it stands and with `method.prior_weight = 0`, each with N training seeds
(default 3), and prints every run's scores as a Markdown table. Runs that are finished in DIR are not done twice.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RECIPE = ROOT / "recipes" / "quickstart-dreambooth.toml"
WEIGHTS = ("1.0", "0.0")


def main() -> None:
    """Train what is missing, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3, metavar="N")
    parser.add_argument("--runs", type=Path, default=Path("runs") / "prior-preservation", metavar="DIR")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    asked = parser.parse_args()
    tried = [(weight, seed) for seed in range(asked.seeds) for weight in WEIGHTS]
    scores = [(weight, seed, trained(weight, seed, asked.runs, asked.set)) for weight, seed in tried]
    print("\n".join(table(scores)))


def trained(weight: str, seed: int, runs: Path, overrides: Sequence[str]) -> list[dict[str, Any]]:
    """One run's scores."""
    name = f"prior-{weight.replace('.', '-')}-seed-{seed}"
    own = (f'name="{name}"', f"method.prior_weight={weight}", f"training.seed={seed}", *overrides)
    sets = [part for override in own for part in ("--set", override)]
    subprocess.run(
        [sys.executable, "-m", "hubkit", "train", str(RECIPE), "--runs", str(runs), *sets],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    scores: list[dict[str, Any]] = json.loads((runs / name / "scores.json").read_text())["scores"]
    return scores


def table(scores: Sequence[tuple[str, int, list[dict[str, Any]]]]) -> list[str]:
    """A row for each run, the base's above them."""
    names = [one["metric"] for one in scores[0][2]]
    base = [f"{one['base']:.3f}" for one in scores[0][2]]
    rows = [
        [weight, str(seed), *(f"{one['value']:.3f}" for one in values)]
        for weight, seed, values in sorted(scores, key=lambda one: one[0], reverse=True)
    ]
    lines = [["prior_weight", "seed", *names], ["---"] * (len(names) + 2), ["the base", "", *base], *rows]
    return [f"| {' | '.join(cells)} |" for cells in lines]


if __name__ == "__main__":
    main()
