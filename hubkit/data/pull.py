"""pull: resolve the revision, read every row once, say what is wrong with it, and split."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from hubkit import hub
from hubkit.data.decoding import UnreadableError, decode
from hubkit.data.duplicates import Trace, groups, trace
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
FORMAT: Final = 3
"""Raised when what `images.json` says of the same rows changes."""
OLDER: Final = (2, 1)
"""Formats that are read all the same: the training of such a run folder has seen their split, which stands. 1 was
drawn without a look at near-duplicates, 2 put the held-out rows in the dataset's order.
"""


def pull(source: Source, folder: Path, *, captioned: bool = True) -> CaptionedImages:
    """The dataset of the recipe's `[data]`, at one revision, audited and split; without captions where nobody reads
    them. Raises DatasetError with the rows named.
    """
    source = source if captioned else source.model_copy(update={"caption": ""})
    revision, stated, languages = identify(source)
    licence = hub.agreed_license(source.name, stated, source.license)
    made_from, *older = (fingerprint(form, source, revision, licence) for form in (FORMAT, *OLDER))
    path = folder / "images.json"
    for known in (made_from, *older):
        if images := CaptionedImages.load(path, known):
            return images
    rows = open_rows(source, revision)
    seen = audit(rows, captioned=captioned)
    faults = seen.faults
    if faults and (source.bad_images == "refuse" or len(faults) == len(rows.captions)):
        raise refusal(source, faults)
    usable = [row for row in range(len(rows.captions)) if row not in faults]
    group_of = dict(zip(usable, groups([seen.traces[row] for row in usable]), strict=True))
    train, holdout = split(source, group_of)
    images = CaptionedImages(
        source=source,
        revision=revision,
        license=licence,
        languages=languages if captioned else (),
        captions=tuple(caption or "" for caption in rows.captions),
        sizes=tuple(seen.sizes),
        train=tuple(train),
        holdout=tuple(holdout),
        near_duplicates=sum(members for members in Counter(group_of.values()).values() if members > 1),
        groups=len(set(group_of.values())),
        skipped=tuple(f"row {row}: {reason}" for row, reason in faults.items()),
    )
    images.save(path, made_from)
    say(f"pulled {images.name}: {len(train)} rows to train on, {len(holdout)} held out, {len(faults)} skipped")
    if images.near_duplicates:
        say(f"{images.near_duplicates} pictures have near-duplicates, which stay on one side of the split")
    return images


def identify(source: Source) -> tuple[str, str | None, tuple[str, ...]]:
    """The commit SHA (or content hash) the source stands for now, and the licence and the languages its card states."""
    if not source.folder:
        facts = hub.resolve_dataset(str(source.repo), source.revision)
        return facts.sha, facts.license, facts.languages
    rows = FolderRows.read(source)
    said = front_matter(inside(rows.folder, rows.folder / "README.md"))
    licence = said.get("license")
    return rows.content_hash(), licence if isinstance(licence, str) else None, hub.languages(said.get("language"))


def front_matter(card: Path) -> dict[str, Any]:
    """What stands at the head of a card; nothing where that cannot be read."""
    text = card.read_text(encoding="utf-8", errors="replace") if card.is_file() else ""
    if not text.startswith("---\n") or "\n---" not in text[4:]:
        return {}
    try:
        front = yaml.safe_load(text[4:].split("\n---")[0])
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    return front if isinstance(front, dict) else {}


@dataclass(frozen=True)
class Audited:
    """What there is to know of every row once each has been decoded."""

    sizes: list[tuple[int, int]]
    """Of each picture; 0 x 0 where there is none."""
    faults: dict[int, str]
    """The reason for each row that cannot be used."""
    traces: dict[int, Trace]
    """Of each picture that there is."""


def audit(rows: Rows, *, captioned: bool = True) -> Audited:
    """Decode every row once."""
    seen = Audited([], {}, {})
    for row, caption in track(enumerate(rows.captions), "reading the dataset", len(rows.captions)):
        if captioned and (reason := caption_fault(caption)):
            seen.faults[row] = reason
        try:
            picture = decode(rows.encoded(row))
            seen.sizes.append(picture.size)
            seen.traces[row] = trace(picture)
        except UnreadableError as error:
            seen.sizes.append((0, 0))
            seen.faults[row] = f"the picture cannot be read: {error}"
    return seen


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


def split(source: Source, group_of: Mapping[int, int]) -> tuple[list[int], list[int]]:
    """Rows to train on, ascending, and rows to hold out, in the order in which the seed drew them: the first few of
    them are a fair sample of a dataset that is sorted.

    Near-duplicates, which have the same group, go together: rows are taken in the order drawn, each with its whole
    group, where that fits. Where no two pictures are alike the order alone decides. Raises DatasetError.
    """
    rows = list(group_of)
    wanted = source.holdout if source.holdout is not None else len(rows) // 10
    if wanted >= len(rows):
        raise DatasetError(
            f"{len(rows)} usable rows cannot spare {wanted} to hold out",
            help="lower data.holdout, or bring more pictures",
        )
    members: dict[int, list[int]] = {}
    for row, group in group_of.items():
        members.setdefault(group, []).append(row)
    held: dict[int, None] = {}
    for row in (rows[index] for index in permutation(source.seed, "holdout", 0, len(rows))):
        together = members[group_of[row]]
        if row not in held and len(held) + len(together) <= wanted:
            held.update(dict.fromkeys(together))
    if wanted and not held:
        raise DatasetError(
            f"no {wanted} of {len(rows)} pictures can be held out: each is a near-duplicate of one that would be"
            f" trained on; the smallest group holds {min(map(len, members.values()))}",
            help="raise data.holdout to that number, or bring pictures that differ",
        )
    if len(held) < wanted:
        say(f"{len(held)} rows held out instead of {wanted}: near-duplicates are not parted")
    return [row for row in rows if row not in held], list(held)


def open_row(source: Source, revision: str, row: int) -> "Image":
    """One picture of a pulled dataset, upright, in RGB."""
    return decode(open_rows(source, revision).encoded(row))
