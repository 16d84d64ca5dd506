"""The hooks of a runner, under bash: they end, wipe and refuse what they should, and touch nothing else."""

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .conftest import HERE, ROOT

HOOKS = ROOT / ".github" / "runner"
DF = """#!/bin/sh
echo Avail
echo "${TEST_FREE:-100}"
"""

Hook = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def runner(tmp_path: Path) -> Path:
    """A runner's folders: its work, its temp, a home with what jobs leave in one."""
    for name in ("bin", "work/models/models", "temp", "home/.cache/huggingface/hub", "home/.cache/pip"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "bin" / "df").write_text(DF)
    (tmp_path / "bin" / "df").chmod(0o755)
    (tmp_path / "bin" / "nvidia-smi").symlink_to(HERE / "bin" / "nvidia-smi")
    (tmp_path / "home/.cache/huggingface/token").write_text("hf_secret")
    (tmp_path / "home/.git-credentials").write_text("https://secret@github.com")
    (tmp_path / "home/notes.txt").write_text("kept")
    (tmp_path / "work/models/models/.hidden").write_text("left")
    (tmp_path / "temp/left.sh").write_text("left")
    return tmp_path


@pytest.fixture
def environment(runner: Path) -> dict[str, str]:
    """What the runner gives to its hooks."""
    return {
        "PATH": f"{runner / 'bin'}:/usr/bin:/bin",
        "HOME": str(runner / "home"),
        "RUNNER_NAME": "gpu-1",
        "RUNNER_TEMP": str(runner / "temp"),
        "GITHUB_WORKSPACE": str(runner / "work/models/models"),
        "HUBKIT_HOOK_PAUSE": "0.05",
    }


@pytest.fixture
def hook(environment: dict[str, str]) -> Hook:
    """Run a hook; the finished process."""

    def run(name: str, **changes: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/bash", str(HOOKS / f"{name}.sh")],
            env=environment | changes, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip

    return run


@pytest.fixture
def started() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start a process that would outlive its job."""
    all_of_them: list[subprocess.Popen[bytes]] = []

    def start(script: str, **environment: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            ["/bin/bash", "-c", f"{script}; echo; while :; do sleep 0.2; done"],
            env=environment, stdout=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        all_of_them.append(process)
        assert process.stdout
        process.stdout.readline()
        return process

    yield start
    for process in all_of_them:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("name", ["job-started", "job-completed"])
def test_what_a_job_left_running_is_ended(hook, started, runner, name):
    """Also what asks not to be; and only what carries this runner's own RUNNER_TEMP."""
    left = started("true", RUNNER_TEMP=str(runner / "temp"))
    stubborn = started("trap '' TERM", RUNNER_TEMP=str(runner / "temp"))
    beside = started("true", RUNNER_TEMP=str(runner / "temp-of-another-runner"))
    done = hook(name)

    assert 0 == done.returncode, done.stderr
    assert -15 == left.wait(5)
    assert -9 == stubborn.wait(5)
    time.sleep(0.1)
    assert beside.poll() is None


@pytest.mark.parametrize("name", ["job-started", "job-completed"])
def test_tokens_and_caches_are_wiped(hook, runner, name):
    """A token one job leaves is the next one's, and so is a poisoned cache."""
    done = hook(name)

    assert 0 == done.returncode, done.stderr
    assert ["home/notes.txt"] == [
        str(path.relative_to(runner)) for path in sorted((runner / "home").rglob("*")) if path.is_file()
    ]


def test_the_checkout_is_wiped_after_a_job(hook, runner):
    """Hidden files too; the folders themselves stay, since they are the runner's."""
    hook("job-completed")

    assert [] == list((runner / "work/models/models").iterdir())
    assert [] == list((runner / "temp").iterdir())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"TEST_BUSY": "4711, python"}, "the GPU is in use: 4711, python"),
        ({"TEST_FREE": "59"}, "59 GB of disk are free, jobs here begin with at least 60"),
        ({"TEST_FREE": "100", "HUBKIT_DISK_GB": "101"}, "100 GB of disk are free"),
    ],
)
def test_a_machine_that_is_not_fit_takes_no_job(hook, changes, said):
    """In one line that names the runner."""
    done = hook("job-started", **changes)

    assert 1 == done.returncode
    assert f"::error title=runner gpu-1::{said}" in done.stderr


def test_a_machine_without_a_gpu_is_found_out(hook, runner):
    """The label says gpu; whoever answers no question about one must not have it."""
    (runner / "bin" / "nvidia-smi").unlink()
    done = hook("job-started")

    assert 1 == done.returncode
    assert "nvidia-smi does not answer" in done.stderr


def test_a_clean_machine_takes_the_job(hook):
    """And says so."""
    assert "clean, GPU idle, 100 GB free\n" == hook("job-started").stdout


def test_without_a_workspace_nothing_is_deleted(environment, tmp_path):
    """A variable that is missing must never make `find` begin at the root."""
    del environment["GITHUB_WORKSPACE"]
    done = subprocess.run(
        ["/bin/bash", str(HOOKS / "job-completed.sh")],
        env=environment | {"PWD": str(tmp_path)}, cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert 0 != done.returncode
    assert (tmp_path / "temp/left.sh").exists()
