"""Hold what a Hub has at a commit against a release: the hash of every file, and a picture drawn with what it sends.

The lock is enough for it: a publisher does it after the upload, and anybody later, on another machine.
"""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Final, Protocol

from hubkit import hub
from hubkit.errors import IntegrityError
from hubkit.publishing.inspection import ALLOWED, strange_libraries
from hubkit.publishing.lock import Lock
from hubkit.publishing.usage import draw, usage
from hubkit.values import sha256_of

LEAST_PSNR: Final = 40.0
"""Decibels between the proof and its redrawing: differences nobody can see. Wrong weights: under 25."""

NAMED: Final = 5
"""Faults that a message names."""

MOST: Final = {"steps": 1000, "resolution": 2048, "guidance_scale": 1000}
"""More than any card draws with: a stranger's lock does not keep a machine busy for days."""

PICTURES: Final = ("PNG", "WEBP")

HELP: Final = "do not use it; run the same command again: if it persists, the repo was changed or is damaged"


class Claim(Protocol):
    """What a commit is said to hold."""

    @property
    def lock(self) -> Lock:
        """The lock among its files."""
        ...

    @property
    def manifest(self) -> Mapping[str, str]:
        """The sha256 of every file, the lock included, by its path."""
        ...

    def content(self, path: str) -> hub.Content:
        """A file that is small; a Hub lists no sha256 of it."""
        ...


def unlike(claim: Claim, there: Mapping[str, hub.RemoteFile]) -> Iterator[str]:
    """Where a Hub's listing is not what was claimed, in words; what the Hub manages itself is left out."""
    found = False
    for path in sorted((claim.manifest.keys() | there.keys()) - hub.MANAGED):
        if wrong := _unlike(claim, path, there.get(path)):
            found = True
            yield f"{path[:120]!r} {wrong}"
    size = sum(there[path].size for path in claim.lock.files if path in there)
    if not found and claim.lock.size_bytes not in {0, size}:
        yield f"the files have {size:,} bytes, and the lock says {claim.lock.size_bytes:,}"


def _unlike(claim: Claim, path: str, file: hub.RemoteFile | None) -> str:
    """What is wrong with one file; empty where it is the one that was claimed."""
    if file is None:
        return "is missing"
    if path not in claim.manifest:
        return "is no part of the release"
    if file.sha256:
        return "" if file.sha256 == claim.manifest[path] else "is another file"
    content = claim.content(path)
    is_right = hub.hashed(content, "sha256") == claim.manifest[path] and hub.git_blob(content) == file.git_sha1
    return "" if is_right else "is another file"


def verify_hashes(claim: Claim, repo: str, commit: str) -> str:
    """Compare the Hub's listing of a commit with the manifest; what was found, in words. Raises IntegrityError."""
    if wrong := list(unlike(claim, hub.tree(repo, commit))):
        more = f" and {len(wrong) - NAMED} more" if len(wrong) > NAMED else ""
        raise IntegrityError(
            f"{repo} at {commit} does not hold the release: {', '.join(wrong[:NAMED])}{more}", help=HELP, code="HK1003"
        )
    return f"all {len(claim.manifest)} files have the release's hashes in the Hub's listing"


def verify_by_drawing(claim: Claim, repo: str, commit: str) -> tuple[str, ...]:
    """Download a commit into an empty cache, compare every byte, and draw the proof again; what was found, in words.

    Raises IntegrityError.
    """
    lock = claim.lock
    check_harmless(lock)
    with TemporaryDirectory(prefix="hubkit-verify-") as desk:
        folder = hub.snapshot(repo, commit, cache=Path(desk, "cache"))
        for path, sha256 in claim.manifest.items():
            if not (folder / path).is_file() or sha256_of(folder / path) != sha256:
                raise IntegrityError(f"{path!r} as downloaded from {repo} is damaged", help=HELP, code="HK1004")
        if strange := next(strange_libraries(folder), None):
            raise IntegrityError(strange, help="do not load it", code="HK1008")
        again = Path(desk, "again.png")
        draw(usage(str(folder), lock.proof.prompt, lock.proof.seed, lock.sampling), again)
        likeness = psnr(folder / lock.proof.path, again)
    if not likeness >= LEAST_PSNR:
        raise IntegrityError(
            f"the published model draws another picture than the release: PSNR {likeness:.1f} dB, under {LEAST_PSNR:g}",
            help=HELP,
            code="HK1005",
        )
    seen = "bit for bit the same" if math.isinf(likeness) else f"PSNR {likeness:.1f} dB"
    return "every file was downloaded into an empty cache and has its sha256", f"the proof was drawn again: {seen}"


def check_harmless(lock: Lock) -> None:
    """Refuse a lock that names a file no model needs, or whose proof is none that a card draws. Raises IntegrityError.

    Whoever verifies a stranger's release loads its files: none of them can be code.
    """
    odd = [path for path in lock.files if PurePosixPath(path).suffix not in ALLOWED]
    if odd:
        raise IntegrityError(f"{odd[0][:120]!r} is no part of a model", help="do not load it", code="HK1008")
    if lock.proof.path not in lock.files:
        raise IntegrityError(f"the lock names no {lock.proof.path[:120]!r}, its own proof", code="HK1008")
    try:
        usage("", lock.proof.prompt, lock.proof.seed, lock.sampling)
        is_cards = all(0 <= float(lock.sampling[key]) <= most for key, most in MOST.items())
    except (KeyError, ValueError, OverflowError):
        is_cards = False
    if not is_cards:
        raise IntegrityError("the lock's sampling is none that a card draws with", code="HK1008")


def psnr(one: Path, other: Path) -> float:
    """Peak signal-to-noise ratio of two pictures in decibels: inf when they are the same, -inf for other sizes."""
    import numpy as np
    from PIL import Image

    with Image.open(one, formats=PICTURES) as first, Image.open(other, formats=PICTURES) as second:
        if first.size != second.size:
            return -math.inf
        a, b = (np.asarray(picture.convert("RGB"), dtype=np.float64) for picture in (first, second))
    error = float(np.mean((a - b) ** 2))
    return math.inf if error == 0 else 10 * math.log10(255**2 / error)
