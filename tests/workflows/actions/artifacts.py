"""Artifacts in a folder, $TEST_ARTIFACTS, with the rules of GitHub's actions that matter to a workflow.

Hidden files stay behind, modes are lost, links become files, a name is taken once a run, the root of an artifact is the
folder that all searched paths have in common.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

STORE = Path(os.environ["TEST_ARTIFACTS"])


def found(path: Path) -> Iterator[Path]:
    """The files of a path that are not hidden."""
    inside = sorted(path.rglob("*")) if path.is_dir() else [path]
    for file in inside:
        hidden = any(part.startswith(".") for part in file.relative_to(path.parent).parts)
        if file.is_file() and not hidden:
            yield file


def upload() -> None:
    """Copy what is found at the searched paths."""
    searched = [Path(line.strip()) for line in os.environ["SEARCHED"].splitlines() if line.strip()]
    files = [file for path in searched if path.exists() for file in found(path)]
    place = STORE / os.environ["GITHUB_RUN_ID"] / os.environ["NAME"]
    if not files:
        sys.exit(f"no files: {searched}" if os.environ["NOTHING"] == "error" else 0)
    if place.exists():
        if os.environ["OVERWRITE"] != "true":
            sys.exit(f"the artifact {place.name} is there already")
        shutil.rmtree(place)
    only = searched[0].absolute()
    root = only if only.is_dir() else only.parent
    if len(searched) > 1:
        root = Path(os.path.commonpath([path.absolute() for path in searched]))
    for file in files:
        there = place / file.absolute().relative_to(root)
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, there)


def download() -> None:
    """Copy one artifact by its name, or all that match a pattern."""
    store, name, place = STORE / os.environ["RUN"], os.environ["NAME"], Path(os.environ["PLACE"])
    if name:
        if not (store / name).is_dir():
            sys.exit(f"Artifact not found for name: {name}")
        shutil.copytree(store / name, place, dirs_exist_ok=True)
        return
    for artifact in sorted(store.iterdir()) if store.is_dir() else ():
        if fnmatch(artifact.name, os.environ["PATTERN"]):
            there = place if os.environ["MERGE"] == "true" else place / artifact.name
            shutil.copytree(artifact, there, dirs_exist_ok=True)


if __name__ == "__main__":
    {"upload": upload, "download": download}[sys.argv[1]]()
