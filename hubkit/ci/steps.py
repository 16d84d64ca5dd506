"""What a step tells the workflow it runs in: outputs, a summary, annotations. Outside of one nobody listens."""

import os
import secrets
from pathlib import Path
from typing import Final

from hubkit.errors import Fault

SUMMARY_BYTES: Final = 1000 * 1024
"""GitHub drops a step's summary that is larger than 1 MiB."""


def output(name: str, value: str) -> None:
    """Set an output of the step. The value may hold anything: its end is marked by a line nobody can guess."""
    end = f"end-{secrets.token_hex(16)}"
    _append("GITHUB_OUTPUT", f"{name}<<{end}\n{value}\n{end}\n")


def summarise(markdown: str) -> None:
    """Add Markdown to the step's summary."""
    text = markdown.encode()
    if len(text) > SUMMARY_BYTES:
        text = text[:SUMMARY_BYTES] + "\n\n… cut: a summary may have 1 MiB.\n".encode()
    _append("GITHUB_STEP_SUMMARY", text.decode(errors="ignore"))


def annotate(fault: Fault) -> None:
    """Show a fault at its file and line in the pull request."""
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return
    file, _, line = fault.where.partition(":")
    place = f"file={_property(file)},line={line.partition(':')[0] or 1}," if file else ""
    print(f"::error {place}title={_property(fault.code)}::{_data(fault.message)}", flush=True)  # noqa: T201


def _append(variable: str, text: str) -> None:
    if path := os.environ.get(variable):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text)


def _data(text: str) -> str:
    """Text of a workflow command: what ends a command is escaped."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """A property of a workflow command."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
