"""What people wrote into a card is kept at the next release; what hubkit wrote is made anew.

A card is cut at its second-level headings. The lock holds a hash of each section as hubkit wrote it, so what was edited
is told apart from what was only generated earlier. Where both sides changed a section, both stay: the new one in its
place, the person's under a heading of its own, which from then on is the person's.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml

from hubkit.card.metadata import WRITTEN
from hubkit.publishing import StandingCard

HEAD: Final = ""
"""What stands above the first heading."""
BY_HAND: Final = "{title} (edited by hand)"
FENCE: Final = re.compile(r" {0,3}(`{3,}|~{3,})")
LARGEST: Final = 1 << 20
"""Characters of a standing card that are looked at, at most."""


@dataclass(frozen=True)
class Kept:
    """A card with the edits of people in it."""

    body: str
    kept: Sequence[str]
    """Titles of the sections that are a person's."""
    conflicts: Sequence[str]
    """Titles of the sections that were edited and whose facts have changed since: both versions stand in the card."""


def edited(card: StandingCard) -> dict[str, Any]:
    """What people changed in the card that stands: sections by their titles, and metadata. Empty where nobody did."""
    said, body = split(card.text)
    known = card.lock.card
    changed = {title: text for title, text in sections(body[:LARGEST]).items() if known.get(title) != digest(text)}
    return {**(changed if known else {}), **foreign(said, card.lock.tags)}


def keep_metadata(said: Mapping[str, Any], card: StandingCard) -> dict[str, Any]:
    """The new metadata, with the keys and tags that people added to those of the card that stands."""
    added = foreign(split(card.text)[0], card.lock.tags)
    tags = [tag for tag in added.pop("tags", []) if tag not in said.get("tags", ())]
    return {**added, **said, "tags": [*said.get("tags", ()), *tags]}


def foreign(said: Mapping[str, Any], tags: Sequence[str]) -> dict[str, Any]:
    """Keys that hubkit never writes, and tags beyond those it gave the card."""
    own = {key: value for key, value in said.items() if key not in WRITTEN}
    listed = said.get("tags")
    more = [tag for tag in listed if isinstance(tag, str) and tag not in tags] if isinstance(listed, list) else []
    return {**own, **({"tags": more} if more and tags else {})}


def keep_edits(generated: str, standing: str, known: Mapping[str, str]) -> Kept:
    """`generated` is the new card's body, `standing` that of the card on the Hub, `known` the lock's hashes of it.

    Without hashes, as in a card that hubkit did not write, nothing is kept: it would be all of it.
    """
    new, old = sections(generated), sections(standing[:LARGEST])
    kept, conflicts = [], []
    before = HEAD
    for title, text in old.items() if known else ():
        if known.get(title) == digest(text):
            before = title if title in new else before
            continue
        if title not in known and title not in new:
            new = inserted(new, title, text, after=before)
        elif title in new and known.get(title) == digest(new[title]):
            new[title] = text
        elif title not in new or digest(text) != digest(new[title]):
            name = BY_HAND.format(title=title or "Introduction")
            new = inserted(new, name, retitled(text, title, name), after=title if title in new else before)
            conflicts.append(title or "Introduction")
        kept.append(title or "Introduction")
        before = title if title in new else before
    return Kept("".join(new.values()), kept, conflicts)


def section_hashes(body: str) -> dict[str, str]:
    """The hash of each section, by its title: what the lock remembers of a generated card."""
    return {title: digest(text) for title, text in sections(body).items()}


def digest(text: str) -> str:
    """Equal for texts that differ in nothing but the white space around their lines' ends."""
    lines = "\n".join(line.rstrip() for line in text.strip().splitlines())
    return hashlib.sha256(lines.encode()).hexdigest()


def sections(body: str) -> dict[str, str]:
    """The sections of a card's body by their titles, in order; a title that comes twice is numbered."""
    found: dict[str, str] = {HEAD: ""}
    title = HEAD
    for line, is_heading in headed(body):
        if is_heading:
            title = unique(line[3:].strip(), found)
            found[title] = ""
        found[title] += line
    return found


def headed(body: str) -> Iterator[tuple[str, bool]]:
    """Each line, and whether it opens a section; a `##` within a block of code does not."""
    fence = ""
    for line in body.splitlines(keepends=True):
        mark = FENCE.match(line)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence) and not line.strip().strip(fence[0]):
            fence = ""
        yield line, not fence and line.startswith("## ")


def unique(title: str, taken: Mapping[str, str]) -> str:
    """The title, with a number where it is taken."""
    number = 2
    wanted = title
    while title in taken:
        title = f"{wanted} ({number})"
        number += 1
    return title


def inserted(parts: Mapping[str, str], title: str, text: str, *, after: str) -> dict[str, str]:
    """The sections with one more behind `after`."""
    ordered: dict[str, str] = {}
    for name, part in parts.items():
        ordered[name] = part if part.endswith("\n\n") else part.rstrip("\n") + "\n\n"
        if name == after:
            ordered[unique(title, parts)] = text.rstrip("\n") + "\n\n"
    return ordered


def retitled(text: str, title: str, name: str) -> str:
    """A section under another heading; what stood above the first heading gets one, and loses the card's title."""
    if title == HEAD:
        return f"## {name}\n\n{re.sub(r'^# .*$', '', text, count=1, flags=re.MULTILINE).strip()}\n"
    return f"## {name}\n{text.partition(chr(10))[2]}"


def split(card: str) -> tuple[dict[str, Any], str]:
    """A card's metadata and its body; no metadata where they cannot be read."""
    match = re.match(r"\A---\r?\n(.*?)\r?\n---\r?\n", card[:LARGEST], re.DOTALL)
    if not match:
        return {}, card
    try:
        said = yaml.safe_load(match[1])
    except (yaml.YAMLError, ValueError, RecursionError):
        said = None
    return (said if isinstance(said, dict) else {}), card[match.end() :]
