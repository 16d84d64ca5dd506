"""Between training and publishing: what is finished goes on, what was stopped is started again, by plain Python."""

import json
import subprocess
import sys

import pytest

from hubkit.ci.rows import Row

from .conftest import HERE, ROOT

ROW = Row(recipe="recipes/a.toml", stem="a", name="a", repo="acme/a", accept="new; $(id)")


@pytest.fixture
def sort(tmp_path):
    """Run it as the workflow does, on notes; (exit code, the matrix, the calls of gh, what was said)."""

    def run(*notes: object) -> tuple[int, list[object] | None, list[list[str]], str]:
        (tmp_path / "notes").mkdir()
        for number, note in enumerate(notes):
            (tmp_path / "notes" / f"{number}.json").write_text(note if isinstance(note, str) else json.dumps(note))
        done = subprocess.run(
            # -S: without the packages of any environment
            [sys.executable, "-S", "-m", "hubkit.ci.sorting", str(tmp_path / "notes")],
            cwd=ROOT, capture_output=True, text=True, check=False,
            env={
                "PATH": f"{HERE / 'bin'}:/usr/local/bin:/usr/bin:/bin", "TEST_SEEN": str(tmp_path),
                "GITHUB_OUTPUT": str(tmp_path / "out"), "GITHUB_REF_NAME": "models/a/v1.0.0",
            },
        )  # fmt: skip
        told = (tmp_path / "out").read_text() if (tmp_path / "out").exists() else ""
        rows = next((json.loads(line)["include"] for line in told.splitlines() if line.startswith("{")), None)
        calls = (tmp_path / "gh.jsonl").read_text().splitlines() if (tmp_path / "gh.jsonl").exists() else []
        return done.returncode, rows, [json.loads(call)["arguments"] for call in calls], done.stderr

    return run


def test_each_goes_its_way(sort):
    """The finished are published although another failed; the stopped go on where they were, on the same tag."""
    stopped = Row(**ROW.values() | {"run": "70", "step": 4, "attempt": 2})
    code, rows, calls, _ = sort(
        {"state": "finished", "row": ROW.values()}, {"state": "failed", "row": ROW.values()},
        {"state": "stopped", "row": stopped.values()},
    )  # fmt: skip

    assert (0, [ROW.values()]) == (code, rows)
    [call] = calls
    assert ["workflow", "run", "train.yml", "--ref", "models/a/v1.0.0"] == call[:5]
    assert {"recipe=recipes/a.toml", "minutes=300", "accept=new; $(id)", "run=70", "step=4", "attempt=2"} == set(
        call[6::2]
    )


def test_without_notes_there_is_nothing_to_do(sort):
    """The runners died, say: the trainings are red already."""
    assert (0, [], [], "") == sort()


@pytest.mark.parametrize(
    "note",
    [
        "no JSON", "[]", "{}", {"state": "published", "row": ROW.values()}, {"state": "finished", "row": {}},
        {"state": "finished", "row": ROW.values() | {"repo": "a b"}},
        {"state": "finished", "row": ROW.values() | {"x": 1}},
    ],
)  # fmt: skip
def test_a_note_of_nobodys_is_refused(sort, note):
    """It came as an artifact: nothing in it is taken on trust, and nothing else is started."""
    code, rows, calls, said = sort(note, {"state": "stopped", "row": ROW.values() | {"run": "70"}})

    assert (2, None, []) == (code, rows, calls)
    assert said.startswith("error[HK24")
