"""The workflows themselves, run offline: a copy of this repository, act in GitHub's place, and a Hub of this machine's.

Three things differ from GitHub. `uses: $/…` is written `./…` and `queue:` is left out, which act does not know yet; the
two artifact actions are replaced by small ones that keep the artifacts in a folder (`actions/`); `gh` and `nvidia-smi`
are stand-ins that note how they were called (`bin/`). hubkit is this checkout's, in the environment the tests run in.
"""

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from hubkit.localhub import Faults, LocalHub, running
from hubkit.recipe import dump, load

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
REPOSITORY = "acme/models"
SHORT = (
    "training.steps=6", "training.checkpoint_every=2", "training.batch_size=4", "data.variants=1",
    "samples.holdout=8", "samples.steps=3", "metrics.kid.gate=none", "metrics.clip-score.gate=none",
    "study=none",
)  # fmt: skip
"""A run of seconds. So few steps and samples meet no gate."""

PINNED = re.compile(r"(actions/(upload|download)-artifact)@[0-9a-f]{40}")


def tool(name: str) -> str:
    """A tool of requirements.txt; `make setup` installs them."""
    found = shutil.which(name, path=f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ['PATH']}")
    return found or pytest.skip(f"{name} is not installed: make setup")


def git(folder: Path, *arguments: str) -> str:
    """Run git as somebody nobody knows; what it printed."""
    who = ("-c", "user.name=Tester", "-c", "user.email=tester@example.org", "-c", "commit.gpgsign=false")
    return subprocess.run(
        ["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True, text=True
    ).stdout.strip()


@dataclass(frozen=True)
class Checkout:
    """A repository with the workflows in it, as a runner would check it out."""

    folder: Path

    @property
    def head(self) -> str:
        return git(self.folder, "rev-parse", "HEAD")

    def write(self, path: str, text: str) -> None:
        """Write a file, without committing it."""
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(text)

    def commit(self, message: str = "Change", *, on_main: bool = True) -> str:
        """Commit everything; GitHub's main moves along unless it is work nobody has merged."""
        git(self.folder, "add", "--all", "--force")
        git(self.folder, "commit", "--quiet", "--allow-empty", "--message", message)
        if on_main:
            git(self.folder, "update-ref", "refs/remotes/origin/main", "HEAD")
        return self.head


@dataclass(frozen=True)
class Ran:
    """A workflow that ran: its exit code and log, what the stand-ins saw, and the artifacts."""

    code: int
    log: str
    seen: Path
    artifacts: Path

    @property
    def gh(self) -> list[dict[str, Any]]:
        """The calls of GitHub's command line."""
        path = self.seen / "gh.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []

    def job(self, name: str) -> str:
        """What a job printed."""
        return "\n".join(line for line in self.log.splitlines() if re.match(rf"\[[^\]]*\b{name}\b[^\]]*\]", line))


@pytest.fixture(scope="session")
def canary() -> str:
    """The token that may be found nowhere."""
    return f"hf_CANARY{secrets.token_hex(16)}"


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Hub's store with the miniature world in it."""
    folder = tmp_path_factory.mktemp("hub")
    own = {"HUBKIT_HOME": str(folder / "home"), "HF_HOME": str(folder / "user"), "OMP_NUM_THREADS": "1"}
    clean = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
    subprocess.run(
        [sys.executable, "-m", "hubkit", "hub", "seed", "--store", str(folder / "store")],
        cwd=ROOT, env=clean | own, check=True, capture_output=True,
    )  # fmt: skip
    return folder / "store"


JOB_TOKEN_SECONDS = 10


@pytest.fixture(scope="session")
def faults() -> Faults:
    """What goes wrong with that Hub, and every request that it got."""
    return Faults()


@pytest.fixture(scope="session")
def hub(store: Path, canary: str, faults: Faults, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalHub]:
    """That Hub, running; its only writer is 'local', with the canary for a token.

    It knows jobs without a token too; what it gives them is good for seconds.
    """
    tokens = tmp_path_factory.mktemp("tokens") / "tokens"
    tokens.write_text(f"local write {canary}\nroot admin hf_root{secrets.token_hex(16)}\n")
    with running(
        store, token_file=tokens, faults=faults, issuer=True, job_token_seconds=JOB_TOKEN_SECONDS
    ) as started:  # fmt: skip
        yield started


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what git would check out of this repository, workflows adapted to act, recipes short."""
    folder = tmp_path_factory.mktemp("original") / "repository"
    listed = git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    for name in filter(None, listed):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    for workflow in (folder / ".github" / "workflows").glob("*.yml"):
        text = workflow.read_text().replace("uses: $/", "uses: ./")
        workflow.write_text(re.sub(r"^ +queue: max\n", "", text, flags=re.MULTILINE))
    recipe = folder / "recipes" / "quickstart.toml"
    recipe.write_text(dump(load(recipe, SHORT)))
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "remote", "add", "origin", f"https://github.com/{REPOSITORY}")
    Checkout(folder).commit("Begin")
    return folder


@pytest.fixture
def checkout(original: Path, tmp_path: Path) -> Checkout:
    """A checkout of one's own."""
    shutil.copytree(original, tmp_path / "checkout", symlinks=True)
    return Checkout(tmp_path / "checkout")


@pytest.fixture
def act(checkout: Checkout, hub: LocalHub, canary: str, tmp_path: Path) -> Callable[..., Ran]:
    """Run a workflow for an event; the run as it ended."""
    artifacts, seen = tmp_path / "artifacts", tmp_path / "seen"

    def run(
        event: str,
        payload: dict[str, Any],
        *,
        workflow: str = "train.yml",
        ref: str = "refs/heads/main",
        run_id: str = "1",
        job: str | None = None,
        variables: dict[str, str] | None = None,
        **environment: str,
    ) -> Ran:
        shutil.rmtree(seen, ignore_errors=True)
        seen.mkdir()
        (tmp_path / "secrets").write_text(f"HF_TOKEN={canary}\n")
        payload = {"repository": {"default_branch": "main"}, "ref": ref, **payload}
        (tmp_path / "event.json").write_text(json.dumps(payload))
        known = {"HF_ENDPOINT": hub.url, "HF_NAMESPACE": "local", "HF_AUTH": "token"} | (variables or {})
        own = {
            "HOME": str(tmp_path / "home"), "XDG_CACHE_HOME": str(tmp_path / "cache"),
            "PATH": f"{HERE / 'bin'}:{os.environ['PATH']}",
            "HUBKIT_ENVIRONMENT": sys.prefix, "TEST_ACTIONS": str(HERE / "actions"),
            "TEST_SEEN": str(seen), "TEST_ARTIFACTS": str(artifacts),
            "OMP_NUM_THREADS": "1", "NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost",
            "TTY_COMPATIBLE": "0",  # act gives its steps a terminal, GitHub does not
        }  # fmt: skip
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "HUBKIT_"))}
        command = [
            tool("act"), event, "--workflows", f".github/workflows/{workflow}",
            "--eventpath", str(tmp_path / "event.json"), "--secret-file", str(tmp_path / "secrets"),
            "--insecure-secrets",  # act would mask what leaks
            "--platform", "self-hosted=-self-hosted", "--platform", "ubuntu-24.04=-self-hosted",
            "--no-cache-server", "--artifact-server-addr", "127.0.0.1", "--action-offline-mode",
            "--action-cache-path", str(tmp_path / "act"), "--defaultbranch", "main", "--concurrent-jobs", "1",
            "--env", f"GITHUB_RUN_ID={run_id}", "--env-file", os.devnull, "--var-file", os.devnull,
            "--input-file", os.devnull,
            *(("--job", job) if job else ()),
            *(part for key, value in known.items() for part in ("--var", f"{key}={value}")),
            *replaced(checkout),
        ]  # fmt: skip
        ended = subprocess.run(
            command, cwd=checkout.folder, env=clean | own | environment, check=False, timeout=400,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        )  # fmt: skip
        (tmp_path / "secrets").unlink()
        return Ran(ended.returncode, ended.stdout, seen, artifacts)

    return run


def replaced(checkout: Checkout) -> Iterator[str]:
    """The options that put our artifact actions in the place of GitHub's, whatever commits the workflows pin."""
    texts = [path.read_text() for path in (checkout.folder / ".github" / "workflows").glob("*.yml")]
    for pinned in sorted({found[0] for text in texts for found in PINNED.finditer(text)}):
        yield "--local-repository"
        yield f"{pinned}={HERE / 'actions' / pinned.partition('@')[0].partition('/')[2]}"


@dataclass(frozen=True)
class Answer:
    """A command of `hubkit ci` that ended: what it printed, and what it told the workflow."""

    code: int
    out: str
    err: str
    outputs: dict[str, str]
    summary: str


@pytest.fixture
def ci(checkout: Checkout, hub: LocalHub, tmp_path: Path) -> Callable[..., Answer]:
    """Run a command of `hubkit ci` as a step of a workflow would, without a workflow around it."""

    def run(
        *arguments: str, event: str = "push", ref: str = "refs/heads/main", payload: Any = None, **environment: str
    ) -> Answer:
        files = {name: tmp_path / name for name in ("outputs", "summary", "event.json")}
        for name in ("outputs", "summary"):
            files[name].write_text("")
        files["event.json"].write_text(json.dumps({"repository": {"default_branch": "main"}} | (payload or {})))
        own = {
            "PATH": f"{HERE / 'bin'}:{os.environ['PATH']}", "HOME": str(tmp_path), "HF_HOME": str(tmp_path / "hf"),
            "HF_ENDPOINT": hub.url, "HF_NAMESPACE": "local", "HF_AUTH": "token", "NO_PROXY": "127.0.0.1",
            "TEST_SEEN": str(tmp_path), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1",
            "GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": event, "GITHUB_REF": ref, "GITHUB_SHA": checkout.head,
            "GITHUB_REPOSITORY": REPOSITORY, "GITHUB_EVENT_PATH": str(files["event.json"]), "GITHUB_RUN_ID": "1",
            "GITHUB_OUTPUT": str(files["outputs"]), "GITHUB_STEP_SUMMARY": str(files["summary"]),
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "hubkit", "ci", *arguments],
            cwd=checkout.folder, env=own | environment, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        told = re.findall(r"^(.+)<<(.+)\n((?:.*\n)*?)\2\n", files["outputs"].read_text(), flags=re.MULTILINE)
        outputs = {name: value.removesuffix("\n") for name, _, value in told}
        return Answer(done.returncode, done.stdout, done.stderr, outputs, files["summary"].read_text())

    return run


def step(
    workflow: str, job: str, name: str, folder: Path, environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run one step of a job by itself, as GitHub does: its text in a file, by a bash that stops at the first error."""
    parsed = yaml.safe_load((ROOT / ".github" / "workflows" / workflow).read_text())
    [text] = [one["run"] for one in parsed["jobs"][job]["steps"] if one.get("name", "").startswith(name)]
    (folder / "step.sh").write_text(text)
    (folder / "bin").mkdir(exist_ok=True)
    (folder / "bin" / "hubkit").write_text(f'#!/bin/sh\nexec {sys.executable} -m hubkit "$@"\n')
    (folder / "bin" / "hubkit").chmod(0o755)
    own = {
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "HOME": str(folder), "HF_HOME": str(folder / "hf"),
        "HUBKIT_HOME": str(folder / "home"), "PYTHONPATH": str(ROOT), "NO_PROXY": "127.0.0.1", "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(folder / "step.sh")],
        cwd=folder, env=own | environment, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
