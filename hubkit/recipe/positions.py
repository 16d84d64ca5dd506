"""Where each key of a TOML text stands: tomllib gives values without places, so a scanner walks the text beside it.

The scanner goes through the text once, in linear time, before tomllib sees it, so that what makes tomllib slow (64 KiB
of dotted keys take it half a minute) is refused first. It reads valid TOML exactly and anything else leniently: tomllib
then says what is wrong with that.
"""

import json
import re
from bisect import bisect_right
from typing import Any, Final

KeyPath = tuple[str | int, ...]
"""The keys from the top of the recipe down to a value; a number is an index of an array."""

MAX_DOTS: Final = 8
MAX_DEPTH: Final = 16

_SPACE: Final = re.compile(r"[ \t]*+")
_GAP: Final = re.compile(r"(?:[ \t\n]++|#[^\n]*+)*+")
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]++")
_SHORT_STRING: Final = re.compile(r'"(?:\\.|[^"\\\n])*+"|' r"'[^'\n]*+'")
_LONG_STRING: Final = re.compile(r'"""(?:\\.|[^\\])*?"""(?:"{0,2})|' r"'''.*?'''(?:'{0,2})", re.DOTALL)
_SCALAR: Final = re.compile(r"[^,\]}#\n]*+")
_REST_OF_LINE: Final = re.compile(r"[^\n]*+\n?")


class TooDeepError(ValueError):
    """A key path or a nesting so deep that no recipe means it."""

    def __init__(self, line: int) -> None:
        super().__init__(f"more than {MAX_DOTS} dots in a key, or more than {MAX_DEPTH} brackets within one another")
        self.line = line


def lines_of_keys(text: str) -> dict[KeyPath, int]:
    """The line, counted from 1, of each key, table header and array item of a TOML text. Raises TooDeepError."""
    scanner = _Scanner(text)
    scanner.document()
    return scanner.lines


class _Scanner:
    """A place in the text, the table whose keys stand there, and the lines found so far."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[KeyPath, int] = {}
        self._last_item: dict[KeyPath, int] = {}
        self._line_ends = [match.start() for match in re.finditer("\n", text)]

    @property
    def line(self) -> int:
        return bisect_right(self._line_ends, self.at - 1) + 1

    def document(self) -> None:
        table: KeyPath = ()
        self.take(_GAP)
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.assignment(table, 0)
            self.take(_REST_OF_LINE)
            self.take(_GAP)

    def header(self) -> KeyPath:
        """`[a.b]` or `[[a.b]]`: the path of the table that begins here."""
        line = self.line
        of_array = self.text.startswith("[[", self.at)
        self.at += 2 if of_array else 1
        keys = self.key()
        path: KeyPath = ()
        for depth, key in enumerate(keys, 1):
            path = (*path, key)
            self.lines.setdefault(path, line)
            if path in self._last_item and not (of_array and depth == len(keys)):
                path = (*path, self._last_item[path])
        if of_array:
            self._last_item[path] = self._last_item.get(path, -1) + 1
            path = (*path, self._last_item[path])
        self.lines[path] = line
        return path

    def assignment(self, table: KeyPath, depth: int) -> None:
        """`a.b = value`."""
        line = self.line
        path = table
        for key in self.key():
            path = (*path, key)
            self.lines.setdefault(path, line)
        if self.skip("="):
            self.value(path, depth)

    def key(self) -> list[str]:
        """A bare, quoted or dotted key, with the space around it."""
        keys = [self.simple_key()]
        while self.skip("."):
            keys.append(self.simple_key())
            if len(keys) > MAX_DOTS + 1:
                raise TooDeepError(self.line)
        return keys

    def simple_key(self) -> str:
        self.take(_SPACE)
        if quoted := self.take(_SHORT_STRING):
            return _unquoted(quoted)
        key = self.take(_BARE_KEY)
        self.take(_SPACE)
        return key

    def value(self, path: KeyPath, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise TooDeepError(self.line)
        self.take(_SPACE)
        if self.skip("["):
            self.items(path, depth + 1)
        elif self.skip("{"):
            self.inline_table(path, depth + 1)
        elif not self.take(_LONG_STRING) and not self.take(_SHORT_STRING):
            self.take(_SCALAR)

    def items(self, path: KeyPath, depth: int) -> None:
        """`1, 2, 3]`, over as many lines as it likes."""
        index = 0
        self.take(_GAP)
        while self.at < len(self.text) and not self.skip("]"):
            before = self.at
            self.lines[*path, index] = self.line
            self.value((*path, index), depth)
            self.after_item()
            index += 1
            if self.at == before:
                return

    def inline_table(self, path: KeyPath, depth: int) -> None:
        """`a = 1, b = 2}`."""
        self.take(_GAP)
        while self.at < len(self.text) and not self.skip("}"):
            before = self.at
            self.assignment(path, depth)
            self.after_item()
            if self.at == before:
                return

    def after_item(self) -> None:
        self.take(_GAP)
        self.skip(",")
        self.take(_GAP)

    def take(self, pattern: re.Pattern[str]) -> str:
        """What `pattern` matches here, stepped over."""
        match = pattern.match(self.text, self.at)
        if not match:
            return ""
        self.at = match.end()
        return match.group()

    def skip(self, character: str) -> bool:
        """Step over `character` and the space before it, if it stands here."""
        self.take(_SPACE)
        if not self.text.startswith(character, self.at):
            return False
        self.at += 1
        return True


def _unquoted(key: str) -> str:
    if key.startswith("'"):
        return key[1:-1]
    try:
        return str(json.loads(key))
    except ValueError:
        return key[1:-1]  # an escape of TOML's own: faults then name the line of its table


def value_at(path: KeyPath, tables: Any) -> Any:
    """What stands at `path` in the tables of a recipe that is not checked yet; None where nothing does."""
    for key in path:
        try:
            tables = tables[key]
        except (KeyError, IndexError, TypeError):
            return None
    return tables
