"""What a person sees while hubkit works: words and bars on stderr, plain lines where nobody watches."""

import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Self, TypeVar

from hubkit.errors import visible

if TYPE_CHECKING:
    from rich.console import Console

T = TypeVar("T")

PLAIN_SECONDS = 20.0
"""Without a terminal, a line is printed this often."""


def console() -> "Console":
    """The console on stderr; stdout is for data."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)


def say(line: str) -> None:
    """One line to the person who waits. Control characters of untrusted text are shown, not obeyed."""
    console().print(visible(line))


def track(items: Iterable[T], what: str, total: int) -> Iterator[T]:
    """Go through `items` under a bar that says what is going on; lines every twenty seconds where stderr is no
    terminal.
    """
    from rich.progress import track as bar

    screen = console()
    if screen.is_terminal:
        yield from bar(items, description=what, total=total, console=screen, transient=True)
        return
    spoken = time.monotonic()
    for count, item in enumerate(items):
        if time.monotonic() - spoken > PLAIN_SECONDS:
            spoken = time.monotonic()
            say(f"{what}: {count} of {total}")
        yield item


class Steps:
    """A bar over numbered steps with words beside it (loss, speed); plain lines where stderr is no terminal. A
    context manager.
    """

    def __init__(self, what: str, total: int, done: int = 0) -> None:
        """`done` steps of `total` are behind us already."""
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._screen = console()
        self._what, self._total, self._done = what, total, done
        self._began = self._spoken = time.monotonic()
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[words]}"),
            TimeRemainingColumn(),
            console=self._screen,
            transient=True,
            disable=not self._screen.is_terminal,
        )
        self._task = self._bar.add_task(what, total=total, completed=done, words="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def reached(self, step: int, words: str) -> None:
        """`step` steps are done; `words` say how it goes."""
        self._bar.update(self._task, completed=step, words=words)
        now = time.monotonic()
        if self._screen.is_terminal or (now - self._spoken < PLAIN_SECONDS and step < self._total):
            return
        self._spoken = now
        left = (now - self._began) / max(1, step - self._done) * (self._total - step)
        say(f"{self._what}: step {step} of {self._total}, {words}, {left:.0f} s left")
