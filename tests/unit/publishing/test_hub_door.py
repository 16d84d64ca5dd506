"""The door to the Hub: what it does when the Hub is busy, away, or says no."""

import time
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path

import pytest

from hubkit import hub
from hubkit.errors import AuthorisationError, BaseModelError, DatasetError, RecipeError, StoppedError
from hubkit.hub import asking
from hubkit.localhub import LocalHub
from hubkit.localhub.faults import Fault, Faults
from hubkit.targets.hub import HubTarget

pytestmark = pytest.mark.usefixtures("as_alice")

INFO = "GET /api/models/alice/base/revision/main"


@pytest.fixture
def base(as_alice: LocalHub) -> str:
    """A repo, and the commit it is at."""
    return hub.put_repo("alice/base", "model", {"README.md": b"---\nlicense: mit\n---\n"}, "seed")


@pytest.mark.parametrize("status", [429, 500, 503, 507])
def test_a_busy_hub_is_asked_again(base: str, faults: Faults, monkeypatch: pytest.MonkeyPatch, status: int):
    """As often as there are pauses; then it has an answer."""
    monkeypatch.setattr(asking, "PATIENCE", (0.0, 0.0))
    faults.add(Fault(INFO, times=2, status=status))

    assert hub.resolve_model("alice/base", "main").sha == base


def test_a_hub_that_stays_busy_stops_the_run(base: str, faults: Faults, monkeypatch: pytest.MonkeyPatch):
    """Exit code 75: the same command continues."""
    monkeypatch.setattr(asking, "PATIENCE", (0.0, 0.0))
    faults.add(Fault(INFO, times=9, status=503))

    with pytest.raises(StoppedError, match="503") as caught:
        hub.resolve_model("alice/base", "main")
    assert caught.value.exit_code == 75


@pytest.mark.parametrize(
    "headers",
    [
        lambda: {"Retry-After": "1"},
        lambda: {"Retry-After": formatdate(time.time() + 2, usegmt=True)},
        lambda: {"RateLimit": '"api";r=0;t=0'},
    ],
    ids=["seconds", "date", "rate limit"],
)
def test_it_waits_as_long_as_the_hub_says(
    base: str, faults: Faults, monkeypatch: pytest.MonkeyPatch, headers: Callable[[], dict[str, str]]
):
    """`Retry-After`, as a number or a date, or `RateLimit` count, not our own pause."""
    monkeypatch.setattr(asking, "PATIENCE", (0.0,))
    faults.add(Fault(INFO, status=429, headers=headers()))
    began = time.monotonic()

    assert hub.resolve_model("alice/base", "main").sha == base
    assert time.monotonic() - began >= 1


@pytest.mark.parametrize(
    ("ask", "error"),
    [
        (lambda: hub.resolve_model("alice/none"), BaseModelError),
        (lambda: hub.resolve_dataset("alice/none"), DatasetError),
        (lambda: hub.resolve_model("alice/base", "v9"), BaseModelError),
        (lambda: hub.resolve_model("alice/ba--se"), RecipeError),
        (lambda: hub.put_repo("bob/theirs", "model", {}, "x"), AuthorisationError),
    ],
    ids=["no model", "no dataset", "no revision", "no name", "not ours"],
)
@pytest.mark.usefixtures("base")
def test_what_is_missing_is_told_as_what_it_is(ask, error: type[Exception]):
    """By what it was needed for, in one line, with what to do."""
    with pytest.raises(error) as caught:
        ask()
    assert str(caught.value).splitlines()[0].startswith("error[HK")


def test_trusted_publishing_that_fails_is_told_as_such(monkeypatch: pytest.MonkeyPatch):
    """It was asked for by HF_OIDC_RESOURCE, so no other token is taken in its place."""
    monkeypatch.setenv("HF_OIDC_RESOURCE", "alice/tiny")
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)

    with pytest.raises(AuthorisationError, match="trusted publishing failed"):
        hub.account()


def test_the_repo_is_named_though_nobody_is_logged_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """A card can be written without an account; its reader sees where a name is missing."""
    monkeypatch.setenv("HF_TOKEN", "")

    assert HubTarget(kind="hub").model_id("tiny") == "your-name/tiny"
    assert HubTarget(kind="hub", repo="acme/tiny").model_id("tiny") == "acme/tiny"
