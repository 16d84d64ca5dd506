"""Print the notes of a release from CHANGELOG.md, once its tag is the version of the package.

python .github/release.py v0.2.0 > notes.md
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def notes(tag: str, root: Path) -> str:
    """The changelog's section of the version `tag` names. Exits with a line where the three do not agree."""
    version = tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"]
    if tag != f"v{version}":
        sys.exit(f"the tag is {tag!r}, the version in pyproject.toml is {version!r}")
    sections = re.split(r"^## ", (root / "CHANGELOG.md").read_text(), flags=re.MULTILINE)
    found = [section for section in sections if section.startswith(f"[{version}]")]
    if not found:
        sys.exit(f"CHANGELOG.md has no section [{version}]: rename [Unreleased]")
    return found[0].partition("\n")[2].strip() + "\n"


if __name__ == "__main__":
    sys.stdout.write(notes(sys.argv[1], ROOT))
