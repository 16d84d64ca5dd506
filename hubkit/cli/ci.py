"""What the workflows in .github call."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hubkit.cli.options import Runs

if TYPE_CHECKING:
    from hubkit.ci.rows import Row


def plan() -> None:
    """Which recipes the event of this run asks to train: the matrix, as an output. Refuses what would fail later."""
    from hubkit.ci.event import Event
    from hubkit.ci.rows import matrix
    from hubkit.ci.steps import output, summarise
    from hubkit.ci.summaries import of_plan
    from hubkit.endpoint import settle

    settle(None, None)
    from hubkit.ci.planning import plan as planned

    found = planned(Event.of_environment(), Path())
    rows = matrix(one.row for one in found)
    output("matrix", rows)
    output("any", "true" if found else "false")
    summarise(of_plan(found))
    print(rows)


def changed() -> None:
    """Which recipes a pull request or push changes, and every fault they have."""
    from hubkit.ci.changes import base_of, changed_recipes
    from hubkit.ci.event import NOTHING, Event
    from hubkit.ci.steps import annotate, summarise
    from hubkit.ci.summaries import of_changes
    from hubkit.recipe import check as faults_of

    event, root = Event.of_environment(), Path()
    before = event.before
    if event.name in {"pull_request", "merge_group"}:
        before = base_of(root, before, event.sha)
    changes = changed_recipes(root, before, event.sha) if before != NOTHING else ()
    faults = [fault for change in changes for fault in faults_of(root / change.path)]
    summarise(of_changes(changes, faults))
    for change in changes:
        print(repr(change.path))
    for fault in faults:
        annotate(fault)
        print(fault, file=sys.stderr)
    if faults:
        raise typer.Exit(2)


def ready(runs: Runs = Path("runs")) -> None:
    """Whether this runner can train the row in $ROW now: GPU idle, disk free, the checkpoint of a stopped run there."""
    from hubkit.ci.machine import check_checkpoint, check_disk, check_gpu
    from hubkit.endpoint import settle
    from hubkit.recipe import load

    row = _row()
    settle(None, None)
    from hubkit.ci.room import room

    print(check_gpu())
    runs.mkdir(parents=True, exist_ok=True)
    print(f"{check_disk(runs, room(load(Path(row.recipe)))) / 10**9:.1f} GB free")
    if row.run:
        print(f"goes on from step {check_checkpoint(row, runs / row.name)} of run {row.run}")


def ended(
    code: Annotated[str, typer.Option("--code", help="The training's exit code, as far as it told one.")],
    runs: Runs = Path("runs"),
) -> None:
    """How the training of the row in $ROW ended: what goes on is put into carry/; a failure fails this step too."""
    from hubkit.ci.outcome import carry, conclude, note
    from hubkit.ci.steps import summarise
    from hubkit.ci.summaries import of_training, read_scores
    from hubkit.values import write_atomically

    row = _row()
    run = runs / row.name
    outcome = conclude(row, run, code=code)
    carry(run, Path("carry"))
    write_atomically(
        Path("note", f"{row.stem}.json"), note(row, run, outcome.state, os.environ["GITHUB_RUN_ID"]).encode()
    )
    summarise(of_training(row, read_scores(run), "a gate is not met" if outcome.refused else outcome.state))
    print(f"{row.recipe}: {outcome.state}")
    if outcome.refused:
        raise outcome.refused
    if outcome.state == "failed":
        raise typer.Exit(int(code) if code.isdecimal() and code != "0" else 1)


def published(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder that was published.")],
    notes: Annotated[Path | None, typer.Option("--notes", metavar="FILE", help="Write it there too.")] = None,
) -> None:
    """The summary of a publication: scores, pictures, where it is."""
    from hubkit.ci.steps import output, summarise
    from hubkit.ci.summaries import of_publication, read_scores, since_the_last
    from hubkit.endpoint import settle
    from hubkit.errors import IntegrityError

    settle(None, None)
    from hubkit.card import made
    from hubkit.publishing import Publication

    publication, release, scores = Publication.load(run / "publication.json"), made(run), read_scores(run)
    if not publication or not release or not scores:
        raise IntegrityError(f"{run} holds no publication", help="publish it first: hubkit publish")
    text = of_publication(publication, release, scores, since_the_last(publication, release.lock))
    summarise(text)
    output("url", publication.url)
    if notes:
        notes.write_text(text, encoding="utf-8")


def _row() -> "Row":
    """The row this job is about: the reusable workflow's inputs, as JSON in $ROW."""
    import json

    from hubkit.ci.rows import Row
    from hubkit.errors import RecipeError

    try:
        return Row.read(json.loads(os.environ.get("ROW", "")))
    except ValueError as error:
        raise RecipeError(
            "$ROW holds no row", help="this command is for .github/workflows/_train.yml", code="HK241"
        ) from error
