"""A first SIGINT or SIGTERM asks the training to stop after its step; a second one ends it at once."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Wish:
    """Whether somebody asked to stop."""

    stop = False


@contextmanager
def stoppable() -> Iterator[Wish]:
    """Within it the first signal is kept as a wish; the second does what it always does."""
    wish = Wish()

    def heard(number: int, _: FrameType | None) -> None:
        wish.stop = True
        signal.signal(number, before[signal.Signals(number)])

    before = {number: signal.getsignal(number) for number in SIGNALS}
    try:
        for number in SIGNALS:
            signal.signal(number, heard)
    except ValueError:  # not the main thread: signals go elsewhere
        before = {}
    try:
        yield wish
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
