"""What comes after the training: publishing a finished run, and what one does with what is published."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hubkit.cli.options import Data, HubOption, Runs

if TYPE_CHECKING:
    from hubkit.releases import Audit, Reproduction
Run = Annotated[Path, typer.Argument(metavar="RUN", help="A run folder, such as runs/mini-ninja.")]
Repo = Annotated[str | None, typer.Option("--repo", metavar="NS/NAME", help="Publish there.")]
TagOption = Annotated[str | None, typer.Option("--tag", metavar="TAG", help="Tag it once it is verified: v1.0.0.")]
Accept = Annotated[
    str | None, typer.Option("--accept", metavar="REASON", help="Publish though a gate is not met, and say why.")
]
AcceptIfNeeded = Annotated[
    str | None,
    typer.Option("--accept-if-needed", metavar="REASON", help="The same before it is known whether a gate is not met."),
]
Model = Annotated[str, typer.Argument(metavar="REPO", help="A published model, such as you/sd-naruto.")]
Address = Annotated[
    str,
    typer.Argument(metavar="REPO[@TAG]", help="A published model; by default its newest version."),
]


def publish(
    run: Run, *, accept: Accept = None, accept_if_needed: AcceptIfNeeded = None, tag: TagOption = None,
    repo: Repo = None, hub: HubOption = None,
) -> None:  # fmt: skip
    """Publish a finished run, without training again.

    The run may have been made on another machine: its recipe.toml, *.json, samples/ and release/ are enough.

    hubkit publish runs/mini-ninja --tag v1.0.0
    """
    from hubkit.cli.train import print_end
    from hubkit.pinning import alone

    overrides, local = settled(run, tag=tag, repo=repo, hub=hub)
    from hubkit.finished import Finished

    with alone(run):
        finished = Finished.open(run, overrides)
        if accept is not None:
            finished.accept(accept)
        elif accept_if_needed is not None:
            finished.accept_if_needed(accept_if_needed)
        print_end(finished.publish(), local=local)


def settled(run: Path, *, tag: str | None, repo: str | None, hub: str | None) -> tuple[list[str], bool]:
    """What the options change of a run's recipe; and whether it goes to the local Hub, which is settled with it."""
    from hubkit.endpoint import settle
    from hubkit.errors import RecipeError
    from hubkit.recipe import reload

    said = {"tag": tag, "repo": repo}
    overrides = [f"publish.{key}={json.dumps(value)}" for key, value in said.items() if value is not None]
    if not (run / "recipe.toml").is_file():
        raise RecipeError(f"{run} is no run folder: it holds no recipe.toml")
    return overrides, settle(hub, reload(run / "recipe.toml", overrides).hub)


def release(
    run: Run, *, accept: Accept = None, tag: TagOption = None, repo: Repo = None, hub: HubOption = None
) -> None:  # fmt: skip
    """Publish a finished run as a version; without --tag, say which version it must at least be, and do nothing.

    A smaller step than the difference to the newest version demands is refused: major where code that loads the model
    may break, minor for new weights, patch for the same weights.

    hubkit release runs/mini-ninja

    hubkit release runs/mini-ninja --tag v1.1.0
    """
    if tag is not None:
        from hubkit.releases.versioning import check_version

        check_version(tag)
        publish(run, accept=accept, tag=tag, repo=repo, hub=hub)
        return
    overrides, _local = settled(run, tag=None, repo=repo, hub=hub)
    from hubkit.finished import Finished
    from hubkit.releases import next_version

    found = next_version(Finished.open(run, overrides))
    print(f"{found.model}: {found.last or 'no version'} stands there; this must be {found.least} at least: {found.why}")
    print(f"  hubkit release {run} --tag {found.least}")
    print(f"  or, for a workflow to train and release it: git tag models/RECIPE/{found.least}", file=sys.stderr)


def verify(address: Address, *, hub: HubOption = None) -> None:
    """Hold a published model against its lock: every hash, what is downloaded, and a picture drawn again.

    hubkit verify you/sd-naruto@v1.0.0
    """
    from hubkit.endpoint import settle

    settle(hub, None)
    from hubkit.releases import locate
    from hubkit.releases import verify as verified

    release = locate(address)
    print(f"{release}, commit {release.commit}")
    for found in verified(release):
        print(f"  {found}")
    print("verified")


def audit(
    model: Model,
    *,
    source: Annotated[
        Path | None, typer.Option("--source", metavar="DIR", help="A clone of the repository the releases come from.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
    hub: HubOption = None,
) -> None:
    """Follow every version of a model from its tag over its lock to its source and its bytes; exit 10 where something
    does not hold. Weights are not downloaded: the Hub's listing has their hashes.

    hubkit audit you/sd-naruto
    """
    from hubkit.endpoint import settle
    from hubkit.errors import Fault, IntegrityError

    settle(hub, None)
    from hubkit.releases import audit as audited

    found = audited(model, source)
    print(found.model_dump_json(indent=1)) if as_json else print_audit(found)
    wrong = {**{one.tag: one.faults for one in found.releases}, "main": found.faults}
    if not found.holds:
        faults = (Fault("HK1013", fault, where=f"{model}@{at}") for at, said in wrong.items() for fault in said)
        raise IntegrityError.of(tuple(faults))


def print_audit(found: "Audit") -> None:
    """A version a line, oldest first, and what stands on `main`."""
    from hubkit.escaping import one_line

    print(f"{'version':12} {'commit':12} {'weights':12} {'follows':12} {'holds':5} made by")
    for one in found.releases:
        source = f"{one.source.run_url} at {one.source.commit[:12]}" if one.source else "no workflow"
        cells = (one.tag, one.commit[:12], (one.weights or "")[:12], (one.parent or "")[:12])
        print(*(f"{one_line(cell):12}" for cell in cells), f"{'no' if one.faults else 'yes':5}", one_line(source))
    print(f"main: {one_line(found.main)}")
    if found.others:
        print(f"no versions, not looked at: {one_line(', '.join(found.others))}")


def rollback(
    model: Model,
    tag: Annotated[str, typer.Argument(metavar="TAG", help="The release to go back to, such as v1.0.0.")],
    *,
    reason: Annotated[str, typer.Option("--reason", metavar="WORDS", help="Why: it stands in the commit.")] = "",
    hub: HubOption = None,
) -> None:
    """Make main what it was at a tag, in one commit; verified afterwards. No tag moves, nothing is uploaded.

    hubkit rollback you/sd-naruto v1.0.0 --reason "faces are worse"
    """
    from hubkit.endpoint import settle

    settle(hub, None)
    from hubkit.releases import roll_back

    done = roll_back(model, tag, reason)
    print(
        f"main of {model} is what {tag} is{'' if done.created else ' already, nothing changed'}: commit {done.commit}"
    )
    print(f"  {done.found}")
    if done.created:
        print(f"  before it: {done.before}; to undo this, roll back to its tag, or publish that run again")
    if done.newest and done.newest != tag:
        print(f"  {done.newest} keeps its tag for whoever pinned it; the next release must be greater than it")


def changelog(
    model: Model,
    old: Annotated[str | None, typer.Argument(metavar="OLD", help="A tag; by default the one NEW followed.")] = None,
    new: Annotated[str | None, typer.Argument(metavar="NEW", help="A tag; by default the newest version.")] = None,
    *,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write it there, with a picture of both side by side.")
    ] = None,
    hub: HubOption = None,
) -> None:
    """What changed between two releases, as Markdown: scores, interface, recipe, data, versions.

    hubkit changelog you/sd-naruto v1.0.0 v1.1.0 --out notes
    """
    from hubkit.endpoint import settle

    settle(hub, None)
    from hubkit.releases import compare

    compared = compare(model, old, new)
    print(compared.text, end="")
    for path in compared.save(out) if out else ():
        print(f"written: {path}", file=sys.stderr)


def reproduce(
    address: Address, *, data: Data = None, runs: Runs = Path("runs"), hub: HubOption = None
) -> None:  # fmt: skip
    """Train a published model again from the recipe in it, and hold weights and scores against it; exit 10 where a
    score lies outside its interval. Nothing is published. Run it again to continue.

    hubkit reproduce you/sd-naruto@v1.0.0
    """
    from hubkit.cli.train import stoppable
    from hubkit.endpoint import settle
    from hubkit.errors import IntegrityError

    settle(hub, None)
    from hubkit.publishing import Lock
    from hubkit.releases import held_against, locate, recipe_of
    from hubkit.run import run

    release = locate(address)
    recipe = recipe_of(release, data)
    folder = runs / f"reproduced-{recipe.name}-{release.commit[:12]}"
    print(f"{release} again, in {folder}: {recipe.training.steps} steps", file=sys.stderr)
    with stoppable():
        run(recipe, folder, push=False)
    found = held_against(release.lock, Lock.of_folder(folder / "release"))
    print_reproduction(found)
    if found.outside:
        raise IntegrityError(
            f"{release} did not come out again: {', '.join(one.metric for one in found.outside)}",
            help=f"what came out is in {folder}; look at what is another now",
            code="HK1014",
        )


def print_reproduction(found: "Reproduction") -> None:
    """Weights, scores, and what is another now."""
    from hubkit.escaping import one_line

    same = "bit for bit the same" if found.weights_are_equal else "not the same"
    print(f"weights: {same}")
    for one in found.scores:
        reach = f" ({one.low:.4g} to {one.high:.4g})" if one.low is not None and one.high is not None else ""
        then, now = ("no number" if value is None else f"{value:.4g}" for value in (one.then, one.now))
        print(f"{one_line(one.metric):28} then {then}{reach} | now {now}   {one.verdict}")
    for change in found.otherwise:
        print(f"another now: {one_line(change.what)}: {one_line(change.before)} -> {one_line(change.after)}")
