"""The prompt study alone."""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from hubkit.cli.options import Data, HubOption, Runs

if TYPE_CHECKING:
    from hubkit.prompts import Subject
    from hubkit.scoring import Measured, Study


def prompts(  # noqa: PLR0913 - what may be typed
    model: Annotated[
        str,
        typer.Argument(
            metavar="RUN|RECIPE|MODEL",
            help="A run folder, a recipe that was run, a release's folder, or NS/NAME[@TAG].",
        ),
    ],
    *,
    subject: Annotated[list[str] | None, typer.Option("--subject", metavar="WORDS", help="What to draw.")] = None,
    template: Annotated[
        list[str] | None, typer.Option("--template", metavar="WORDS", help="Words around it, with {subject} in them.")
    ] = None,
    seeds: Annotated[int | None, typer.Option("--seeds", min=1, max=64, help="Latents of each subject.")] = None,
    data: Data = None,
    runs: Runs = Path("runs"),
    as_json: Annotated[bool, typer.Option("--json", help="Print the study as JSON.")] = False,
    hub: HubOption = None,
) -> None:
    """Which prompt template is best, what does it add, what does it cost, and is one needed?

    Draws subjects x templates with the base and with the finetuned model, from the same latents.

    hubkit prompts runs/sd-naruto --template "{subject} ninja portrait" --template "{subject} in the style of Naruto"

    hubkit prompts you/sd-naruto@v1.0.0 --subject Yoda --subject "Bill Gates" --seeds 2
    """
    said = {"samples.subjects": subject, "samples.templates": template}
    asked = [f"{key}={json.dumps(words)}" for key, words in said.items() if words]
    studied = opened(model, asked, data, runs, hub)
    from hubkit.card.sheet import save_sheet

    study = studied.study(seeds)
    save_sheet(studied.folder, study, studied.out / "prompts.png")
    print(json.dumps({"winner": study.winner, **study.model_dump(mode="json")}, indent=1)) if as_json else show(study)
    print(f"pictures in {studied.out / 'prompts.png'}", file=sys.stderr)


def opened(
    model: str, overrides: Sequence[str], data: Path | None, runs: Path, typed: str | None
) -> "Subject":  # fmt: skip
    """What is named: a recipe's run, a run, a release's folder, or a repo. Settles which Hub is meant."""
    from hubkit.endpoint import settle
    from hubkit.recipe import load, reload

    place = Path(model)
    if place.is_file():
        recipe = load(place, overrides, folder=data)
        settle(typed, recipe.hub)
        from hubkit.prompts import Subject

        return Subject.of_run(runs / recipe.name).asking(recipe)
    local = reload(place / "recipe.toml").hub if (place / "recipe.toml").is_file() else None
    settle(typed, local)
    from hubkit.prompts import Subject

    if (place / "model.json").is_file():
        return Subject.of_run(place, overrides)
    return Subject.of_release(place, overrides, data) if place.is_dir() else Subject.of_repo(model, overrides, data)


HEADINGS: Final = (
    "template", "pairs won", "first", "identity", "style", "adds style", "costs identity", "base's style",
)  # fmt: skip


def show(study: "Study") -> None:
    """The templates, best first, and the verdict, on stdout: as a table where a person watches, else as plain lines."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from hubkit.escaping import one_line

    screen = Console(highlight=False, markup=False)
    if screen.is_terminal:
        table = Table(*HEADINGS)
        for row in cells(study):
            table.add_row(*map(Text, row))
        screen.print(table)
    else:
        lines = [HEADINGS, *cells(study)]
        widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
        for line in lines:
            print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    print(one_line(study.verdict))
    shape = f"{len(study.subjects)} x {len(study.templates)} x {study.seeds}"
    print(f"subjects x templates x latents: {shape}, by both models; 100 x cosine through {study.extractor}")
    print(f"95 % intervals by {study.intervals_by}")
    for note in study.notes:
        print(f"note: {note}")


def cells(study: "Study") -> Iterator[tuple[str, ...]]:
    """A line for each template."""
    from hubkit.escaping import one_line

    for row in study.templates:
        numbers = (row.identity, row.style, row.added, row.cost, row.base_style)
        yield (one_line(row.template), won(row.wins), f"{row.leads:.0%}", *map(give_or_take, numbers))


def won(wins: "Measured") -> str:
    """A share of pairs: '83% (61 to 97)'."""
    ends = wins.interval
    return f"{wins.value:.0%}" + (f" ({100 * ends.low:.0f} to {100 * ends.high:.0f})" if ends else "")


def give_or_take(measured: "Measured | None") -> str:
    """A number and half its interval: '31.2 ± 3.2'; '-' where there is none."""
    if measured is None:
        return "-"
    ends = measured.interval
    return f"{measured.value:.1f}" + (f" ± {(ends.high - ends.low) / 2:.1f}" if ends else "")
