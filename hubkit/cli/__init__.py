"""What is typed: parse, call, print, exit code.

Only Typer is imported at the top, here and in the commands: `hubkit --help` and `hubkit check` answer at once.
"""

import sys

import typer

from hubkit.cli import card, ci
from hubkit.cli.hub import import_, seed, serve
from hubkit.cli.prompts import prompts
from hubkit.cli.recipes import check, schema
from hubkit.cli.releases import audit, changelog, publish, release, reproduce, rollback, verify
from hubkit.cli.scoring import describe, pull, score
from hubkit.cli.space import space
from hubkit.cli.train import train

app = typer.Typer(
    help="Finetune Stable Diffusion from one recipe, score it, describe it and publish it to the Hugging Face Hub.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(train)
app.command()(prompts)
app.command()(pull)
app.command()(score)
app.command()(describe)
app.command()(publish)
app.command()(release)
app.command()(verify)
app.command()(audit)
app.command()(rollback)
app.command()(changelog)
app.command()(reproduce)
app.command()(card.preview)
app.command()(check)
app.command()(schema)
app.command()(space)

card_app = typer.Typer(help="The card of a model.", no_args_is_help=True)
card_app.callback()(lambda: None)  # one command, and still a group
card_app.command()(card.check)
app.add_typer(card_app, name="card")

hub_app = typer.Typer(help="A Hub on this machine, for trying things out and for tests.", no_args_is_help=True)
hub_app.command()(serve)
hub_app.command()(seed)
hub_app.command("import")(import_)
app.add_typer(hub_app, name="hub")

ci_app = typer.Typer(help="What the GitHub workflows call.", no_args_is_help=True, hidden=True)
for command in (ci.plan, ci.changed, ci.ready, ci.ended, ci.published):
    ci_app.command()(command)
app.add_typer(ci_app, name="ci")


def main() -> None:
    """Run a command; a user's error is a line and its exit code, a bug of ours a line and a file."""
    from hubkit.errors import HubkitError

    try:
        app()
    except HubkitError as error:
        from hubkit.ci.steps import output

        print(error, file=sys.stderr)
        output("exit-code", str(error.exit_code))  # a workflow can tell 75, to be continued, from the rest
        sys.exit(error.exit_code)
    except Exception:  # noqa: BLE001 - the last line of defence
        from hubkit.crash import report

        print(f"error[HK100]: a bug in hubkit; the traceback is in {report()}", file=sys.stderr)
        sys.exit(1)
