"""Trusted publishing: a job without a stored token publishes to the repo that trusts it, however long that takes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants
from huggingface_hub.utils import _auth

from hubkit import hub
from hubkit.errors import AuthorisationError
from hubkit.localhub import LocalHub, running
from hubkit.localhub.faults import Fault, Faults
from hubkit.publishing import Release
from hubkit.targets.hub import HubTarget

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # of the client's LFS uploads

TARGET = HubTarget(kind="hub", verify="hashes", tag="v1.0.0")
CARD = "---\nlicense: mit\n---\n# Tiny\n"
SECONDS = 2
EXCHANGE = "POST /oauth/token"


@pytest.fixture
def hub_server(tmp_path: Path, faults: Faults) -> Iterator[LocalHub]:
    """A Hub that plays GitHub's part too, whose tokens for jobs soon expire."""
    tokens = tmp_path / "tokens"
    tokens.write_text("alice write hf_alice0write\n")
    with running(
        tmp_path / "hub", token_file=tokens, faults=faults, issuer=True, job_token_seconds=SECONDS
    ) as started:  # fmt: skip
        yield started


@pytest.fixture
def as_job(as_alice: LocalHub, monkeypatch: pytest.MonkeyPatch) -> LocalHub:
    """The client in a job of alice/training, without a token; alice/tiny is there and trusts it."""
    hub.create_repo("alice/tiny")
    as_alice.trust("alice/tiny", repository="alice/training")
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setattr(_auth, "_OIDC_TOKEN_CACHE", None)
    for name, value in as_alice.job("alice/training", workflow="train.yml").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GITHUB_REPOSITORY", "alice/training")
    monkeypatch.setenv("HF_OIDC_RESOURCE", "alice/tiny")
    return as_alice


@pytest.mark.usefixtures("as_job")
def test_a_job_publishes_without_a_stored_token(release: Release):
    """Check, commit, verification and tag, to the repo that is named like the recipe in the token's namespace."""
    TARGET.check("tiny", lambda: CARD)
    publication = TARGET.publish(release)

    assert "alice/tiny" == TARGET.model_id("tiny") == publication.repo
    assert {"v1.0.0": publication.commit} == hub.tags("alice/tiny")


@pytest.mark.parametrize("without_xet", [False, True], ids=["xet", "lfs"])
@pytest.mark.parametrize(
    "late",
    ["POST .*/preupload/main", "(GET .*/xet-write-token/.*|POST .*/info/lfs/objects/batch)", "POST .*/commit/main"],
    ids=["preupload", "upload", "commit"],
)
@pytest.mark.usefixtures("as_job")
def test_a_token_that_expires_in_the_middle_is_exchanged_anew(
    release: Release, faults: Faults, monkeypatch: pytest.MonkeyPatch, late: str, without_xet: bool
):
    """Before, during and after the upload: the publish goes on with a new one, and makes one commit."""
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", without_xet)
    faults.add(Fault(late, delay_seconds=SECONDS + 0.6))
    publication = TARGET.publish(release)

    assert publication.created
    assert 2 == len(hub.api().list_repo_commits("alice/tiny"))
    assert set(release.manifest) | {".gitattributes"} == set(hub.tree("alice/tiny", publication.commit))
    assert faults.requests.count(EXCHANGE) > 1


@pytest.mark.usefixtures("as_job")
def test_what_is_refused_to_a_fresh_token_too_is_refused(release: Release, faults: Faults):
    """One exchange, one more attempt, and then an answer."""
    faults.add(Fault("POST .*/commit/main", times=9, status=401))

    with pytest.raises(AuthorisationError):
        TARGET.publish(release)
    assert 2 == sum("/commit/" in request for request in faults.requests)


@pytest.mark.parametrize(
    ("resource", "recipe", "words"),
    [
        ("alice/none", "none", "no token for alice/none"),
        ("alice/tiny", "other", "may publish to alice/tiny alone"),
    ],
    ids=["no repo", "another repo"],
)
@pytest.mark.usefixtures("as_job")
def test_a_job_that_may_not_publish_hears_it_before_the_training(
    monkeypatch: pytest.MonkeyPatch, resource: str, recipe: str, words: str
):
    """A repo that does not exist is not created by a job: what a person does once is told, step by step."""
    monkeypatch.setenv("HF_OIDC_RESOURCE", resource)

    with pytest.raises(AuthorisationError, match=words) as caught:
        TARGET.check(recipe, lambda: CARD)
    assert caught.value.exit_code == 8
    if recipe == "none":
        assert "hf repos create alice/none" in str(caught.value)
        assert "repository = alice/training, workflow = train.yml" in str(caught.value)


def test_a_job_without_the_permission_is_told_which(as_job: LocalHub, monkeypatch: pytest.MonkeyPatch):
    """GitHub gives no identity to a job that does not ask for it."""
    monkeypatch.delenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN")

    with pytest.raises(AuthorisationError, match="trusted publishing failed") as caught:
        TARGET.check("tiny", lambda: CARD)
    assert "id-token: write" in str(caught.value)
