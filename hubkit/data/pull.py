"""pull: resolve the revision, read every row once, say what is wrong with it, and split."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import yaml

from hubkit import hub
from hubkit.data.decoding import UnreadableError, decode
from hubkit.data.images import CaptionedImages
from hubkit.data.rows import FolderRows, Rows, inside, open_rows
from hubkit.data.source import Source
from hubkit.errors import DatasetError
from hubkit.progress import say, track
from hubkit.randomness import permutation
from hubkit.values import fingerprint

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_CAPTION: Final = 10_000
SHOWN: Final = 5
FORMAT: Final = 1
"""Raised when what `images.json` says of the same rows changes."""


def pull(source: Source, folder: Path, *, captioned: bool = True) -> CaptionedImages:
    """The dataset of the recipe's `[data]`, at one revision, audited and split; without captions where nobody reads
    them. Raises DatasetError with the rows named.
    """
    source = source if captioned else source.model_copy(update={"caption": ""})
    revision, stated = identify(source)
    licence = hub.agreed_license(source.name, stated, source.license)
    made_from = fingerprint(FORMAT, source, revision, licence)
    path = folder / "images.json"
    if images := CaptionedImages.load(path, made_from):
        return images
    rows = open_rows(source, revision)
    sizes, faults = audit(rows, captioned=captioned)
    if faults and (source.bad_images == "refuse" or len(faults) == len(rows.captions)):
        raise refusal(source, faults)
    train, holdout = split(source, [row for row in range(len(rows.captions)) if row not in faults])
    images = CaptionedImages(
        source=source,
        revision=revision,
        license=licence,
        captions=tuple(caption or "" for caption in rows.captions),
        sizes=tuple(sizes),
        train=tuple(train),
        holdout=tuple(holdout),
        skipped=tuple(f"row {row}: {reason}" for row, reason in faults.items()),
    )
    images.save(path, made_from)
    say(f"pulled {images.name}: {len(train)} rows to train on, {len(holdout)} held out, {len(faults)} skipped")
    return images


def identify(source: Source) -> tuple[str, str | None]:
    """The commit SHA (or content hash) the source stands for now, and the licence its card states."""
    if not source.folder:
        facts = hub.resolve_dataset(str(source.repo), source.revision)
        return facts.sha, facts.license
    rows = FolderRows.read(source)
    return rows.content_hash(), stated_license(inside(rows.folder, rows.folder / "README.md"))


def stated_license(card: Path) -> str | None:
    """The `license:` of a card's front matter."""
    text = card.read_text(encoding="utf-8") if card.is_file() else ""
    if not text.startswith("---\n") or "\n---" not in text[4:]:
        return None
    try:
        front = yaml.safe_load(text[4:].split("\n---")[0])
    except yaml.YAMLError:
        return None
    found = front.get("license") if isinstance(front, dict) else None
    return found if isinstance(found, str) else None


def audit(rows: Rows, *, captioned: bool = True) -> tuple[list[tuple[int, int]], dict[int, str]]:
    """Decode every row once: the size of each picture (0 x 0 where there is none), and the reason for each row that
    cannot be used.
    """
    sizes: list[tuple[int, int]] = []
    faults: dict[int, str] = {}
    for row, caption in track(enumerate(rows.captions), "reading the dataset", len(rows.captions)):
        if captioned and (reason := caption_fault(caption)):
            faults[row] = reason
        try:
            sizes.append(decode(rows.encoded(row)).size)
        except UnreadableError as error:
            sizes.append((0, 0))
            faults[row] = f"the picture cannot be read: {error}"
    return sizes, faults


def caption_fault(caption: str | None) -> str:
    """Why this caption cannot be used; empty when it can."""
    if not isinstance(caption, str) or not caption.strip():
        return "the caption is empty"
    return f"the caption has {len(caption)} characters" if len(caption) > MAX_CAPTION else ""


def refusal(source: Source, faults: dict[int, str]) -> DatasetError:
    """One error that names the first bad rows."""
    named = "; ".join(f"row {row}: {reason[:120]}" for row, reason in list(faults.items())[:SHOWN])
    more = f"; and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
    return DatasetError(
        f"{source.repo or source.folder} has {len(faults)} rows that cannot be used: {named}{more}",
        help='mend them, or leave them out with data.bad_images = "skip"',
    )


def split(source: Source, rows: list[int]) -> tuple[list[int], list[int]]:
    """Rows to train on and rows to hold out, drawn by the seed; each in ascending order."""
    wanted = source.holdout if source.holdout is not None else len(rows) // 10
    if wanted >= len(rows):
        raise DatasetError(
            f"{len(rows)} usable rows cannot spare {wanted} to hold out",
            help="lower data.holdout, or bring more pictures",
        )
    order = [rows[index] for index in permutation(source.seed, "holdout", 0, len(rows))]
    return sorted(order[wanted:]), sorted(order[:wanted])


def open_row(source: Source, revision: str, row: int) -> "Image":
    """One picture of a pulled dataset, upright, in RGB."""
    return decode(open_rows(source, revision).encoded(row))
