"""What a reader of a card finds in it: links, pictures, tables, code and headings, each with its line."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise
from typing import TYPE_CHECKING

from hubkit.card.edits import split
from hubkit.escaping import JOINER

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token


@dataclass(frozen=True)
class Mark:
    """A piece of a card, and the line of the file it begins at."""

    line: int
    text: str

    @property
    def where(self) -> str:
        """For a fault."""
        return f"README.md:{self.line}"


@dataclass(frozen=True)
class Grid:
    """A table; its cells are plain text."""

    header: Sequence[str]
    rows: Sequence[tuple[int, Sequence[str]]]
    """Each with its line."""


@dataclass(frozen=True)
class Marks:
    """Everything that is looked at in a card's body."""

    body: str
    links: Sequence[Mark]
    pictures: Sequence[Mark]
    python: Sequence[Mark]
    """Blocks of code in Python."""
    paragraphs: Sequence[Mark]
    """Texts without their markup, pictures by their descriptions."""
    grids: Sequence[Grid]
    anchors: frozenset[str]
    """Of headings, as the Hub makes them."""


def marks_of(card: str) -> Marks:
    """Read a card."""
    _said, body = split(card)
    above = card[: len(card) - len(body)].count("\n")
    tokens = _reader().parse(body)
    lines = [*_lines(tokens, above + 1)]
    markup = [(line, *pair) for line, token in lines if token.type.startswith("html") for pair in _html(token.content)]
    return Marks(
        body=body,
        links=[
            *(Mark(line, str(token.attrs["href"])) for line, token in lines if token.type == "link_open"),
            *(Mark(line, address) for line, name, address in markup if name == "href"),
        ],
        pictures=[
            *(Mark(line, str(token.attrs["src"])) for line, token in lines if token.type == "image"),
            *(Mark(line, address) for line, name, address in markup if name == "src"),
        ],
        python=[
            Mark(line, token.content)
            for line, token in lines
            if token.type == "fence" and token.info.split()[:1] in (["python"], ["py"], ["python3"])
        ],
        paragraphs=[Mark(line, plain(token)) for line, token in lines if token.type == "inline"],
        grids=[*_grids(lines)],
        anchors=frozenset(_anchors(tokens)),
    )


def plain(token: "Token") -> str:
    """The words of an inline token, without what parts them unseen."""
    words = (
        plain(child) if child.children else " " if child.type.endswith("break") else child.content
        for child in token.children or ()
        if not child.type.startswith("html")
    )
    return "".join(words).replace(JOINER, "")


def _lines(tokens: "Sequence[Token]", line: int) -> "Iterator[tuple[int, Token]]":
    """Every token, those within lines too, with the line that its block begins at."""
    for token in tokens:
        here = line + token.map[0] if token.map else line
        yield here, token
        yield from ((here, child) for child in token.children or ())


def _grids(lines: "Sequence[tuple[int, Token]]") -> Iterator[Grid]:
    rows: list[tuple[int, list[str]]] = []
    row: tuple[int, list[str]] = (0, [])
    inside = False
    for line, token in lines:
        if token.type == "table_open":
            rows, inside = [], True
        elif token.type == "tr_open":
            row = (line, [])
            rows.append(row)
        elif token.type == "inline" and inside:
            row[1].append(plain(token))
        elif token.type == "table_close":
            inside = False
            yield Grid(rows[0][1], rows[1:])


def _anchors(tokens: "Sequence[Token]") -> Iterator[str]:
    """Of each heading: its words in small letters, joined by hyphens, numbered where they come again."""
    taken: dict[str, int] = {}
    for opening, token in pairwise(tokens):
        if opening.type == "heading_open":
            anchor = re.sub(r"[^\w-]", "", plain(token).strip().lower().replace(" ", "-"))
            count = taken.get(anchor, 0)
            taken[anchor] = count + 1
            yield f"{anchor}-{count}" if count else anchor


class _Addresses(HTMLParser):
    """What HTML links to and loads."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [(name, value or "") for name, value in attrs if name in {"href", "src"}]


def _html(markup: str) -> list[tuple[str, str]]:
    """The (attribute, address) pairs in HTML."""
    parser = _Addresses()
    parser.feed(markup)
    return parser.found


@cache
def _reader() -> "MarkdownIt":
    """Markdown as the Hub reads it."""
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
