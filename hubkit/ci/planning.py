"""plan: from the event that started the workflow to the rows to train; what would be refused later is refused here."""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hubkit import hub
from hubkit.ci.changes import changed_recipes, is_on
from hubkit.ci.event import NOTHING, Event
from hubkit.ci.room import GIGABYTE, Room, room
from hubkit.ci.rows import TAG, Row, stem_of
from hubkit.errors import AuthorisationError, ConflictError, HubkitError, MachineError, RecipeError
from hubkit.publishing import Version, check_greater, newest
from hubkit.recipe import Recipe, load
from hubkit.targets.hub import HubTarget

WORKFLOW: Final = ".github/workflows/train.yml"
STARTS: Final = frozenset({"push", "workflow_dispatch"})
"""Only these reach a GPU. A fork can cause neither."""

PUBLISH_DISK: Final = 14
"""Gigabytes that are free on GitHub's standard runner, before hubkit and its libraries are installed."""

INSTALLED: Final = 3 * GIGABYTE
"""Bytes of hubkit's libraries there, with PyTorch for CPUs."""

OTHERWISE: Final = '\n  or publish with a token: docs/guides/github-actions.md, "With a token instead"'


@dataclass(frozen=True)
class Planned:
    """A row, and the disk it needs where that is known."""

    row: Row
    room: Room | None


def plan(event: Event, root: Path) -> tuple[Planned, ...]:
    """The rows of an event, in a checkout at `root` with the whole history. Raises HubkitError with every reason not
    to train.
    """
    if event.name not in STARTS:
        raise RecipeError(f"a {event.name!r} event trains nothing: it may come from a fork", code="HK243")
    if not is_on(root, event.sha, event.main):
        raise RecipeError(
            f"the commit {event.sha[:12]} is not on {event.main}: what is trained was reviewed",
            help=f"merge it, then tag or start the run on {event.main}",
            code="HK243",
        )
    planned, faults = [], []
    for request in _requests(event, root):
        try:
            if one := _planned(root, **request):
                planned.append(one)
        except HubkitError as error:
            faults.append(error)
    if faults:
        raise type(faults[0]).of(tuple(fault for error in faults for fault in error.faults))
    return tuple(planned)


def _requests(event: Event, root: Path) -> Iterator[dict[str, Any]]:
    """What the event asks for: the recipe's file, and the other fields of a row."""
    if event.tag and not TAG.fullmatch(event.tag):
        raise RecipeError(
            f"{event.tag[:120]!r} is no tag of a model",
            help="a release is asked for by a tag such as models/naruto/v1.0.0",
            code="HK243",
        )
    named = TAG.fullmatch(event.tag)
    if event.name == "workflow_dispatch":
        yield _dispatched(event, named.groups() if named else None)
    elif named:
        yield {"recipe": f"recipes/{named[1]}.toml", "version": named[2]}
    else:
        changes = changed_recipes(root, event.before, event.sha) if event.before != NOTHING else ()
        yield from ({"recipe": change.path} for change in changes if _for_a_hub(root / change.path))


def _dispatched(event: Event, tag: tuple[str, ...] | None) -> dict[str, Any]:
    given = dict(event.inputs)
    recipe = given.pop("recipe", f"recipes/{tag[0]}.toml" if tag else "")
    recipe = recipe if recipe.endswith(".toml") else f"recipes/{recipe}.toml"
    if tag and recipe != f"recipes/{tag[0]}.toml":
        raise RecipeError(f"the tag {event.tag!r} is not one of {recipe[:120]!r}", code="HK243")
    if run := given.get("run"):
        _check_run(event, run)
    return {**given, "recipe": recipe} | ({"version": tag[1]} if tag else {})


def _for_a_hub(path: Path) -> bool:
    """A rehearsal on a Hub of the machine's own is not trained when it changes, unless such a Hub is what we talk to.

    A recipe that cannot be read is not passed over: it is refused with its faults.
    """
    try:
        return hub.is_local() or load(path).hub != "local"
    except RecipeError:
        return True


def _planned(root: Path, *, recipe: str, **fields: Any) -> Planned:
    """A row whose recipe is right, whose target is there, and that there is room for."""
    stem = stem_of(recipe)
    loaded = load(root / recipe)
    if loaded.hub == "local" and not hub.is_local():
        raise RecipeError(f"{recipe} means a Hub on its own machine, which ends with the job", code="HK244")
    row = Row.read({"recipe": recipe, "stem": stem, "name": loaded.name, "repo": address(loaded, recipe), **fields})
    check_there(loaded, row)
    needed = room(loaded)
    if needed:
        check_publishing_room(needed, recipe)
    return Planned(row, needed)


def address(recipe: Recipe, path: str) -> str:
    """The repo a recipe is published to, told without anybody being logged in. Raises RecipeError."""
    target = recipe.publish
    if not isinstance(target, HubTarget):
        raise RecipeError(f"{path} does not publish to the Hub, and a job's disk ends with the job", code="HK244")
    namespace = os.environ.get("HF_NAMESPACE", "")
    repo = target.address(recipe.name, namespace or "?")
    if repo.startswith("?/"):
        raise RecipeError(
            f"{path} does not say in which namespace {recipe.name!r} is published",
            help="set the repository variable HF_NAMESPACE, or publish.repo = 'namespace/name' in the recipe",
            code="HK244",
        )
    return repo


def check_there(recipe: Recipe, row: Row) -> None:
    """Keyless publishing writes to a repo that is there, and cannot make one; tags never move, versions only grow.

    Raises AuthorisationError with what to do once, ConflictError.
    """
    there = hub.resolve_own(row.repo)
    if there and row.version:
        check_version(row, list(hub.tags(row.repo)))
    private = isinstance(recipe.publish, HubTarget) and recipe.publish.private
    if not there and not private and os.environ.get("HF_AUTH", "") != "token":
        raise AuthorisationError(
            f"{row.repo} is not there, and publishing without a token cannot create it",
            help=hub.steps(row.repo) + OTHERWISE,
            code="HK808",
        )


def check_version(row: Row, tags: list[str]) -> None:
    """Refuse a version that is there already, or that is not greater than the newest. Raises ConflictError."""
    if row.version in tags:
        raise ConflictError(
            f"{row.repo} has the tag {row.version} already, and tags never move",
            help="to publish something else, tag the next version",
            code="HK902",
        )
    version, last = Version.parse(row.version), newest(tags)
    if version and last:
        check_greater(version, last)


def check_publishing_room(needed: Room, recipe: str) -> None:
    """Refuse now what would not fit where it is published. Raises MachineError."""
    there = int(os.environ.get("PUBLISH_DISK_GB") or PUBLISH_DISK) * GIGABYTE - INSTALLED
    if needed.publishing > there:
        raise MachineError(
            f"publishing {recipe} needs {needed.publishing / GIGABYTE:.1f} GB of disk, "
            f"the runner that publishes has {there / GIGABYTE:.1f} GB to give",
            help="leave out publish.fp16; or choose a larger runner for the publish job in train.yml, and say its "
            "free gigabytes in the repository variable PUBLISH_DISK_GB",
            code="HK510",
        )


def _check_run(event: Event, run: str) -> None:
    """A checkpoint is taken from a run of this very workflow in this very repository: a fork's run may leave artifacts
    here too.
    """
    if not run.isdecimal():
        raise RecipeError(f"{run[:80]!r} is no run", help="the number in the run's address", code="HK243")
    command = ["gh", "api", f"repos/{event.repository}/actions/runs/{run}"]
    done = subprocess.run(command, check=False, capture_output=True)  # noqa: S603
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()[:200]
        raise RecipeError(f"the run {run} cannot be looked up: {said!r}", code="HK243")
    about = json.loads(done.stdout)
    trusted = (
        about.get("path", "").partition("@")[0] == WORKFLOW
        and about.get("event") in STARTS
        and (about.get("head_repository") or {}).get("full_name") == event.repository
    )
    if not trusted:
        raise RecipeError(f"the run {run} is none of {WORKFLOW} in {event.repository}", code="HK243")
