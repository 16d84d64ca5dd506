"""What must hold for every workflow, as functions over the parsed YAML: each yields what breaks it."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import yaml

FORK_EVENTS: Final = frozenset({
    "pull_request", "pull_request_target", "pull_request_review", "pull_request_review_comment", "pull_request_comment",
    "issues", "issue_comment", "discussion", "discussion_comment", "fork", "watch", "gollum", "workflow_run",
    "merge_group", "check_run", "check_suite", "status", "public",
})  # fmt: skip
"""Events that somebody without any right on the repository can cause, directly or through another workflow."""

WRITERS: Final = {
    ("train.yml", "sort"): {"actions"},
    ("train.yml", "publish"): {"id-token"},
    ("train.yml", "announce"): {"contents"},
    ("release.yml", "attest"): {"attestations", "id-token"},
    ("release.yml", "pypi"): {"id-token"},
    ("release.yml", "github"): {"contents"},
}
"""The only jobs that may change anything, and what."""

PIN: Final = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} +# v\d+(\.\d+)*")


@dataclass(frozen=True)
class Repository:
    """The files of a repository that GitHub obeys."""

    root: Path

    @cached_property
    def texts(self) -> dict[str, str]:
        """Workflows by file name, actions by path."""
        github = self.root / ".github"
        files = {path.name: path for path in sorted((github / "workflows").glob("*.y*ml"))}
        files |= {str(path.relative_to(self.root)): path for path in github.glob("actions/*/action.yml")}
        return {name: path.read_text() for name, path in {**files, "action.yml": self.root / "action.yml"}.items()}

    @cached_property
    def workflows(self) -> dict[str, dict[Any, Any]]:
        """Parsed workflows by file name."""
        return {name: yaml.safe_load(text) for name, text in self.texts.items() if "action.yml" not in name}

    @cached_property
    def actions(self) -> dict[str, dict[Any, Any]]:
        """Parsed composite actions by path."""
        return {name: yaml.safe_load(text) for name, text in self.texts.items() if "action.yml" in name}

    def jobs(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """(workflow, job, its definition)."""
        for name, workflow in self.workflows.items():
            for job, definition in workflow["jobs"].items():
                yield name, job, definition

    def steps(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """(where, step) of all jobs and actions."""
        for name, job, definition in self.jobs():
            yield from ((f"{name}: {job}", step) for step in definition.get("steps", ()))
        for name, action in self.actions.items():
            yield from ((name, step) for step in action["runs"]["steps"])


Policy = Callable[[Repository], Iterator[str]]


def events(workflow: Mapping[Any, Any]) -> set[str]:
    """What starts a workflow. YAML 1.1 reads the key `on` as true."""
    on = workflow.get("on", workflow.get(True))
    return {on} if isinstance(on, str) else set(on)


def labels(job: Mapping[str, Any]) -> set[str]:
    """The labels a job runs on."""
    on = job.get("runs-on", ())
    return {on} if isinstance(on, str) else set(on)


def is_own_machine(job: Mapping[str, Any]) -> bool:
    """Whether a job may run on a machine of ours: anything but a fixed label of GitHub's."""
    return bool(labels(job)) and not all(re.fullmatch(r"ubuntu-\d\d\.\d\d", label) for label in labels(job))


def actions_are_pinned(repository: Repository) -> Iterator[str]:
    """To a commit, with the version in a comment; or they are this repository's own."""
    for name, text in repository.texts.items():
        for uses in re.findall(r"^\s*(?:- )?uses: *(.+?) *$", text, re.MULTILINE):
            if not uses.startswith("$/.github/") and not PIN.fullmatch(uses):
                yield f"{name}: {uses}"


def nothing_is_granted_to_all(repository: Repository) -> Iterator[str]:
    """A workflow grants nothing; each job says what it needs."""
    for name, workflow in repository.workflows.items():
        if workflow.get("permissions") != {}:
            yield f"{name}: permissions of the workflow are not {{}}"
    for name, job, definition in repository.jobs():
        if not isinstance(definition.get("permissions"), dict):
            yield f"{name}: {job} does not say its permissions"


def only_known_jobs_write(repository: Repository) -> Iterator[str]:
    """And only what they are known for."""
    for name, job, definition in repository.jobs():
        granted = definition.get("permissions")
        writes = {key for key, value in granted.items() if value == "write"} if isinstance(granted, dict) else {"all"}
        if writes != WRITERS.get((name, job), set()):
            yield f"{name}: {job} may write {sorted(writes)}"


def every_job_ends(repository: Repository) -> Iterator[str]:
    """By a limit of its own; GitHub's is six hours, or five days."""
    for name, job, definition in repository.jobs():
        if "uses" not in definition and not isinstance(definition.get("timeout-minutes"), int):
            yield f"{name}: {job} has no timeout-minutes"


def checkouts_keep_no_token(repository: Repository) -> Iterator[str]:
    """actions/checkout leaves the job's token in .git/config otherwise."""
    for where, step in repository.steps():
        kept = step.get("with", {}).get("persist-credentials", True)
        if step.get("uses", "").startswith("actions/checkout@") and kept is not False:
            yield f"{where}: persist-credentials"


def scripts_hold_no_expressions(repository: Repository) -> Iterator[str]:
    """What others wrote reaches a shell through variables only."""
    for where, step in repository.steps():
        if "${{" in step.get("run", "") or "${{" in step.get("shell", ""):
            yield f"{where}: {step.get('name')}"


def scripts_give_way(repository: Repository) -> Iterator[str]:
    """The last command takes the shell's place, so that it gets the signals when a job is cancelled."""
    for where, step in repository.steps():
        script = step.get("run", "").rstrip().replace("\\\n", " ")
        if script and not re.search(r"(^|\s)exec ", script.splitlines()[-1]):
            yield f"{where}: {step.get('name')}"


def no_fork_reaches_our_machines(repository: Repository) -> Iterator[str]:
    """Not by any event, nor through a workflow that is called."""
    for name, workflow in repository.workflows.items():
        for event in sorted(events(workflow) & FORK_EVENTS):
            yield from (f"{event} reaches {job} of {name}" for job in _own_machines(repository, name))
    for name, workflow in repository.workflows.items():
        if found := events(workflow) & {"pull_request_target", "workflow_run", "issue_comment", "repository_dispatch"}:
            yield f"{name}: {sorted(found)} runs with rights on what a stranger wrote"


def _own_machines(repository: Repository, name: str) -> Iterator[str]:
    for job, definition in repository.workflows[name]["jobs"].items():
        called = definition.get("uses", "").rpartition("/")[2]
        if called in repository.workflows:
            yield from _own_machines(repository, called)
        elif called or is_own_machine(definition):
            yield job


def our_machines_hold_nothing(repository: Repository) -> Iterator[str]:
    """No secret, no identity, no right to write; one training of a recipe at a time; branches are ruled by an
    environment.
    """
    for name, job, definition in repository.jobs():
        if not is_own_machine(definition):
            continue
        rights = definition.get("permissions", {})
        if not isinstance(rights, dict) or set(rights.values()) - {"read", "none"}:
            yield f"{name}: {job} may write"
        if "secrets." in yaml.dump(definition):
            yield f"{name}: {job} gets a secret"
        if definition.get("environment") != "gpu":
            yield f"{name}: {job} is not in the environment gpu"
        limit = definition.get("concurrency", {})
        if "inputs.stem" not in limit.get("group", "") or limit.get("cancel-in-progress") is not False:
            yield f"{name}: {job} may run twice at once"
    for name, workflow in repository.workflows.items():
        called = workflow.get("on", workflow.get(True))
        if isinstance(called, dict) and "secrets" in (called.get("workflow_call") or {}):
            yield f"{name} takes secrets"


def secrets_stay_in_environments(repository: Repository) -> Iterator[str]:
    """A secret is given to a step of a job in an environment, and never handed on."""
    for name, job, definition in repository.jobs():
        if "secrets" in definition:
            yield f"{name}: {job} hands secrets on"
        if "secrets." not in yaml.dump(definition):
            continue
        outside = {key: value for key, value in definition.items() if key != "steps"}
        if "environment" not in definition or "secrets." in yaml.dump(outside):
            yield f"{name}: {job} has a secret without an environment, or for all its steps"
    for name, workflow in repository.workflows.items():
        if "secrets." in yaml.dump(workflow.get("env", {})):
            yield f"{name} has a secret for all its jobs"


def training_is_started_by_the_owners(repository: Repository) -> Iterator[str]:
    """By a push to main, a tag, or by hand; and the training itself only by that workflow."""
    expected = {"train.yml": {"push", "workflow_dispatch"}, "_train.yml": {"workflow_call"}}
    for name, allowed in expected.items():
        found = events(repository.workflows[name])
        if found != allowed:
            yield f"{name} is started by {sorted(found)}"
    push = repository.workflows["train.yml"].get(True, {}).get("push", {})
    if push.get("branches") != ["main"] or push.get("tags") != ["models/*/v*"]:
        yield "train.yml: pushes to other branches or tags"


def publishing_is_approved(repository: Repository) -> Iterator[str]:
    """In an environment that may ask for reviewers, by a job on GitHub's machine, after the training."""
    publish = repository.workflows["train.yml"]["jobs"]["publish"]
    environment = publish.get("environment", {})
    if not isinstance(environment, dict) or environment.get("name") != "hub":
        yield "train.yml: publish is not in the environment hub"
    if publish.get("needs") != "sort" or is_own_machine(publish):
        yield "train.yml: publish does not wait for the training, or runs on our machine"
    if "matrix.repo" not in publish.get("concurrency", {}).get("group", ""):
        yield "train.yml: two may publish to one repo at once"


def failures_are_failures(repository: Repository) -> Iterator[str]:
    """Only the training may go on after an error, since the step after it judges how it ended."""
    for where, step in repository.steps():
        if step.get("continue-on-error") and step.get("id") != "train":
            yield f"{where}: {step.get('name')} may fail unseen"
    training = repository.workflows["_train.yml"]["jobs"]["train"]["steps"]
    judged = [step for step in training if step.get("id") == "ended"]
    if len(judged) != 1 or judged[0].get("if") != "${{ always() }}" or "continue-on-error" in judged[0]:
        yield "_train.yml: nobody judges how the training ended"
    for name, job, definition in repository.jobs():
        if definition.get("continue-on-error"):
            yield f"{name}: {job} may fail unseen"


def captions_are_no_commands(repository: Repository) -> Iterator[str]:
    """What a training prints is not obeyed by the runner."""
    for where, step in repository.steps():
        if "hubkit train" in step.get("run", "") and "::stop-commands::$(cat /proc/sys/kernel" not in step["run"]:
            yield f"{where}: {step.get('name')}"


def green_is_one_thing(repository: Repository) -> Iterator[str]:
    """GitHub runs what people run."""
    test = repository.workflows["ci.yml"]["jobs"]["test"]
    if [".ci/run"] != [word for step in test["steps"] for word in step.get("run", "").split() if "/" in word]:
        yield "ci.yml does not run .ci/run"
    if "exec make test" not in (repository.root / ".ci" / "run").read_text():
        yield ".ci/run does not run make test"


def packages_are_pinned(repository: Repository) -> Iterator[str]:
    """What is built with, and what the workflows are tested with, is what was looked at."""
    for where, step in repository.steps():
        for line in step.get("run", "").splitlines():
            if "pip install" in line and "--require-hashes" not in line:
                yield f"{where}: {line.strip()}"
    for path in (".github/release-requirements.txt", "tests/workflows/requirements.txt"):
        lines = (repository.root / path).read_text().splitlines()
        for line, after in zip(lines, [*lines[1:], ""], strict=True):
            if line[:1].isalpha() and not after.startswith("    --hash=sha256:"):
                yield f"{path}: {line} has no hash"


def owners_and_updates(repository: Repository) -> Iterator[str]:
    """What runs with rights is reviewed by its owners, and updated a week after a release."""
    owned = (repository.root / ".github" / "CODEOWNERS").read_text()
    yield from (
        f"nobody owns {path}" for path in ("/.github/", "/action.yml", "/recipes/") if f"\n{path} " not in owned
    )
    updates = yaml.safe_load((repository.root / ".github" / "dependabot.yml").read_text())["updates"]
    if {"github-actions", "pip"} != {update["package-ecosystem"] for update in updates}:
        yield "dependabot does not update both"
    if any(update.get("cooldown", {}).get("default-days", 0) < 7 for update in updates):
        yield "dependabot does not wait a week"


POLICIES: Final[tuple[Policy, ...]] = (
    actions_are_pinned, nothing_is_granted_to_all, only_known_jobs_write, every_job_ends, checkouts_keep_no_token,
    scripts_hold_no_expressions, scripts_give_way, no_fork_reaches_our_machines, our_machines_hold_nothing,
    secrets_stay_in_environments, training_is_started_by_the_owners, publishing_is_approved, failures_are_failures,
    captions_are_no_commands, green_is_one_thing, packages_are_pinned, owners_and_updates,
)  # fmt: skip
