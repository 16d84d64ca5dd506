"""A stranger's text, made harmless for the place where it stands."""

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

import yaml

LONGEST: Final = 300
"""Characters of a stranger's text that a card shows in a line."""

MARKUP: Final = re.compile(r"[\\`*_\[\]<>#|~&$@]|(?<=www)\.|:(?=\S)", re.IGNORECASE)
"""What may begin markup, a link, an entity or a mention, anywhere in a line. Markdown takes a backslash before each."""

JOINER: Final = "\u2060"
"""Has no width and allows no line break. It parts what is recognised in a text after the Markdown was read, such as
addresses and mentions: a backslash does not stop that.
"""
RECOGNISED: Final = re.compile(
    r"(?<=:)(?=//)|(?<=www)(?=\.)|(?<=@)(?=[\w-]+\.\w)|(?<!\w@)(?<=@)(?=[^\W\d])|(?<=#)(?=\d)"
    r"|(?<=\\)(?=[()\[\]]|$)",  # and what follows a text may be a bracket
    re.IGNORECASE,
)
"""Where addresses, mentions, numbers of issues and formulas are parted. The Hub typesets what stands between double
dollars, or between two backslashes with a bracket, before it reads the Markdown; and a backslash is escaped as two.
"""
RECOGNISED_IN_CODE: Final = re.compile(r"(?<=\$)(?=\$)|(?<=\\\\)(?=[()\[\]])|(?<=\\)(?=\|)")
"""Where formulas are parted in code; and a backslash from a bar, since a table takes two for one, and the bar for its
own.
"""
RECOGNISED_IN_A_LITERAL: Final = re.compile(r"(?<=\$)\$|\\\\(?=[()\[\]])")
"""What makes a formula of a literal, in which a backslash is two already."""

AT_THE_START: Final = re.compile(r"^(\d{0,9})([-+=.)])(?=[-+=\s]|$)")
"""What makes a list, a rule or a heading of a line that begins with it."""


class Markdown(str):
    """Text that is Markdown already, and is not escaped again."""

    __slots__ = ()


def one_line(text: str, longest: int | None = LONGEST) -> str:
    """Printable characters on one line: no control characters, none that turn the writing's direction. It is cut at
    `longest` characters.
    """
    words = " ".join(text.split())
    printable = "".join(character for character in words if character.isprintable())
    return printable if longest is None or len(printable) <= longest else printable[: longest - 1] + "…"


def inline(value: Any, longest: int | None = LONGEST) -> Markdown:
    """Any value as literal text within a line of Markdown, cut at `longest` characters."""
    if isinstance(value, Markdown):
        return value
    parted = RECOGNISED.sub(JOINER, one_line(str(value), longest))
    escaped = MARKUP.sub(r"\\\g<0>", parted)
    return Markdown(AT_THE_START.sub(r"\1\\\2", escaped))


def code(value: Any) -> Markdown:
    """Any value as code within a line, between more backticks than it holds itself."""
    text = one_line(str(value)) or " "
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    parted = RECOGNISED_IN_CODE.sub(JOINER, text)
    return Markdown(f"{fence}{pad}{parted}{pad}{fence}")


def block(text: str, language: str) -> Markdown:
    """Text as a fenced block, between more backticks than it holds itself."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return Markdown(f"{fence}{language}\n{text.rstrip()}\n{fence}")


def without_formulas(literal: str, escape: str) -> str:
    """A literal of Python or TOML that reads the same and is no formula; `escape` is how they write a character by its
    number.
    """
    return RECOGNISED_IN_A_LITERAL.sub(lambda found: escape.format(ord(found[0][0])), literal)


def table(header: Sequence[Any], rows: Iterable[Sequence[Any]], numbers: Collection[int] = ()) -> Markdown:
    """A table of Markdown; `numbers` are the columns that are aligned to the right."""
    rule = ["---:" if column in numbers else "---" for column in range(len(header))]
    lines = [map(inline, header), rule, *(map(inline, row) for row in rows)]
    return Markdown("\n".join("| " + " | ".join(map(_in_a_cell, cells)) + " |" for cells in lines))


def _in_a_cell(text: str) -> str:
    """Its bars as text: an escaped one is already."""
    return re.sub(r"(?<!\\)\|", r"\\|", text)


class _Dumper(yaml.SafeDumper):
    """YAML without aliases, which the Hub refuses, and with every unusual text on one line between double quotes.

    A text of several lines could otherwise hold the `---` that ends a card's metadata.
    """

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def write_double_quoted(self, text: str, split: bool = True) -> None:  # noqa: FBT001, FBT002 - PyYAML's signature
        """A text with unseen characters is written in ASCII: none of them stands in the file itself."""
        allowed, self.allow_unicode = self.allow_unicode, text.isprintable()
        super().write_double_quoted(text, split)
        self.allow_unicode = allowed


NUMBERLIKE: Final = re.compile(r"[-+.]?\d[\w.+-]*")
"""What may be taken for a number: `1e5` is a text in YAML 1.1, and a number in 1.2, which the Hub reads."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = ("'" if NUMBERLIKE.fullmatch(text) else None) if text.isprintable() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(Markdown, _text)


def front_matter(values: dict[str, Any]) -> str:
    """Values as the YAML at the head of a card, between its two lines of dashes."""
    return f"---\n{yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10**6)}---\n"
