"""The policies hold, and each of them can be broken: then it says so."""

import shutil
import subprocess
from pathlib import Path

import pytest

from .conftest import ROOT, tool
from .policies import POLICIES, Policy, Repository

TRAIN, ONE, CI, RELEASE = (f".github/workflows/{name}.yml" for name in ("train", "_train", "ci", "release"))
ACTION = ".github/actions/hubkit/action.yml"

BREAKS = [
    ("actions_are_pinned", CI, "uses: actions/checkout@", "uses: actions/checkout@v7 #"),
    ("actions_are_pinned", CI, " # v", " # "),
    ("actions_are_pinned", TRAIN, "$/.github/actions/hubkit", "./downloaded"),
    ("nothing_is_granted_to_all", CI, "permissions: {}", "permissions: read-all"),
    ("nothing_is_granted_to_all", CI, "permissions: {}\n", ""),
    ("nothing_is_granted_to_all", RELEASE, "    permissions:\n      contents: read\n    steps", "    steps"),
    ("only_known_jobs_write", CI, "      contents: read", "      contents: write"),
    ("only_known_jobs_write", TRAIN, "      actions: read # the artifact", "      id-token: write # the artifact"),
    ("every_job_ends", ONE, "    timeout-minutes: 7200", "    #"),
    ("every_job_ends", CI, "    timeout-minutes: 60\n", ""),
    ("checkouts_keep_no_token", ONE, "persist-credentials: false", "persist-credentials: true"),
    ("checkouts_keep_no_token", CI, "        with:\n          persist-credentials: false\n", ""),
    ("scripts_hold_no_expressions", ONE, '-- "$RECIPE"', '-- "${{ inputs.recipe }}"'),
    ("scripts_hold_no_expressions", ACTION, 'exec "$GITHUB_ACTION_PATH/', 'exec "${{ github.action_path }}/'),
    ("scripts_give_way", ONE, "exec timeout", "timeout"),
    ("scripts_give_way", TRAIN, 'exec hubkit publish "$@"', 'hubkit publish "$@"'),
    ("scripts_give_way", "action.yml", "exec hubkit train", "hubkit train"),
    ("no_fork_reaches_our_machines", TRAIN, "on:\n", "on:\n  pull_request:\n"),
    ("no_fork_reaches_our_machines", TRAIN, "on:\n", "on:\n  issue_comment:\n"),
    ("no_fork_reaches_our_machines", CI, "    runs-on: ubuntu-24.04", "    runs-on: [self-hosted, linux, gpu]"),
    ("no_fork_reaches_our_machines", CI, "    runs-on: ubuntu-24.04", "    runs-on: ${{ vars.RUNNER }}"),
    ("no_fork_reaches_our_machines", CI, "  pull_request:", "  pull_request_target:"),
    ("our_machines_hold_nothing", ONE, "      contents: read", "      contents: write"),
    ("our_machines_hold_nothing", ONE, "        run: |", "        env: { X: '${{ secrets.X }}' }\n        run: |"),
    ("our_machines_hold_nothing", ONE, "    environment: gpu\n", ""),
    ("our_machines_hold_nothing", ONE, "      cancel-in-progress: false", "      cancel-in-progress: true"),
    ("our_machines_hold_nothing", ONE, "train-${{ inputs.stem }}", "train-${{ github.run_id }}"),
    ("our_machines_hold_nothing", ONE, "    inputs:\n", "    secrets: { X: { required: true } }\n    inputs:\n"),
    ("secrets_stay_in_environments", TRAIN, "    uses: $/", "    secrets: inherit\n    uses: $/"),
    ("secrets_stay_in_environments", TRAIN, "GH_TOKEN: ${{ github.token }}", "GH_TOKEN: ${{ secrets.PAT }}"),
    ("secrets_stay_in_environments", TRAIN, "env:\n  HF", "env:\n  X: ${{ secrets.X }}\n  HF"),
    ("training_is_started_by_the_owners", TRAIN, "    branches: [main]", '    branches: ["**"]'),
    ("training_is_started_by_the_owners", TRAIN, '    tags: ["models/*/v*"]', '    tags: ["**"]'),
    ("training_is_started_by_the_owners", TRAIN, "on:\n", "on:\n  schedule: [{ cron: '0 0 * * *' }]\n"),
    ("training_is_started_by_the_owners", ONE, "on:\n", "on:\n  workflow_dispatch:\n"),
    ("publishing_is_approved", TRAIN, "      name: hub\n", "      name: anything\n"),
    ("publishing_is_approved", TRAIN, "    needs: sort\n", "    needs: plan\n"),
    ("publishing_is_approved", TRAIN, "publish-${{ matrix.repo }}", "publish-${{ github.run_id }}"),
    ("failures_are_failures", TRAIN, "        id: sort\n", "        id: sort\n        continue-on-error: true\n"),
    ("failures_are_failures", ONE, "    environment: gpu\n", "    environment: gpu\n    continue-on-error: true\n"),
    ("failures_are_failures", ONE, "        id: ended\n        if: ${{ always() }}\n", "        id: ended\n"),
    ("captions_are_no_commands", ONE, "::stop-commands::", "::notice::"),
    ("captions_are_no_commands", "action.yml", "$(cat /proc/sys/kernel/random/uuid)", "stop"),
    ("green_is_one_thing", CI, ".ci/run", "pytest tests/unit"),
    ("green_is_one_thing", ".ci/run", "make test", "make check"),
    ("packages_are_pinned", RELEASE, "--no-deps --require-hashes", "--no-deps"),
    ("packages_are_pinned", ".github/release-requirements.txt", "    --hash=sha256:", "    #"),
    ("owners_and_updates", ".github/CODEOWNERS", "/recipes/ ", "/docs/ "),
    ("owners_and_updates", ".github/dependabot.yml", "default-days: 7", "default-days: 1"),
]  # fmt: skip


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What the policies are about, to be broken."""
    for name in (".github", ".ci"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (tmp_path / "tests/workflows").mkdir(parents=True)
    for name in ("action.yml", "tests/workflows/requirements.txt"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.__name__)
def test_it_holds(policy: Policy):
    """For the workflows as they are."""
    assert [] == list(policy(Repository(ROOT)))


@pytest.mark.parametrize(("name", "file", "old", "new"), BREAKS)
def test_breaking_it_is_found(copy, name, file, old, new):
    """One edit, and the policy it breaks says so."""
    text = (copy / file).read_text()
    assert old in text
    (copy / file).write_text(text.replace(old, new, 1))
    policy = next(policy for policy in POLICIES if policy.__name__ == name)

    assert list(policy(Repository(copy)))


def test_every_policy_is_broken_once():
    """By an edit above; one that nothing breaks guards nothing."""
    assert {policy.__name__ for policy in POLICIES} == {name for name, *_ in BREAKS}


ZIZMOR = ("--offline", "--persona=auditor", "--no-progress", "--color=never", ".")


def test_zizmor_finds_nothing_but_the_gpu_runner():
    """As an auditor, with one finding set aside and said why: .github/zizmor.yml."""
    found = subprocess.run([tool("zizmor"), *ZIZMOR], cwd=ROOT, capture_output=True, text=True, check=False)

    assert 0 == found.returncode, found.stdout
    assert "No findings to report. Good job! (1 ignored)" in found.stdout + found.stderr


def test_actionlint_finds_nothing():
    """With the shell scripts in the workflows checked by shellcheck."""
    found = subprocess.run(
        [tool("actionlint"), "-shellcheck", tool("shellcheck")], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert (0, "") == (found.returncode, found.stdout)


def test_shellcheck_finds_nothing():
    """In every script of the workflows, the runner and continuous integration."""
    scripts = [*sorted(map(str, (ROOT / ".github").rglob("*.sh"))), str(ROOT / ".ci/run")]
    found = subprocess.run([tool("shellcheck"), "-x", *scripts], capture_output=True, text=True, check=False)

    assert (4, 0, "") == (len(scripts) - 1, found.returncode, found.stdout)


@pytest.mark.parametrize(
    ("linter", "options", "old", "new"),
    [
        ("zizmor", ZIZMOR, '-- "$RECIPE"', '-- "${{ inputs.recipe }}"'),
        ("zizmor", ZIZMOR, "persist-credentials: false", "persist-credentials: true"),
        ("actionlint", (), "runs-on: [self-hosted, linux, gpu]", "runs-on: [self-hosted, linux, cpu]"),
        ("actionlint", (), "inputs.stem", "inputs.stemm"),
        ("actionlint", (), 'if [ -n "$VERSION" ]', "if [ -n $VERSION ]"),
    ],
)
def test_the_linters_can_fail(copy, linter, options, old, new):
    """Each finds what is broken in a copy."""
    file = copy / ONE
    file.write_text(file.read_text().replace(old, new, 1))
    subprocess.run(["git", "init", "--quiet", str(copy)], check=True)
    shell = ("-shellcheck", tool("shellcheck")) if linter == "actionlint" else ()
    found = subprocess.run([tool(linter), *shell, *options], cwd=copy, capture_output=True, text=True, check=False)

    assert 0 != found.returncode
