"""The examples of docs/local-hub.md run as they stand."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from hubkit import localhub

TEXT = (Path(__file__).parents[2] / "docs" / "local-hub.md").read_text()
EXAMPLES = re.findall(r"^```python\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.txt").write_text("a")

    names = {"tmp_path": tmp_path, "HfApi": HfApi, "localhub": localhub, "os": os, "subprocess": subprocess}
    exec(EXAMPLES[number], names)


def test_what_it_says_of_tests_and_parameters_is_so():
    """Every file it names is there, and every parameter that it says a server takes."""
    named = set(re.findall(r"`((?:acceptance/)?test_\w+\.py)`", TEXT))
    missing = [name for name in named if not (Path(__file__).parent / name).exists()]
    assert (missing, len(EXAMPLES)) == ([], 3)

    from hubkit.localhub.call import Limits

    last = TEXT.rpartition("parameters of `running`:")[2]
    assert set(re.findall(r"`(\w+)`", last)) == set(Limits.__dataclass_fields__)


def test_its_token_file_is_one(tmp_path: Path):
    [tokens] = re.findall(r"^```text\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
    (tmp_path / "tokens").write_text(tokens)
    with localhub.running(tmp_path / "store", token_file=tmp_path / "tokens") as hub:
        eve = HfApi(endpoint=hub.url, token="hf_eve").whoami()

    assert [org["name"] for org in eve["orgs"]] == ["class", "staff"]
