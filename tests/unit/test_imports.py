"""What answers at once must not wait for torch: the help, and the check of a recipe."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = ("torch", "diffusers", "transformers", "datasets", "accelerate", "huggingface_hub", "numpy", "pyarrow", "PIL")
SIX_FAULTS = """\
name = "six faults"
[model]
kind = "stable-difusion"
base = "a/b"
[data]
repo = "a/b"
resolutoin = 64
[method]
kind = "full"
[training]
steps = 10
batch_size = 16
micro_batch = 5
learning_rate = nan
[samples]
subjects = ["a"]
steps = "30"
[publish]
kind = "hub"
"""


def loaded_by(*arguments: str) -> tuple[int, set[str], str]:
    """The exit code of the command, the heavy modules it imported, and what it said."""
    script = (
        "import json, sys\n"
        "from hubkit.cli import main\n"
        f"sys.argv = {['hubkit', *arguments]!r}\n"
        "try:\n    main()\n    code = 0\n"
        "except SystemExit as end:\n    code = end.code or 0\n"
        f"print(json.dumps([code, [name for name in {HEAVY!r} if name in sys.modules]]))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    code, modules = json.loads(done.stdout.splitlines()[-1])
    return code, set(modules), done.stdout + done.stderr


@pytest.mark.parametrize("arguments", [("--help",), ("train", "--help"), ("schema",)])
def test_help_and_schema_import_nothing_heavy(arguments):
    assert loaded_by(*arguments)[:2] == (0, set())


def test_checking_recipes_imports_nothing_heavy():
    recipes = sorted(str(path) for path in ROOT.glob("recipes/*.toml"))

    assert loaded_by("check", *recipes, "--data", "docs")[:2] == (0, set())  # one recipe has no pictures of its own


def cpu_seconds_of_children() -> float:
    """User and system time: what a command takes on a machine that does nothing else."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_six_faults_are_listed_with_their_lines_in_under_a_second(tmp_path):
    path = tmp_path / "six.toml"
    path.write_text(SIX_FAULTS, encoding="utf-8")

    seconds = []
    for _attempt in range(3):  # the fastest of three: the machine may be busy with something else
        began = cpu_seconds_of_children()
        done = subprocess.run(
            [sys.executable, "-m", "hubkit", "check", path], capture_output=True, text=True, check=False
        )
        seconds.append(cpu_seconds_of_children() - began)

    assert done.returncode == 2
    assert [f"{path}:{line}" for line in (1, 3, 7, 13, 14, 17)] == [
        line.split(": ")[1] for line in done.stderr.splitlines() if line.startswith("error[")
    ]
    assert "Traceback" not in done.stderr
    assert min(seconds) < 1
