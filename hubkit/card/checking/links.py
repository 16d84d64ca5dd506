"""What a card links to and shows: is it there?"""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from urllib.parse import unquote, urlsplit

from hubkit import hub
from hubkit.card.checking.held import Held
from hubkit.card.checking.marks import Mark, Marks
from hubkit.card.edits import split
from hubkit.errors import AuthorisationError, Fault, HubkitError, StoppedError

LINK: Final = "HK1042"
PICTURE: Final = "HK1043"
SCHEMES: Final = frozenset({"", "http", "https", "mailto"})
FACE: Final = "https://huggingface.co"
PAGE: Final = re.compile(
    r"/?(?P<kind>datasets/|spaces/|)(?P<repo>[\w.-]+/[\w.-]+)"
    r"(?:/(?:tree|blob|resolve|raw|commit)/(?P<revision>[^/]+)(?:/(?P<path>.+))?)?/?"
)
"""The page of a repo, or of something in it."""
OTHERS: Final = frozenset({"docs", "papers", "blog", "collections", "learn", "api", "settings", "organizations"})
"""What else the Hub has under two words."""
KINDS: Final[dict[str, hub.Kind]] = {"": "model", "datasets/": "dataset", "spaces/": "space"}


class There(NamedTuple):
    """A place on the Hub."""

    repo: str
    revision: str | None
    kind: hub.Kind
    path: str = ""


@dataclass
class Asked:
    """What was asked for, so that nothing is asked twice."""

    answers: dict[There, str] = field(default_factory=dict)
    """What is wrong with each; "" where it is there."""
    of_the_release: int = 0
    elsewhere: int = 0

    @property
    def on_the_hub(self) -> int:
        """How many places on the Hub were asked for."""
        return len(self.answers)

    def missing(self, there: There) -> str:
        """What is wrong with a place on the Hub; "" where it is there."""
        if there not in self.answers:
            self.answers[there] = _answer(there)
        return self.answers[there]


def link_faults(held: Held, marks: Marks, asked: Asked) -> Iterator[Fault]:
    """Links that lead nowhere: anchors, files of the release, repositories and revisions on the Hub. What lies on other
    hosts is not asked for.
    """
    for mark in marks.links:
        if wrong := _wrong(mark.text, held, marks, asked):
            yield Fault(LINK, wrong, mark.where, "correct the link, or take it out")
    for key, there in _of_metadata(held):
        if wrong := asked.missing(there):
            yield Fault(LINK, f"{key}: {wrong}", "README.md:1")


def picture_faults(held: Held, marks: Marks) -> Iterator[Fault]:
    """Pictures of the text, of the gallery and of the lock that are not in the release."""
    known = [Mark(1, picture.path) for picture in (held.lock.proof, *held.lock.pictures)]
    seen = set()
    for mark in [*marks.pictures, *_gallery(held), *known]:
        parts = urlsplit(mark.text)
        path = _path(mark.text)
        if parts.scheme in {"http", "https"} or path in held.files or path in seen:
            continue
        seen.add(path)
        yield Fault(PICTURE, f"the picture {mark.text[:200]!r} is not in the release", mark.where)


def _wrong(address: str, held: Held, marks: Marks, asked: Asked) -> str:
    """What is wrong with a link; "" where nothing is."""
    parts = urlsplit(address)
    if parts.scheme not in SCHEMES:
        return f"{address[:200]!r} is no link to a page"
    if address.startswith("#"):
        asked.of_the_release += 1
        return "" if unquote(address[1:]).lower() in marks.anchors else f"no heading is called {address[:200]!r}"
    if there := _on_the_hub(address):
        return asked.missing(there)
    if parts.scheme or parts.netloc or address.startswith("/"):
        asked.elsewhere += 1
        return ""
    asked.of_the_release += 1
    path = _path(address)
    if path in held.files or any(file.startswith(f"{path}/") for file in held.files):
        return ""
    return f"{address[:200]!r} is not in the release"


def _path(address: str) -> str:
    """The file that a relative address means."""
    return posixpath.normpath(unquote(urlsplit(address).path))


def _on_the_hub(address: str) -> There | None:
    """The repo that a link leads to, and where in it; None where it leads to none."""
    for host in (hub.endpoint(), FACE):
        if address == host or address.startswith(f"{host}/"):
            address = address.removeprefix(host)
            break
    else:
        if not address.startswith("/"):
            return None
    found = PAGE.fullmatch(urlsplit(address).path)
    if not found or found["repo"].partition("/")[0] in OTHERS:
        return None
    revision = unquote(found["revision"]) if found["revision"] else None
    return There(found["repo"], revision, KINDS[found["kind"]], unquote(found["path"] or ""))


def _answer(there: There) -> str:
    """Ask the Hub. Raises StoppedError where it does not answer."""
    at = f" at {there.revision}" if there.revision else ""
    try:
        facts = hub.resolve(there.repo, there.revision, there.kind)
    except StoppedError:
        raise
    except AuthorisationError:
        return f"{there.repo}{at} cannot be looked at with this token"
    except HubkitError:
        return f"there is no {there.kind} {there.repo}{at}, or none that we may see"
    inside = there.path and not any(file == there.path or file.startswith(f"{there.path}/") for file in facts.files)
    return f"{there.repo}{at} holds no {there.path}" if inside else ""


def _of_metadata(held: Held) -> Iterator[tuple[str, There]]:
    """The repositories that the metadata name, at the lock's revisions."""
    said, lock = split(held.card)[0], held.lock
    pinned = {lock.base.repo: lock.base.revision, lock.data.repo: lock.data.revision}
    for key, kind in (("base_model", "model"), ("datasets", "dataset"), ("new_version", "model")):
        value: Any = said.get(key)
        for repo in value if isinstance(value, list) else [value]:
            if isinstance(repo, str):
                yield key, There(repo, pinned.get(repo), KINDS["" if kind == "model" else "datasets/"])


def _gallery(held: Held) -> Iterator[Mark]:
    """The pictures of the metadata's `widget`."""
    widget = split(held.card)[0].get("widget")
    for item in widget if isinstance(widget, list) else ():
        output = item.get("output") if isinstance(item, dict) else None
        url = output.get("url") if isinstance(output, dict) else None
        if isinstance(url, str):
            yield Mark(1, url)
