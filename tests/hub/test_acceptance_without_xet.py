"""The acceptance suite once more, without Xet: the clients read that from their environment, so in another process."""

import os
import subprocess
import sys
from pathlib import Path

SUITE = Path(__file__).parent / "acceptance"


def test_everything_holds_without_xet():
    command = [sys.executable, "-m", "pytest", "--quiet", "-p", "no:cacheprovider", "--timeout", "300", str(SUITE)]
    ran = subprocess.run(
        command, env={**os.environ, "ACCEPTANCE_WITHOUT_XET": "1"}, capture_output=True, text=True, check=False
    )

    assert ran.returncode == 0, ran.stdout
