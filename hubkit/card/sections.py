"""The parts of a card, each of which renders itself as Markdown."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any, Protocol

from hubkit.escaping import Markdown, block, inline, one_line, table

if TYPE_CHECKING:
    from jinja2.sandbox import ImmutableSandboxedEnvironment


class Part(Protocol):
    """Something that stands in a section."""

    def render(self) -> str:
        """Itself, as Markdown, without a line break at its end."""
        ...


@dataclass(frozen=True)
class Words:
    """A template of the package, with facts filled in. Every fact is escaped unless it is Markdown."""

    template: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def render(self) -> str:
        """The template's words."""
        return _templates().get_template(f"{self.template}.md").render(self.facts).strip()


@dataclass(frozen=True)
class Table:
    """Rows of facts; `numbers` are the columns that are aligned to the right."""

    header: Sequence[Any]
    rows: Sequence[Sequence[Any]]
    numbers: Collection[int] = ()

    def render(self) -> str:
        """A Markdown table."""
        return table(self.header, self.rows, self.numbers)


@dataclass(frozen=True)
class Bullets:
    """Sentences, one to a line."""

    items: Sequence[Any]

    def render(self) -> str:
        """A Markdown list."""
        return "\n".join(f"- {inline(item)}" for item in self.items)


@dataclass(frozen=True)
class Code:
    """A block of code or of a file."""

    text: str
    language: str

    def render(self) -> str:
        """A fence that the text cannot close."""
        return block(self.text, self.language)


@dataclass(frozen=True)
class Picture:
    """A picture of the release, with what it shows for those who do not see it."""

    path: str
    shows: str

    def render(self) -> str:
        """A Markdown image; its path is one of ours."""
        return f"![{inline(self.shows, longest=None)}]({self.path})"


@dataclass(frozen=True)
class Made:
    """Markdown of several blocks that was made elsewhere."""

    text: Markdown

    def render(self) -> str:
        """Itself."""
        return self.text.strip()


@dataclass(frozen=True)
class Plain:
    """A stranger's text of several paragraphs, as it is: markup in it is shown, not obeyed."""

    text: str

    def render(self) -> str:
        """Its paragraphs."""
        paragraphs = re.split(r"\n\s*\n", self.text.strip())
        return "\n\n".join(said for paragraph in paragraphs if (said := inline(paragraph, longest=None)))


@dataclass(frozen=True)
class Gallery:
    """The pictures of the metadata's `widget`, which the Hub shows in this place."""

    def render(self) -> str:
        """The Hub's own tag for it."""
        return "<Gallery />"


@dataclass(frozen=True)
class Fold:
    """Parts that are shown when somebody asks for them."""

    title: str
    parts: Sequence[Part]

    def render(self) -> str:
        """HTML's disclosure, with Markdown in it."""
        inside = "\n\n".join(part.render() for part in self.parts)
        return f"<details>\n<summary>{escape(one_line(self.title))}</summary>\n\n{inside}\n\n</details>"


@dataclass(frozen=True)
class Section:
    """A title, what stands under it, and the sections below it."""

    title: str
    parts: Sequence[Part] = ()
    sections: Sequence["Section"] = ()

    def lines(self, level: int = 1) -> Iterator[str]:
        """The blocks of this section and of those below it."""
        yield f"{'#' * level} {inline(self.title)}"
        yield from (text for part in self.parts if (text := part.render()))
        for section in self.sections:
            yield from section.lines(level + 1)

    def render(self) -> str:
        """The section as Markdown."""
        return "\n\n".join(self.lines()) + "\n"


@cache
def _templates() -> "ImmutableSandboxedEnvironment":
    """The package's own templates; a text from outside is only ever a value in them."""
    from jinja2 import PackageLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment(
        loader=PackageLoader("hubkit.card"), undefined=StrictUndefined, finalize=inline, autoescape=False
    )


def joined(values: Sequence[Any], by: str = ", ") -> Markdown:
    """Several values in one line."""
    return Markdown(by.join(inline(value) for value in values))
