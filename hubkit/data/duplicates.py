"""Near-duplicates: pictures that are copies of one another but for their size, their compression or their mirror.

A picture that is held out while its copy is trained on tests nothing. Two pictures are near-duplicates where the
64-bit difference hashes of their centre squares differ in at most six places, and the squares, shrunk to 16 x 16
colours, by at most eight grey levels (root mean square). The hash finds, fast; the colours decide: portraits on plain
grounds have equal hashes and different shirts.

Legend: N pictures, H candidates (the pictures and their mirrors), P pairs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

RADIUS: Final = 6
"""Places of 64 in which the hashes of near-duplicates may differ. Copies saved anew as JPEG differ in 0 to 4, copies of
half the size in up to 6.
"""
LEVELS: Final = 8.0
"""Grey levels by which their colours may differ. Copies saved anew as JPEG differ by up to 5, those of half the size
mostly by up to 8; distinct portraits of the miniature world by 14 and more.
"""
SIDE: Final = 16
"""Of the small picture that is compared by its colours."""
PAIRS_AT_ONCE: Final = 4_000_000


@dataclass(frozen=True)
class Trace:
    """What is kept of a picture to find its copies by, and of its mirror: 64-bit hashes, and SIDE x SIDE x 3 bytes."""

    hash: int
    mirrored_hash: int
    colours: bytes


def trace(image: "Image") -> Trace:
    """Of the centre square of an RGB picture, whatever its size."""
    from PIL import Image

    side = min(image.size)
    left, top = ((length - side) // 2 for length in image.size)
    square = (left, top, left + side, top + side)
    grey = image.convert("L").resize((9, 8), Image.Resampling.BOX, box=square)
    small = image.resize((SIDE, SIDE), Image.Resampling.BOX, box=square)
    mirrored = grey.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return Trace(difference_hash(grey), difference_hash(mirrored), small.tobytes())


def difference_hash(grey: "Image") -> int:
    """A bit for each pixel but the first of a row: is it lighter than its left neighbour? (dHash, by N. Krawetz.)"""
    import numpy as np

    values = np.asarray(grey, dtype=np.int16)
    return int.from_bytes(np.packbits(values[:, 1:] > values[:, :-1]).tobytes(), "big")


def groups(traces: Sequence[Trace]) -> list[int]:
    """The group of each picture, by the number of its first: near-duplicates of near-duplicates belong together."""
    import numpy as np

    if not traces:
        return []
    firsts: dict[Trace, int] = {}
    first_of = [firsts.setdefault(one, number) for number, one in enumerate(traces)]
    different = list(firsts)
    parents = list(range(len(different)))
    colours = np.frombuffer(b"".join(one.colours for one in different), dtype=np.uint8)
    straight = colours.reshape(-1, SIDE, SIDE, 3)
    both = np.concatenate([straight, straight[:, :, ::-1]]).reshape(2 * len(different), -1)
    for one, other in pairs(different):
        near = root_mean_square(both, one, other) <= LEVELS
        for a, b in zip(one[near].tolist(), other[near].tolist(), strict=True):
            join(parents, a, b % len(different))
    number_of = {place: firsts[one] for place, one in enumerate(different)}
    group_of = {number_of[place]: number_of[root(parents, place)] for place in number_of}
    return [group_of[first] for first in first_of]


def pairs(traces: Sequence[Trace]) -> "Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]":
    """Pictures (P,) and candidates (P,) whose hashes differ in at most RADIUS places; candidate N + k is the mirror of
    picture k.

    Cut into RADIUS + 1 bands, two such hashes have a band in common: only pictures that share a band are compared, not
    all with all (as in Manku et al., 2007, Detecting Near-Duplicates for Web Crawling).
    """
    import numpy as np

    count = len(traces)
    straight = [one.hash for one in traces]
    hashes = np.array(straight + [one.mirrored_hash for one in traces], dtype=np.uint64)
    edges = [round(64 * band / (RADIUS + 1)) for band in range(RADIUS + 2)]
    for low, high in pairwise(edges):
        band = (hashes >> np.uint64(low)) & np.uint64(2 ** (high - low) - 1)
        order = np.argsort(band, kind="stable")
        for bucket in np.split(order, np.flatnonzero(np.diff(band[order])) + 1):
            pictures = bucket[bucket < count]
            step = max(1, PAIRS_AT_ONCE // len(bucket))
            for start in range(0, len(pictures), step):
                some = pictures[start : start + step]
                near = np.bitwise_count(hashes[some][:, None] ^ hashes[bucket][None]) <= RADIUS
                near &= some[:, None] < bucket[None] % count
                rows, columns = np.nonzero(near)
                yield some[rows], bucket[columns]


def root_mean_square(
    colours_HC: "NDArray[np.uint8]", one_P: "NDArray[np.int64]", other_P: "NDArray[np.int64]"
) -> "NDArray[np.float64]":
    """Of the differences of colours, (P,), in grey levels."""
    import numpy as np

    found = np.empty(len(one_P))
    for start in range(0, len(one_P), 4096):
        part = slice(start, start + 4096)
        difference = colours_HC[one_P[part]].astype(np.float32) - colours_HC[other_P[part]]
        found[part] = np.sqrt(np.square(difference).mean(axis=1))
    return found


def root(parents: list[int], place: int) -> int:
    """The first of a group, by union-find; what lies on the way is shortened."""
    while parents[place] != place:
        parents[place] = parents[parents[place]]
        place = parents[place]
    return place


def join(parents: list[int], one: int, other: int) -> None:
    """Make one group of two; the smaller number is its first."""
    first, second = sorted((root(parents, one), root(parents, other)))
    parents[second] = first
