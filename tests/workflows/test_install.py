"""The action installs the checkout it stands in, with its versions; what leads to a shell is quoted."""

import shutil
import subprocess

import pytest

from .conftest import ROOT

PYTHON = """#!/bin/sh
# Notes how it was called; makes an environment with itself in it.
echo "$@" >> "$TEST_CALLS"
case "$1 $2" in
    "-c "*) exit "${TEST_OLD:-0}" ;;
    "-m venv") mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
    "-m hubkit") echo "PYTHONPATH=$PYTHONPATH" >> "$TEST_CALLS" ;;
esac
"""


@pytest.fixture
def install(tmp_path):
    """Install a source from a folder with a difficult name; (the process, the calls of Python)."""
    source = tmp_path / "it's $(a) source"
    (source / ".github/actions").mkdir(parents=True)
    shutil.copytree(ROOT / ".github/actions/hubkit", source / ".github/actions/hubkit")
    (tmp_path / "python").write_text(PYTHON)
    (tmp_path / "python").chmod(0o755)
    (tmp_path / "temp").mkdir()

    def run(**changes: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
        environment = {
            "PATH": "/usr/bin:/bin", "HUBKIT_PYTHON": str(tmp_path / "python"), "RUNNER_TEMP": str(tmp_path / "temp"),
            "GITHUB_PATH": str(tmp_path / "path"), "GITHUB_ENV": str(tmp_path / "env"),
            "TEST_CALLS": str(tmp_path / "calls"),
        }  # fmt: skip
        done = subprocess.run(
            [str(source / ".github/actions/hubkit/install.sh"), str(source)],
            env=environment | changes, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done, (tmp_path / "calls").read_text().splitlines()

    return run


def test_it_installs_its_own_source_in_its_own_versions(install, tmp_path):
    """Into a folder that the runner empties; the command runs that source, and exec passes signals on."""
    done, calls = install()
    source = tmp_path / "it's $(a) source"

    assert 0 == done.returncode, done.stderr
    assert f"-m pip install --quiet --constraint {source}/constraints.txt {source}" in calls
    assert f"PYTHONPATH={source}" in calls
    assert not any("download.pytorch.org" in call for call in calls)
    assert f"{tmp_path}/temp/hubkit/bin\n" == (tmp_path / "path").read_text()
    assert f"HF_HOME={tmp_path}/temp/hubkit/huggingface\n" in (tmp_path / "env").read_text()
    assert " exec " in (tmp_path / "temp/hubkit/bin/hubkit").read_text()


def test_from_pytorchs_index_comes_pytorch_and_nothing_else(install):
    """Another index beside PyPI could answer for any package."""
    _, calls = install(TORCH="cpu")
    [call] = [call for call in calls if "download.pytorch.org" in call]

    assert call.startswith("-m pip install --quiet --no-deps --index-url https://download.pytorch.org/whl/cpu ")
    assert call.endswith("constraints.txt torch torchvision")


def test_an_image_that_holds_the_libraries_is_used_as_it_is(install, tmp_path):
    """Nothing is installed there."""
    image = tmp_path / "image" / "bin"
    image.mkdir(parents=True)
    shutil.copy(tmp_path / "python", image / "python")
    done, calls = install(HUBKIT_ENVIRONMENT=str(tmp_path / "image"), HUBKIT_PYTHON="/nowhere")

    assert 0 == done.returncode, done.stderr
    assert not any("pip" in call or "venv" in call for call in calls)


def test_an_old_python_is_refused_in_a_line(install):
    """Before anything is installed."""
    done, calls = install(TEST_OLD="1")

    assert (5, 1) == (done.returncode, len(done.stderr.splitlines()))
    assert "hubkit needs Python 3.11 or newer" in done.stderr
    assert not any("pip" in call for call in calls)
