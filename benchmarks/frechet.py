"""How long a Frechet distance takes over 2 x 5,000 pictures in Inception's 2,048 features: torchmetrics' way and ours.

    .venv/bin/python benchmarks/frechet.py [ROUNDS]

They take turns, begin with the features and end with the number; other programs on the machine slow both alike.

Measured on 2026-11-26, three rounds, one thread (`OMP_NUM_THREADS=1`) of two busy cores:

    torchmetrics 188.62159318 in 6.7 CPU-s; ours 188.62159318 in 3.7 CPU-s
    ours takes 0.55 of the time; the numbers differ by 2.4e-15 of their value
"""

import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import torch
from torchmetrics.image.fid import FrechetInceptionDistance

from hubkit.scoring.frechet import frechet_distance

PICTURES = 5000
FEATURES = 2048
AT_ONCE = 500
EQUAL = 1e-5
"""Of the value."""


def main() -> int:
    """Measure in turn, print; 1 where the numbers differ or ours is the slower."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    dice = torch.Generator().manual_seed(0)
    x, y = (torch.randn(PICTURES, FEATURES, generator=dice).abs() * scale for scale in (1.0, 1.1))
    ratios = []
    for _ in range(rounds):
        theirs, ours = timed(by_torchmetrics, x, y), timed(frechet_distance, x, y)
        ratios.append(ours[1] / theirs[1])
        print(f"torchmetrics {theirs[0]:.8f} in {theirs[1]:.1f} CPU-s; ours {ours[0]:.8f} in {ours[1]:.1f} CPU-s")
    apart = abs(ours[0] - theirs[0]) / theirs[0]
    print(f"ours takes {median(ratios):.2f} of the time; the numbers differ by {apart:.1e} of their value")
    return int(apart > EQUAL or median(ratios) > 1)


def timed(
    measure: Callable[[torch.Tensor, torch.Tensor], float], x: torch.Tensor, y: torch.Tensor
) -> tuple[float, float]:
    """The number, and the CPU seconds it took."""
    began = time.process_time()
    found = measure(x, y)
    return found, time.process_time() - began


def by_torchmetrics(x_ND: torch.Tensor, y_MD: torch.Tensor) -> float:
    """As its users call it, with features that are known."""
    features: Any = torch.nn.Identity()
    features.num_features = FEATURES
    metric = FrechetInceptionDistance(feature=features)
    for rows, real in ((y_MD, True), (x_ND, False)):
        for part in torch.split(rows.double(), AT_ONCE):
            metric.update(part, real=real)
    return float(metric.compute())


if __name__ == "__main__":
    sys.exit(main())
