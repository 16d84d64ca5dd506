"""What holds for every test: nothing of the user's, nothing from outside, and no test that quietly did not run."""

import os
import shutil
import tempfile
from collections.abc import Generator

import pytest

MAY_SKIP = {"gpu", "network"}
"""Marks of tests that no ordinary machine can run."""

HOME = tempfile.mkdtemp(prefix="hubkit-tests-")
for name in [name for name in os.environ if name.startswith(("HF_", "HUGGING_FACE_", "HUBKIT_"))]:
    del os.environ[name]
os.environ |= {
    "HF_HOME": f"{HOME}/hf",
    "HF_ENDPOINT": "http://127.0.0.1:9",  # nobody listens there: a test that asks the real Hub fails
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HUBKIT_HOME": f"{HOME}/hubkit",
}


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing behind."""
    shutil.rmtree(HOME, ignore_errors=True)


def fail_if_skipped(report: pytest.TestReport | pytest.CollectReport, marks: set[str]) -> None:
    """In continuous integration a test that is skipped for a missing tool has failed."""
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail") and not marks & MAY_SKIP:
        report.outcome = "failed"
        report.longrepr = f"skipped, which counts as failed here: {report.longrepr}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tests that skip themselves."""
    report = yield
    fail_if_skipped(report, {mark.name for mark in item.iter_markers()})
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Modules that skip themselves, as `importorskip` does."""
    report = yield
    fail_if_skipped(report, set())
    return report
