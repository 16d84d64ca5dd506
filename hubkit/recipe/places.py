"""Which place a fault names: a line of the recipe, or the option of the command line that gave the value."""

from dataclasses import dataclass, field
from typing import TypeVar

from hubkit.recipe.positions import KeyPath
from hubkit.recipe.wording import clipped

Place = TypeVar("Place", int, str)


@dataclass
class Places:
    """Where each key of a recipe was given: by a line of its file, or by an option."""

    file: str
    lines: dict[KeyPath, int]
    options: dict[KeyPath, str] = field(default_factory=dict)

    def line(self, line: int) -> str:
        """A line of the file, as a fault names it."""
        return f"{clipped(self.file, 200)}:{line}"

    def of(self, path: KeyPath) -> str:
        """The place of a key; of its table, where the key itself is missing."""
        while path:
            if option := self._option(path):
                return clipped(option)
            if path in self.lines:
                return self.line(self.lines[path])
            path = path[:-1]
        return self.line(1)

    def _option(self, path: KeyPath) -> str | None:
        """The option that gave the value at `path`, or, where no line of the file did, a value below it."""
        below = () if path in self.lines else (key for key in self.options if _within(key, path))
        return self.options.get(path) or next((self.options[key] for key in below), None)

    def typed(self, path: KeyPath) -> bool:
        """Whether the value was given on the command line."""
        return any(path[:length] in self.options for length in range(1, len(path) + 1))

    def give(self, path: KeyPath, option: str) -> None:
        """From now on the value at `path` is the one `option` gave."""
        self.lines = {key: line for key, line in self.lines.items() if not _within(key, path)}
        self.options = {key: given for key, given in self.options.items() if not _within(key, path)}
        self.options[path] = option

    def remove(self, path: KeyPath) -> None:
        """Forget `path` and what is below it; the later items of an array move up."""
        self.lines = _without(self.lines, path)
        self.options = _without(self.options, path)


def _within(key: KeyPath, path: KeyPath) -> bool:
    return key[: len(path)] == path


def _without(places: dict[KeyPath, Place], path: KeyPath) -> dict[KeyPath, Place]:
    return {_moved_up(key, path): place for key, place in places.items() if not _within(key, path)}


def _moved_up(key: KeyPath, removed: KeyPath) -> KeyPath:
    """`key` as it is called once the array item `removed` is gone."""
    *above, gone = removed
    depth = len(above)
    if not _within(key, tuple(above)) or len(key) == depth:
        return key
    index = key[depth]
    if isinstance(index, int) and isinstance(gone, int) and index > gone:
        return (*above, index - 1, *key[depth + 1 :])
    return key
