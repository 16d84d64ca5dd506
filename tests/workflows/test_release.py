"""hubkit's own release: its tag, its version and its changelog agree, or it is not built."""

import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import ROOT

CHANGELOG = (
    "# Changelog\n\n## [Unreleased]\n\n## [1.2.0] - 2027-01-01\n\n### Added\n\n- A thing.\n\n## [1.1.0]\n\n- Old.\n"
)


@pytest.fixture
def release(tmp_path: Path):
    """Ask for the notes of a tag."""
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github/release.py").write_bytes((ROOT / ".github/release.py").read_bytes())
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)

    def run(tag: str, version: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "pyproject.toml").write_text(f'[project]\nversion = "{version}"\n')
        return subprocess.run(
            [sys.executable, str(tmp_path / ".github/release.py"), tag], capture_output=True, text=True, check=False
        )

    return run


def test_the_notes_are_the_changelogs_section(release):
    """Of that version, and of no other."""
    done = release("v1.2.0", "1.2.0")

    assert (0, "### Added\n\n- A thing.\n") == (done.returncode, done.stdout)


@pytest.mark.parametrize(("tag", "version"), [("v1.2.0", "1.2.1"), ("v1.2.1", "1.2.1"), ("1.2.0", "1.2.0")])
def test_what_does_not_agree_is_not_built(release, tag, version):
    """A tag of another version; a version without a section."""
    done = release(tag, version)

    assert (1, "") == (done.returncode, done.stdout)
    assert 1 == len(done.stderr.splitlines())
