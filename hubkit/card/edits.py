"""What people wrote into a card is kept at the next release; what hubkit wrote is made anew.

A card is cut at its second-level headings. The lock holds a hash of each section as hubkit wrote it, so what was edited
is told apart from what was only generated earlier. Where both sides changed a section, both stay: the new one in its
place, the person's under a heading of its own, which from then on is the person's. A section of hubkit's that was taken
out is a fact that is missing: it comes back.
"""

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml

from hubkit.card.metadata import OFFERED, WRITTEN
from hubkit.escaping import front_matter
from hubkit.publishing import StandingCard

HEAD: Final = ""
"""What stands above the first heading."""
OPENED: Final = "Introduction"
"""What it is called where it needs a name."""
BY_HAND: Final = "{title} (edited by hand)"
OPENING: Final = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,}|<!--)")
"""What opens a block of code or a comment."""
FENCE: Final = re.compile(r" {0,3}(`{3,}|~{3,})\s*$")
"""What ends a block of code."""
COMMENT: Final = "-->"
"""What ends a comment."""
LARGEST: Final = 1 << 20
"""Characters of a standing card that are looked at, at most."""


@dataclass(frozen=True)
class Kept:
    """A card with the edits of people in it."""

    body: str
    kept: Sequence[str] = ()
    """Titles of the sections that are a person's."""
    conflicts: Sequence[str] = ()
    """Titles of the sections that were edited and whose facts have changed since: both versions stand in the card."""
    missed: Sequence[str] = ()
    """Titles of hubkit's sections that were taken out: they stand in the card again."""


def edited(card: StandingCard) -> dict[str, Any]:
    """What people changed in the card that stands: sections by their titles, and metadata; None for what they took out.
    Empty where nobody did.
    """
    said, body = split(card.text)
    known = card.lock.card
    there = sections(body[:LARGEST], known)
    changed = {title: text for title, text in there.items() if known.get(title) != digest(text)}
    missed = dict.fromkeys(title for title in known if title not in there)
    of_ours = by_hand(said, card.lock.metadata)
    return {**(changed if known else {}), **missed, **of_ours, **foreign(said, card.lock.tags)}


def keep_metadata(said: Mapping[str, Any], card: StandingCard) -> dict[str, Any]:
    """The new metadata, with the keys and tags that people added to those of the card that stands."""
    added = foreign(split(card.text)[0], card.lock.tags)
    tags = [tag for tag in added.pop("tags", []) if tag not in said.get("tags", ())]
    theirs = by_hand(split(card.text)[0], card.lock.metadata)
    offered = {key: theirs[key] for key in OFFERED & theirs.keys() if key not in said}
    return {**added, **offered, **said, "tags": [*said.get("tags", ()), *tags]}


def overwritten(said: Mapping[str, Any], card: StandingCard) -> list[str]:
    """The keys of the new metadata that say something else than people wrote there; `tags` where they took some out."""
    now, theirs = split(front_matter(dict(said)))[0], split(card.text)[0]
    tags = set(card.lock.tags) & set(now.get("tags", ())) - set(listed(theirs))
    lost = by_hand(theirs, card.lock.metadata).items()
    keys = [key for key, value in lost if value != now.get(key) and not (key in OFFERED and key not in now)]
    return [*keys, *(["tags"] if tags else [])]


def by_hand(said: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, Any]:
    """The keys that hubkit writes, but for the tags, where a card's metadata say something else than it wrote. `known`
    are the lock's hashes of them; without any, nothing is known.
    """
    there = metadata_hashes(said)
    keys = sorted(WRITTEN - {"tags"}) if known else ()
    return {key: said.get(key) for key in keys if there.get(key) != known.get(key)}


def metadata_hashes(said: Mapping[str, Any]) -> dict[str, str]:
    """The hash of each key of a card's metadata as they are read: what the lock remembers of a generated card."""
    return {key: digest(front_matter({key: value})) for key, value in said.items() if key in WRITTEN}


def listed(said: Mapping[str, Any]) -> list[str]:
    """A card's tags, as far as they are texts in a list."""
    tags = said.get("tags")
    return [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []


def foreign(said: Mapping[str, Any], tags: Sequence[str]) -> dict[str, Any]:
    """Keys that hubkit never writes, and tags beyond those it gave the card."""
    own = {key: value for key, value in said.items() if key not in WRITTEN}
    more = [tag for tag in listed(said) if tag not in tags]
    return {**own, **({"tags": more} if more and tags else {})}


def keep_edits(generated: str, standing: str, known: Mapping[str, str]) -> Kept:
    """`generated` is the new card's body, `standing` that of the card on the Hub, `known` the lock's hashes of it.

    Without hashes, as in a card that hubkit did not write, nothing is kept: it would be all of it.
    """
    written, old = sections(generated), sections(standing[:LARGEST], known)
    new, kept, conflicts = written, [], []
    before = HEAD
    for title, found in old.items() if known else ():
        here = title if title in written else before
        if known.get(title) == digest(found) or is_missed(title, old):
            before = here
            continue
        text = closed(found)
        if title not in known and title not in written:
            new = inserted(new, title, text, after=before)
        elif title in written and known.get(title) == digest(written[title]):
            new = {**new, title: text}
        elif title not in written or digest(text) != digest(written[title]):
            name = unique(BY_HAND.format(title=title or OPENED), {**old, **new})
            new = inserted(new, name, retitled(text, title, name), after=here)
            conflicts.append(title or OPENED)
        kept.append(title or OPENED)
        before = here
    missed = [title or OPENED for title in known if written.get(title, "").strip() and is_missed(title, old)]
    return Kept("".join(new.values()), kept, conflicts, missed)


def is_missed(title: str, old: Mapping[str, str]) -> bool:
    """Whether a section was taken out; the one above the first heading has no heading to be missed by."""
    return not old.get(title, "").strip()


def section_hashes(body: str) -> dict[str, str]:
    """The hash of each section, by its title: what the lock remembers of a generated card."""
    return {title: digest(text) for title, text in sections(body).items()}


def digest(text: str) -> str:
    """Equal for texts that differ in nothing but the white space around their lines' ends."""
    lines = "\n".join(line.rstrip() for line in text.strip().splitlines())
    return hashlib.sha256(lines.encode()).hexdigest()


def sections(body: str, known: Collection[str] = ()) -> dict[str, str]:
    """The sections of a card's body by their titles, in order; a title that comes twice is numbered.

    Code that somebody forgot to end goes up to the next end of any code, and hides the headings on the way: one of
    `known` that stands nowhere else opens its section all the same.
    """
    found = parted(body)
    hidden = {title for title in known if title not in found}
    return parted(body, hidden) if hidden else found


def parted(body: str, hidden: Collection[str] = ()) -> dict[str, str]:
    """The sections; titles of `hidden` count within code too."""
    found: dict[str, list[str]] = {HEAD: []}
    title = HEAD
    for line, is_heading in headed(body, hidden):
        if is_heading:
            title = unique(titled(line), found)
            found[title] = []
        found[title].append(line)
    return {title: "".join(lines) for title, lines in found.items()}


def headed(body: str, hidden: Collection[str]) -> Iterator[tuple[str, bool]]:
    """Each line, and whether it opens a section: a `##` within a block of code or a comment does not. A comment that is
    never ended is none here.
    """
    lines = body.splitlines(keepends=True)
    last = max((number for number, line in enumerate(lines) if COMMENT in line), default=-1)
    until = ""
    for number, line in enumerate(lines):
        is_heading = line.startswith("## ") and (not until or (until != COMMENT and titled(line) in hidden))
        until = "" if is_heading else behind(line, until)
        until = "" if until == COMMENT and number >= last else until
        yield line, is_heading


def titled(line: str) -> str:
    """The title in a line that opens a section."""
    return line[3:].strip()


def behind(line: str, until: str) -> str:
    """What ends the block of code or the comment that is open behind a line, where `until` ends the one that is open
    before it; "" where none is.
    """
    fence = FENCE.match(line)
    if until:
        is_end = COMMENT in line if until == COMMENT else fence is not None and fence[1].startswith(until)
        return "" if is_end else until
    opening = OPENING.match(line)
    if opening and opening[1] == "<!--":
        return "" if COMMENT in line else COMMENT
    return opening[1] if opening else ""


def closed(text: str) -> str:
    """A person's section, with the end of the code or the comment that they forgot to end: all below would be in it."""
    until = ""
    for line in text.splitlines():
        until = behind(line, until)
    return f"{text.rstrip()}\n{until}\n\n" if until else text


def unique(title: str, taken: Collection[str]) -> str:
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
