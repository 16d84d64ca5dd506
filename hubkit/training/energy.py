"""The energy a training took, where codecarbon is installed to measure or estimate it."""

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from threading import Timer
from typing import Any, Final

SHORT: Final = 60.0
"""Seconds: a training that is shorter is not metered."""
FILE: Final = "energy.jsonl"
"""A line for each session of a training. One that was killed leaves none, so the seconds are told with the energy."""


@contextmanager
def metered(folder: Path, after: float = SHORT) -> Iterator[None]:
    """Meter this machine (GPUs by their driver, the processor by its counters or else by its rating) and keep the sum.

    Metering begins after so many seconds, beside the training: to find out what there is to meter takes some itself.
    Without codecarbon nothing is metered, and nothing is said of energy.
    """
    if find_spec("codecarbon") is None:
        yield
        return
    running: list[tuple[Any, float]] = []
    timer = Timer(after, lambda: running.append((started(), time.monotonic())))
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        for tracker, began in running:
            tracker.stop()
            row = {"kwh": tracker.final_emissions_data.energy_consumed, "seconds": time.monotonic() - began}
            with (folder / FILE).open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")


def started() -> Any:
    """A running tracker that asks no network and writes no file."""
    from codecarbon import OfflineEmissionsTracker

    logging.getLogger("codecarbon").setLevel(logging.CRITICAL)
    # Only the energy is read, which no country changes; the tracker does not start without one.
    tracker = OfflineEmissionsTracker(
        country_iso_code="USA", save_to_file=False, log_level="critical", allow_multiple_runs=True
    )
    tracker.start()
    return tracker


def energy(folder: Path) -> dict[str, float]:
    """The fields of `TrainedModel` that tell of the energy; none where nothing was metered."""
    if not (folder / FILE).is_file():
        return {}
    rows = [json.loads(line) for line in (folder / FILE).read_text(encoding="utf-8").splitlines()]
    return {"energy_kwh": sum(row["kwh"] for row in rows), "energy_seconds": sum(row["seconds"] for row in rows)}
