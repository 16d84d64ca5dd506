"""`hubkit preview`: the card as the Hub will show it, before anything is published."""

import signal
import subprocess
import sys
from pathlib import Path

import httpx2 as httpx
import pytest

from hubkit.cli.card import name_of, shown
from hubkit.errors import RecipeError
from hubkit.publishing import Release


def test_a_run_is_shown_until_it_is_interrupted(described: Release):
    """The address comes on stdout, under the name the release will have; Ctrl-C ends it, and that is no error."""
    run = described.folder.parent
    command = [sys.executable, "-m", "hubkit", "preview", str(run)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        url = process.stdout.readline().strip()
        page = httpx.get(url).text
        process.send_signal(signal.SIGINT)

        assert process.wait(timeout=20) == 0
    assert url.endswith("/alice/sd-tiny")
    assert "Rehearsal at" in page
    assert "the Hub would say" not in page


def test_a_folder_may_be_a_release_or_any_other_with_a_card(described: Release, tmp_path: Path):
    """The release of a run goes before the run; a card without a lock is shown under a name that stands in."""
    (tmp_path / "README.md").write_text("# A card")

    assert (shown(described.folder.parent), shown(described.folder)) == (described.folder, described.folder)
    assert name_of(described.folder) == "alice/sd-tiny"
    assert (shown(tmp_path), name_of(tmp_path)) == (tmp_path, "you/model")


def test_a_folder_without_a_card_is_refused(tmp_path: Path):
    """Exit 2, and what is missing."""
    with pytest.raises(RecipeError, match="holds no README"):
        shown(tmp_path)
