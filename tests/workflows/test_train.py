"""train.yml from the event to the Hub: on a GPU that is none, on a Hub of this machine, with everything else real."""

import base64
import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from hubkit.localhub import Fault

from .conftest import JOB_TOKEN_SECONDS, REPOSITORY, step

TAG = "refs/tags/models/quickstart/v0.1.0"


def of_token(token: str) -> set[bytes]:
    """A token as it may look in a file: as it is, in hexadecimal, in base64 at each of three offsets."""
    raw = token.encode()
    forms = {raw, raw.hex().encode(), raw.hex().upper().encode()}
    for shift in range(3):
        forms.add(base64.b64encode(b"\0" * shift + raw)[4 if shift else 0 : -4])
    return forms


def leaks(token: str, *places: Path) -> list[str]:
    """The files that hold a token."""
    forms = of_token(token)
    files = [file for place in places for file in place.rglob("*") if file.is_file() and not file.is_symlink()]
    assert len(files) > 100
    return [str(file) for file in files if any(form in file.read_bytes() for form in forms)]


@contextmanager
def commands() -> Iterator[set[bytes]]:
    """Every command line that was to be seen on this machine meanwhile."""
    seen: set[bytes] = set()
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            for process in Path("/proc").glob("[0-9]*"):
                try:
                    seen.add((process / "cmdline").read_bytes())
                except OSError:
                    continue

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


@pytest.fixture(scope="module")
def api(hub) -> HfApi:
    """Anybody's view of the Hub."""
    return HfApi(endpoint=hub.url, token=False)


@pytest.fixture(scope="module")
def refused_run(tmp_path_factory) -> Path:
    """Where a run is kept that did not meet its gate."""
    return tmp_path_factory.mktemp("refused")


def test_a_tag_becomes_a_released_model(act, checkout, hub, api, canary, tmp_path):
    """The model, its card and the tag on the Hub, a release on GitHub; and the token in no byte of anything."""
    with commands() as seen:
        ran = act("push", {"after": checkout.head}, ref=TAG)
    assert 0 == ran.code, ran.log

    tagged = {ref.name: ref.target_commit for ref in api.list_repo_refs("local/mini-ninja").tags}
    info = api.model_info("local/mini-ninja", revision="v0.1.0")
    assert tagged["v0.1.0"] == info.sha == api.model_info("local/mini-ninja").sha
    assert {"README.md", "model_index.json", "hubkit.lock.json"} <= {file.rfilename for file in info.siblings}
    assert "hubkit/mini-sd" == info.card_data.base_model
    [release] = [call for call in ran.gh if call["arguments"][:2] == ["release", "create"]]
    assert "models/quickstart/v0.1.0" == release["arguments"][2]
    assert "| `kid[mini-clip]` holdout |" in release["notes"][0]
    assert f"{hub.url}/local/mini-ninja/resolve/{info.sha}/images/" in release["notes"][0]

    assert any(b"\0hubkit\0train\0" in line for line in seen)
    assert not [line for line in seen if any(form in line for form in of_token(canary))]
    assert not any(form.decode() in ran.log for form in of_token(canary))
    assert [] == leaks(canary, tmp_path, hub.store)
    environments = list(ran.seen.glob("gpu-*.env"))
    assert environments
    assert not any("HF_TOKEN" in file.read_text() for file in environments)


def test_stopped_on_one_runner_it_goes_on_on_another(act, checkout, api, refused_run, tmp_path):
    """A cancelled step gets SIGINT at its entry process: the training itself. It stops cleanly within the 7.5 seconds
    that GitHub gives, starts a run that goes on with its checkpoint, and that run's gate decides. One whose checkpoint
    is lost does not begin.
    """
    recipe = checkout.folder / "recipes" / "quickstart.toml"
    text = recipe.read_text().replace('name = "mini-ninja"', 'name = "stopped"').replace("steps = 6", "steps = 14", 1)
    gate = 'kind = "kid"\ngate = { at_most = -100.0 }\n'
    recipe.write_text(text.replace('kind = "kid"\n', gate))
    checkout.commit()
    took: list[float] = []
    interrupter = threading.Thread(target=interrupt, args=(tmp_path, took))
    interrupter.start()
    ran = act("workflow_dispatch", {"inputs": {"recipe": "quickstart"}}, run_id="70")
    interrupter.join()

    assert 0 == ran.code, ran.log
    assert took
    assert took[0] < 7.5, "seconds of CPU time: what it takes where nothing else runs"
    assert "error[HK7500]: stopped after step" in ran.log
    [call] = ran.gh
    assert ["workflow", "run", "train.yml", "--ref", "main"] == call["arguments"][:5]
    again = dict(field.split("=", 1) for field in call["arguments"][6::2])
    assert ("recipes/quickstart.toml", "70", "2") == (again["recipe"], again["run"], again["attempt"])
    step = int(again["step"])
    assert 0 < step < 14

    run = {"path": ".github/workflows/train.yml", "event": "workflow_dispatch"}
    about = json.dumps(run | {"head_repository": {"full_name": "acme/models"}})
    lost = ran.artifacts / "69" / "run-quickstart"
    shutil.copytree(ran.artifacts / "70" / "run-quickstart", lost)
    shutil.rmtree(lost / "checkpoints")
    ran = act("workflow_dispatch", {"inputs": again | {"run": "69"}}, run_id="72", TEST_RUN=about)

    assert 1 == ran.code
    assert f"was stopped after step {step}, but the artifact of run 69 holds" in ran.log
    assert "training: step" not in ran.log
    ran = act("workflow_dispatch", {"inputs": again}, run_id="71", TEST_RUN=about)

    assert 1 == ran.code
    assert f"going on after step {step}" in ran.log
    assert "training: step 14 of 14" in ran.log
    assert "error[HK700]: not published: kid[mini-clip]" in ran.log
    assert not [call for call in ran.gh if call["arguments"][0] != "api"]
    assert not api.repo_exists("local/stopped")
    shutil.copytree(ran.artifacts / "71" / "run-quickstart", refused_run / "runs" / "stopped")


HOSTILE = 'it is fine"; touch pwned; $(touch pwned) `touch pwned` ]( <b> ::add-mask::x'


@pytest.fixture
def keyless(hub, canary, refused_run, faults):
    """The publish job's step on the run that did not meet its gate, accepted: without a token, as the job it is."""
    assert (refused_run / "runs").is_dir(), "the test of a stopped training comes before, and leaves it"
    HfApi(endpoint=hub.url, token=canary).create_repo("local/stopped", exist_ok=True)
    faults.requests.clear()

    def run(environment: str) -> subprocess.CompletedProcess[str]:
        job = hub.job(REPOSITORY, workflow="train.yml", environment=environment)
        about = {"HF_ENDPOINT": hub.url, "HF_OIDC_RESOURCE": "local/stopped", "HF_TOKEN": ""}
        about |= {"NAME": "stopped", "ACCEPT": HOSTILE, "GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": REPOSITORY}
        return step("train.yml", "publish", "Verify what was trained", refused_run, job | about)

    yield run
    faults.clear()


def test_a_job_that_the_repo_does_not_trust_publishes_nothing(keyless, api):
    """One that no reviewer approved, say; it is told what a person does once."""
    done = keyless("gpu")

    assert (8, True) == (done.returncode, "error[HK808]: trusted publishing failed" in done.stderr), done.stderr
    assert f"repository = {REPOSITORY}" in done.stderr
    assert [".gitattributes"] == api.list_repo_files("local/stopped")


def test_a_job_publishes_without_a_token_however_long_that_takes(keyless, hub, api, faults, refused_run, tmp_path):
    """Its token expires before the weights are sent, and is exchanged anew; none is found anywhere. The reason why an
    unmet gate was accepted is a text: in the shell, on the card.
    """
    hub.trust("local/stopped", repository=REPOSITORY, workflow="train.yml", environment="hub")
    faults.add(Fault("GET .*/xet-write-token/.*", delay_seconds=JOB_TOKEN_SECONDS + 0.6))
    done = keyless("hub")

    assert 0 == done.returncode, done.stderr
    assert 1 < faults.requests.count("POST /oauth/token")
    assert 2 == len(api.list_repo_commits("local/stopped"))
    card = Path(api.hf_hub_download("local/stopped", "README.md", cache_dir=tmp_path)).read_text()
    assert "touch pwned" in card
    assert "<b>" not in card
    assert not list(refused_run.rglob("pwned"))
    assert not any("hf_jwt_" in text for text in (done.stdout, done.stderr, card))
    assert [] == leaks("hf_jwt_", refused_run, hub.store)


def interrupt(place: Path, took: list[float]) -> None:
    """Cancel the training of the run under `place` once it has a checkpoint, as GitHub does at first."""
    for _ in range(3000):
        time.sleep(0.05)
        if list(place.glob("act/*/hostexecutor/runs/stopped/checkpoints/step-*")):
            break
    [entry] = [process for process in Path("/proc").glob("[0-9]*") if is_entry(process, place)]
    [training] = [process for process in Path("/proc").glob("[0-9]*") if parent_of(process) == entry.name]
    began = spent = cpu_seconds(training)
    os.kill(int(entry.name), signal.SIGINT)
    while (now := cpu_seconds(training)) is not None:
        spent = now
        time.sleep(0.05)
    assert began is not None
    assert spent is not None
    took.append(spent - began)


def parent_of(process: Path) -> str:
    """The id of a process's parent; nothing where it is gone."""
    try:
        return process.joinpath("stat").read_text().rpartition(") ")[2].split()[1]
    except OSError:
        return ""


def cpu_seconds(process: Path) -> float | None:
    """What a process and its threads have computed so far; None once it is over."""
    try:
        state, *fields = process.joinpath("stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return None
    return None if state == "Z" else (int(fields[10]) + int(fields[11])) / os.sysconf("SC_CLK_TCK")


def is_entry(process: Path, place: Path) -> bool:
    """Whether a process is the first of a step of that run: a child of act itself, after the shell gave way."""
    try:
        command = process.joinpath("cmdline").read_bytes().split(b"\0")
        status = dict(
            line.split(":\t", 1) for line in process.joinpath("status").read_text().splitlines() if ":\t" in line
        )
        parent = Path("/proc", status["PPid"], "cmdline").read_bytes()
    except OSError:
        return False
    return command[0] == b"timeout" and b"train" in command and str(place).encode() in parent
