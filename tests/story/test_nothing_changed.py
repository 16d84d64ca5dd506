"""A model against itself is no measurable change, whatever the seeds."""

import subprocess
import sys

from .conftest import ROOT


def test_the_base_against_itself_with_other_seeds(server, environment):
    """Every score of the quickstart, over all of its held-out captions."""
    done = subprocess.run(
        [sys.executable, "benchmarks/base_against_itself.py"],
        env=environment, cwd=ROOT, capture_output=True, text=True, check=False, timeout=500,
    )  # fmt: skip
    lines = [line for line in done.stdout.splitlines() if "between" in line]

    assert done.returncode == 0, done.stderr
    assert {line.split(":")[0] for line in lines} == {"kid", "fid", "clip-score", "diversity", "sanity"}
    assert [line for line in lines if not line.endswith("no measurable change")] == []
