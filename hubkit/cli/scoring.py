"""One stage of a run alone: its scores again, its card again, its dataset; and the numbers of what others published."""

from pathlib import Path
from typing import Annotated

import typer

from hubkit.cli.options import Data, HubOption, Overrides, RecipePath, Runs


def score(
    run: Annotated[
        Path | None, typer.Argument(metavar="[RUN]", help="A run folder whose training is finished.")
    ] = None,
    *,
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="REPO[@TAG]|RUN|FOLDER", help="Compute these numbers again, drawing nothing."),
    ] = None,
    overrides: Overrides = None,
    hub: HubOption = None,
) -> None:
    """Score a finished training again, with what is new in its recipe; or compute published numbers again.

    With --from nothing is drawn and nothing looked at: every number and interval is computed from the features that
    were kept, and compared; exit 10 where one differs.

    hubkit score runs/mini-ninja --set samples.holdout=60

    hubkit score --from you/sd-naruto@v1.0.0
    """
    from hubkit.errors import RecipeError

    if (run is None) == (source is None):
        raise RecipeError("name a run folder to score it again, or --from and whose numbers to compute again")
    if source is not None:
        recompute(source, hub)
        return
    from hubkit.cli.train import print_scores
    from hubkit.processes import rank, wait_for_first

    if run and rank():
        wait_for_first(run)
    folder, new = reopened(run, overrides, hub)
    from hubkit.run import assist_scoring, score_again

    if rank():
        assist_scoring(folder)
        return
    print_scores(score_again(folder, new))


def describe(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder that is scored.")],
    *,
    overrides: Overrides = None,
    hub: HubOption = None,
) -> None:
    """Make the release and its card again, with what is new in `[card]` and `[publish]`.

    hubkit describe runs/mini-ninja --set card.description="Ninjas, drawn small"
    """
    from hubkit.run import describe_again

    print(describe_again(*reopened(run, overrides, hub)).folder / "README.md")


def pull(
    recipe: RecipePath,
    *,
    overrides: Overrides = None,
    data: Data = None,
    runs: Runs = Path("runs"),
    hub: HubOption = None,
) -> None:
    """Pull the dataset of a recipe alone: resolve its revision, look at every row, hold some out.

    hubkit pull recipes/naruto.toml
    """
    from hubkit.endpoint import settle
    from hubkit.recipe import load

    plan = load(recipe, overrides or (), folder=data)
    settle(hub, plan.hub)
    from hubkit.run import pull_alone

    folder = runs / plan.name
    images = pull_alone(plan, folder)
    print(f"{images.name} at {images.revision}: {len(images.train)} rows to train on, {len(images.holdout)} held out")
    for reason in images.skipped:
        print(f"  skipped {reason}")
    print(f"in {folder / 'images.json'}")


def recompute(source: str, hub: str | None) -> None:
    """Each score, and how many of its numbers came out again."""
    from hubkit.endpoint import settle
    from hubkit.recipe import reload

    recipe = Path(source, "recipe.toml")
    settle(hub, reload(recipe).hub if recipe.is_file() else None)
    from hubkit.releases import rescore

    for one in rescore(source):
        said = f"{one.compared} numbers come out again" if one.compared else "withheld: not computed"
        print(f"{one.name:40} {said}")


def reopened(run: Path | None, overrides: list[str] | None, hub: str | None) -> tuple[Path, list[str]]:
    """A run folder and what is new in its recipe, once it is known which Hub is meant. Raises RecipeError."""
    from hubkit.endpoint import settle
    from hubkit.errors import RecipeError
    from hubkit.recipe import reload

    folder = run or Path()
    if not (folder / "recipe.toml").is_file():
        raise RecipeError(f"{folder} is no run folder: it holds no recipe.toml")
    settle(hub, reload(folder / "recipe.toml", overrides or ()).hub)
    return folder, list(overrides or ())
