"""Read a publication back: the hash of every file as the Hub lists it, and a picture drawn with what the Hub sends."""

import math
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from hubkit import hub
from hubkit.errors import IntegrityError
from hubkit.publishing.release import Release
from hubkit.publishing.usage import draw, usage
from hubkit.values import sha256_of

LEAST_PSNR: Final = 40.0
"""Decibels between the proof and its redrawing on one machine: differences nobody can see. Wrong weights: under 25."""

HELP: Final = "do not use the published model; run the same command again, and if it persists report it to the Hub"


def verify_hashes(release: Release, repo: str, commit: str) -> str:
    """Compare the Hub's listing of a commit with the manifest; what was found, in words. Raises IntegrityError."""
    changed, stale = hub.difference(release.files, hub.tree(repo, commit), release.manifest)
    if wrong := sorted([*changed, *stale]):
        raise IntegrityError(
            f"{repo} at {commit} does not hold the release: {', '.join(wrong[:5])}", help=HELP, code="HK1003"
        )
    return f"all {len(release.manifest)} files have the release's hashes in the Hub's listing"


def verify_by_drawing(release: Release, repo: str, commit: str) -> tuple[str, ...]:
    """Download a commit into an empty cache, compare every byte, and draw the proof again; what was found, in words.

    Raises IntegrityError.
    """
    lock = release.lock
    with TemporaryDirectory(prefix="hubkit-verify-") as desk:
        folder = hub.snapshot(repo, commit, cache=Path(desk, "cache"))
        for path, sha256 in release.manifest.items():
            if not (folder / path).is_file() or sha256_of(folder / path) != sha256:
                raise IntegrityError(f"{path} as downloaded from {repo} is damaged", help=HELP, code="HK1004")
        again = Path(desk, "again.png")
        draw(usage(str(folder), lock.proof.prompt, lock.proof.seed, lock.sampling), again)
        likeness = psnr(release.folder / lock.proof.path, again)
    if not likeness >= LEAST_PSNR:
        raise IntegrityError(
            f"the published model draws another picture than the release: PSNR {likeness:.1f} dB, under {LEAST_PSNR:g}",
            help=HELP,
            code="HK1005",
        )
    seen = "bit for bit the same" if math.isinf(likeness) else f"PSNR {likeness:.1f} dB"
    return "every file was downloaded into an empty cache and has its sha256", f"the proof was drawn again: {seen}"


def psnr(one: Path, other: Path) -> float:
    """Peak signal-to-noise ratio of two pictures in decibels: inf when they are the same, -inf for other sizes."""
    import numpy as np
    from PIL import Image

    with Image.open(one) as first, Image.open(other) as second:
        if first.size != second.size:
            return -math.inf
        a, b = (np.asarray(picture.convert("RGB"), dtype=np.float64) for picture in (first, second))
    error = float(np.mean((a - b) ** 2))
    return math.inf if error == 0 else 10 * math.log10(255**2 / error)
