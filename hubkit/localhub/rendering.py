"""A card as HTML: Markdown, with the little HTML that cards use, made harmless.

The whole output goes through one allow-list of tags, attributes and addresses, and comes out balanced; so nothing that
a card holds can run, load from elsewhere, or break out of its place in the page.
"""

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from markdown_it import MarkdownIt
from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

_TEXT_TAGS = frozenset(
    {"a", "b", "br", "code", "del", "em", "i", "kbd", "s", "small", "span", "strong", "sub", "sup", "u"}
)
_BLOCK_TAGS = frozenset({"blockquote", "center", "details", "div", "figcaption", "figure", "hr", "p", "pre", "summary"})
_LIST_TAGS = frozenset({"dd", "dl", "dt", "li", "ol", "ul"})
_TABLE_TAGS = frozenset({"table", "tbody", "td", "th", "thead", "tr"})
_VOID_TAGS = frozenset({"br", "hr", "img"})
_SILENT_TAGS = frozenset({"script", "style", "iframe", "object", "template", "noscript", "svg", "math", "title"})
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_ATTRIBUTES = frozenset(
    {"align", "alt", "colspan", "height", "href", "open", "rowspan", "src", "start", "title", "width"}
)
_TAGS = _TEXT_TAGS | _BLOCK_TAGS | _LIST_TAGS | _TABLE_TAGS | _HEADINGS | {"img"}
_ALIGNMENTS = frozenset(f"text-align:{side}" for side in ("left", "right", "center"))  # of a table column
_SCHEMES = frozenset({"", "http", "https", "mailto"})

_TOKEN = re.compile(r"[a-z][a-z0-9]{0,2}")  # the class of a token, as the highlighter abbreviates it
_HIGHLIGHTED = frozenset({"bash", "console", "json", "python", "sh", "shell", "toml", "yaml"})
_MOST_HIGHLIGHTED = 20_000  # characters; the highlighter is not made for hostile texts


def _highlight(code: str, language: str, _: str) -> str:
    """Code with its tokens marked; in a language that is not known it stays as it is."""
    if language not in _HIGHLIGHTED or len(code) > _MOST_HIGHLIGHTED:
        return ""
    return str(highlight(code, get_lexer_by_name(language), HtmlFormatter(nowrap=True)))


_markdown = MarkdownIt("commonmark", {"html": True, "highlight": _highlight}).enable(["table", "strikethrough"])


@dataclass(frozen=True)
class Place:
    """Where relative addresses of a card lead: files of its repository at its commit."""

    repo_path: str
    commit: str

    def file(self, path: str) -> str:
        return f"/{self.repo_path}/resolve/{self.commit}/{quote(path)}"

    def address(self, address: str) -> str | None:
        """The address to write into the page, or None for one that does not belong there."""
        parts = urlsplit(address.strip())
        if parts.scheme not in _SCHEMES:
            return None
        if parts.scheme or parts.netloc or not parts.path or parts.path.startswith("/"):
            return address.strip()
        path = posixpath.normpath(unquote(parts.path))
        return None if path.startswith("..") else self.file(path)


@dataclass(frozen=True)
class Picture:
    """One picture of the widget gallery, with the prompt that drew it."""

    address: str
    text: str


def gallery(card: Mapping[str, Any], place: Place) -> list[Picture]:
    """The pictures that the front matter's `widget` names."""
    pictures = []
    widget = card.get("widget")
    for item in widget if isinstance(widget, list) else []:
        output = item.get("output") if isinstance(item, dict) else None
        url = output.get("url") if isinstance(output, dict) else None
        address = place.address(url) if isinstance(url, str) else None
        if address:
            pictures.append(Picture(address, str(item.get("text") or "")))
    return pictures


def render(text: str, place: Place, gallery_html: str) -> str:
    """The card's Markdown as HTML; `<Gallery />` becomes `gallery_html`, which must be safe."""
    sanitizer = _Sanitizer(place, gallery_html)
    sanitizer.feed(_markdown.render(text))
    sanitizer.close()
    return sanitizer.result()


class _Sanitizer(HTMLParser):
    """Writes again what is allowed, and nothing else."""

    def __init__(self, place: Place, gallery_html: str) -> None:
        super().__init__(convert_charrefs=True)
        self._place = place
        self._gallery_html = gallery_html
        self._written: list[str] = []
        self._open: list[str] = []
        self._silent = 0  # inside of how many elements whose content is not shown either
        self._anchors: dict[str, int] = {}  # of headings, each with how many have it
        self._heading: tuple[int, str] | None = None  # where the open one was written, and its text so far

    def result(self) -> str:
        return "".join(self._written) + "".join(f"</{tag}>" for tag in reversed(self._open))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT_TAGS:
            self._silent += 1
        if self._silent:
            return
        if tag == "gallery":
            self._written.append(self._gallery_html)
        elif tag in _TAGS:
            self._written.append(f"<{tag}{self._attributes(tag, attrs)}>")
            if tag in _HEADINGS:
                self._heading = (len(self._written) - 1, "")
            if tag not in _VOID_TAGS:
                self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _SILENT_TAGS:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT_TAGS:
            self._silent = max(self._silent - 1, 0)
        elif tag in self._open and not self._silent:
            while (last := self._open.pop()) != tag:
                self._written.append(f"</{last}>")
            self._written.append(f"</{tag}>")
            if tag in _HEADINGS and self._heading:
                self._give_anchor(*self._heading)

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._written.append(escape(data))
            if self._heading:
                self._heading = (self._heading[0], self._heading[1] + data)

    def _give_anchor(self, at: int, text: str) -> None:
        """Let links lead to the heading: its words in small letters, joined by hyphens, as on the Hub."""
        anchor = re.sub(r"[^\w-]", "", text.strip().lower().replace(" ", "-"))
        count = self._anchors.get(anchor, 0)
        self._anchors[anchor] = count + 1
        self._heading = None
        if anchor:
            self._written[at] = self._written[at][:-1] + f' id="{anchor}{f"-{count}" if count else ""}">'

    def _attributes(self, tag: str, attrs: list[tuple[str, str | None]]) -> str:
        written = ' loading="lazy"' if tag == "img" else ""
        for name, value in attrs:
            if name == "style" and value in _ALIGNMENTS:
                written += f' style="{value}"'
            if name == "class" and tag == "span" and _TOKEN.fullmatch(value or ""):
                written += f' class="{value}"'
            if name not in _ATTRIBUTES:
                continue
            allowed: str | None = value or ""
            if name in ("href", "src"):
                allowed = self._place.address(value or "")
            if allowed is not None:
                written += f' {name}="{escape(allowed)}"'
        return written


def marked_diff(diff: str) -> Markup:
    """A unified diff whose added and removed lines can be told apart."""
    marks = {"+": "gi", "-": "gd", "@": "gu"}
    lines = (
        f'<span class="{marks[line[0]]}">{escape(line)}</span>' if line[:1] in marks else escape(line)
        for line in diff.splitlines()
    )
    return Markup("\n".join(lines))  # noqa: S704 - escaped just now


def human_size(size: int) -> str:
    """A size as people say it, in decimal units as the Hub does."""
    value = float(size)
    for unit in ("bytes", "kB", "MB", "GB"):
        if value < 1000:  # noqa: PLR2004 - the step between two units
            return f"{value:.0f} {unit}" if unit == "bytes" else f"{value:.3g} {unit}"
        value /= 1000
    return f"{value:.3g} TB"


def human_number(value: object) -> str:
    """A score as one reads it; the page keeps all digits in its tooltip."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def breakable(path: str) -> Markup:
    """A path that may break into lines where its parts end."""
    return Markup(re.sub(r"([/_-])", r"\1<wbr>", escape(path)))  # noqa: S704 - escaped just now


def human_date(date: str) -> str:
    return re.sub(r"T(\d\d:\d\d).*", r" \1", date)
