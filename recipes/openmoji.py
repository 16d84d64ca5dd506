"""OpenMoji's pictures as a folder to train on: PNGs of varying size and metadata.csv with their annotations.

    pip install resvg-py
    python recipes/openmoji.py data/openmoji
    hubkit train recipes/openmoji.toml --data data/openmoji --push

The pictures come from the npm package `openmoji` (https://openmoji.org, CC BY-SA 4.0); `npm` fetches it unless
`--package` names the unpacked folder or the .tgz. The licence travels with them: it is written into the folder's
README.md, and a model trained on them carries it.
"""

import argparse
import csv
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

VERSION: Final = "17.0.0"
GROUPS: Final = ("smileys-emotion", "people-body")
SMALLEST: Final = 96
LARGEST: Final = 256
CARD: Final = """---
license: cc-by-sa-4.0
pretty_name: OpenMoji
task_categories:
- text-to-image
language:
- en
tags:
- emoji
---

# OpenMoji {version}

{count} pictures of the groups {groups}, drawn from the SVGs of the npm package `openmoji` {version} at {smallest} to
{largest} pixels; the captions are its annotations.

All emojis designed by [OpenMoji](https://openmoji.org/) - the open-source emoji and icon project.
License: [CC BY-SA 4.0](https://creativecommons.org/licenses/by-sa/4.0/).
"""

Emoji = dict[str, Any]


def main() -> None:
    """Fetch, choose, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("--package", type=Path, help="the unpacked npm package, or its .tgz")
    parser.add_argument("--groups", nargs="+", default=list(GROUPS), help="OpenMoji groups (default: %(default)s)")
    parser.add_argument("--skin-tones", action="store_true", help="the variants by skin tone too")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        package = unpacked(arguments.package or fetched(Path(scratch)), Path(scratch))
        chosen = list(selection(package, arguments.groups, skin_tones=arguments.skin_tones))
        if not chosen:
            sys.exit(f"no picture in {', '.join(arguments.groups)}; OpenMoji has: {', '.join(groups(package))}")
        write(chosen, package, arguments.folder, arguments.groups)
    print(f"{len(chosen)} pictures in {arguments.folder}", file=sys.stderr)


def fetched(folder: Path) -> Path:
    """The package as npm gives it."""
    command = ["npm", "pack", f"openmoji@{VERSION}", "--silent", "--pack-destination", str(folder)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - fixed words and our own folder
    return folder / f"openmoji-{VERSION}.tgz"


def unpacked(package: Path, scratch: Path) -> Path:
    """The package's folder."""
    if package.is_dir():
        return package
    with tarfile.open(package) as archive:
        archive.extractall(scratch, filter="data")
    return scratch / "package"


def catalogue(package: Path) -> list[Emoji]:
    """What OpenMoji says of every emoji."""
    emojis: list[Emoji] = json.loads((package / "data" / "openmoji.json").read_text(encoding="utf-8"))
    return emojis


def groups(package: Path) -> list[str]:
    """The names of all groups."""
    return sorted({emoji["group"] for emoji in catalogue(package)})


def selection(package: Path, chosen: list[str], *, skin_tones: bool) -> Iterator[Emoji]:
    """The emojis of some groups that have a picture and an annotation."""
    for emoji in catalogue(package):
        if emoji["group"] in chosen and emoji["annotation"] and (skin_tones or not emoji["skintone"]):
            yield emoji


def side(emoji: Emoji) -> int:
    """How many pixels wide the picture is: varying, as in a collected set, and the same each time."""
    digest = hashlib.sha256(emoji["hexcode"].encode()).digest()
    return SMALLEST + int.from_bytes(digest[:4], "big") % (LARGEST - SMALLEST + 1)


def write(emojis: list[Emoji], package: Path, folder: Path, chosen: list[str]) -> None:
    """The PNGs, metadata.csv and a README.md that names the licence."""
    from resvg_py import svg_to_bytes  # type: ignore[import-not-found, unused-ignore]

    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "metadata.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["file_name", "text"])
        for emoji in emojis:
            name, pixels = f"{emoji['hexcode']}.png", side(emoji)
            svg = (package / "color" / "svg" / f"{emoji['hexcode']}.svg").read_text(encoding="utf-8")
            (folder / name).write_bytes(bytes(svg_to_bytes(svg_string=svg, width=pixels, height=pixels)))
            table.writerow([name, emoji["annotation"]])
    version = json.loads((package / "package.json").read_text(encoding="utf-8"))["version"]
    words = CARD.format(
        version=version, count=len(emojis), groups=", ".join(chosen), smallest=SMALLEST, largest=LARGEST
    )
    (folder / "README.md").write_text(words, encoding="utf-8")


if __name__ == "__main__":
    main()
