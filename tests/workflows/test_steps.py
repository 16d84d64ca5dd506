"""What a step says to its workflow cannot be bent by what it says, and nobody listens outside of one."""

import re

import pytest

from hubkit.ci.steps import SUMMARY_BYTES, annotate, output, summarise
from hubkit.errors import Fault

HOSTILE = "a\nmatrix=[]\nend\n::add-mask::x\n{}<<end"


@pytest.fixture
def files(tmp_path, monkeypatch):
    """GitHub's files, and its word that this is a workflow."""
    for variable in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    return tmp_path


def test_an_output_ends_where_nobody_can_guess(files):
    """Its value may hold lines that look like another output, or like an end."""
    output("name", HOSTILE)
    output("name", HOSTILE)
    text = (files / "GITHUB_OUTPUT").read_text()
    first, second = re.findall(r"^name<<(end-[0-9a-f]{32})\n", text, flags=re.MULTILINE)

    assert first != second
    assert f"name<<{first}\n{HOSTILE}\n{first}\nname<<{second}\n{HOSTILE}\n{second}\n" == text


def test_a_summary_stays_below_githubs_limit(files):
    """GitHub drops one that is larger, without a word; a cut inside a character leaves no half of it."""
    summarise("ä" * SUMMARY_BYTES)
    text = (files / "GITHUB_STEP_SUMMARY").read_bytes()

    assert len(text) < 1024 * 1024
    assert "cut: a summary" in text.decode()


def test_an_annotation_is_one_command(files, capsys):
    """At its file and line; what would end or begin a command is escaped."""
    annotate(Fault("HK2:14", "bad\n::warning::100%", where="recipes/a.toml:14:3"))
    annotate(Fault("HK201", "bad", where="recipes/x,line=1::\n.toml"))
    annotate(Fault("HK201", "bad"))
    lines = capsys.readouterr().out.splitlines()

    assert [
        "::error file=recipes/a.toml,line=14,title=HK2%3A14::bad%0A%3A%3Awarning%3A%3A100%25".replace("%3A%3A", "::"),
        "::error file=recipes/x%2Cline=1,line=1,title=HK201::bad",
        "::error title=HK201::bad",
    ] == lines


def test_outside_of_a_workflow_nothing_is_said(tmp_path, monkeypatch, capsys):
    """A person who runs the commands sees their words and no commands."""
    for variable in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ACTIONS"):
        monkeypatch.delenv(variable, raising=False)
    output("name", "value")
    summarise("text")
    annotate(Fault("HK201", "bad"))

    assert "" == capsys.readouterr().out
