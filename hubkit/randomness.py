"""Randomness is a function, not a state: every draw is made by a generator seeded by a hash of what the draw is for.

There is no generator whose state would have to be saved: a draw depends on its seed, its purpose and its indices
(such as the optimizer step
and the slot in the batch), never on what was drawn before it. A resumed run therefore draws what an uninterrupted one
would have drawn.
"""

import hashlib
import random
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Generator


def seed_for(seed: int, purpose: str, *indices: int | str) -> int:
    """A 63-bit seed, a pure function of its arguments."""
    text = "\x1f".join([str(seed), purpose, *map(str, indices)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def generator(seed: int, purpose: str, *indices: int | str) -> "Generator":
    """A torch generator on the CPU, so that draws are the same whatever the device."""
    import torch

    return torch.Generator().manual_seed(seed_for(seed, purpose, *indices))


def dice(seed: int, purpose: str, *indices: int | str) -> random.Random:
    """A Python generator, for shuffles and choices that need no tensor."""
    return random.Random(seed_for(seed, purpose, *indices))  # noqa: S311 - reproducible on purpose, nothing secret


@lru_cache(maxsize=4)  # asked for once per slot of a batch
def permutation(seed: int, purpose: str, epoch: int, length: int) -> tuple[int, ...]:
    """The order in which one epoch goes through `length` items."""
    order = list(range(length))
    dice(seed, purpose, epoch).shuffle(order)
    return tuple(order)
