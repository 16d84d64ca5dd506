"""The energy of a training, as far as it was metered."""

import time
from pathlib import Path

import pytest

from hubkit.training.energy import energy, metered


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::FutureWarning")
def test_what_was_metered_is_added_up(tmp_path: Path):
    """Two sessions of one training: their energy, and the seconds it was metered for."""
    for _ in range(2):
        with metered(tmp_path, after=0.0):
            time.sleep(0.3)
    found = energy(tmp_path)

    assert 0 < found["energy_kwh"] < 0.01
    assert 0 < found["energy_seconds"] < 60


def test_a_short_training_is_not_metered(tmp_path: Path):
    """The meter takes seconds itself; nothing is then said of energy."""
    with metered(tmp_path):
        pass

    assert {} == energy(tmp_path)
