"""Trusted publishing: a job without a stored token pushes to the repository that trusts it, and to no other."""

from itertools import count
from pathlib import Path

import httpx2 as httpx
import jwt
import pytest
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from hubkit.localhub import LocalHub, running
from hubkit.localhub.errors import HubError

_numbers = count()


@pytest.fixture
def owner(hub: LocalHub) -> HfApi:
    return HfApi(endpoint=hub.url, token="hf_alice")


@pytest.fixture
def repo(owner: HfApi) -> str:
    return owner.create_repo(f"acme/trusting{next(_numbers)}").repo_id


def id_token(hub: LocalHub, *, audience: str | None = None, **job: str) -> str:
    variables = hub.job(**{"repository": "acme/training", "workflow": "publish.yml", **job})
    answer = httpx.get(
        variables["ACTIONS_ID_TOKEN_REQUEST_URL"] + f"&audience={audience or hub.url}",
        headers={"authorization": f"bearer {variables['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}"},
    )
    return str(answer.json()["value"])


def exchange(hub: LocalHub, token: str, resource: str, **changes: str) -> httpx.Response:
    fields = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
        "subject_token": token,
        "resource": resource,
    }
    return httpx.post(f"{hub.url}/oauth/token", json={**fields, **changes})


def job_api(hub: LocalHub, resource: str) -> HfApi:
    return HfApi(endpoint=hub.url, token=exchange(hub, id_token(hub), resource).json()["access_token"])


def test_the_rights_end_with_the_repository(hub: LocalHub, owner: HfApi, repo: str, tmp_path: Path):
    """Push, tag and read there; nothing else, and no settings. Outside of a repository the token is not even known."""
    hub.trust(repo, repository="acme/training")
    job = job_api(hub, repo)
    other = owner.create_repo(f"{repo}-other", private=True).repo_id
    owner.update_repo_settings(repo, visibility="private", gated="manual")

    done = job.create_commit(repo, [CommitOperationAdd("a", b"a")], commit_message="By a job")
    job.create_tag(repo, tag="v1")
    job.auth_check(repo, write=True)
    assert Path(job.hf_hub_download(repo, "a", revision=done.oid, cache_dir=tmp_path)).read_bytes() == b"a"
    assert job.create_repo(repo, exist_ok=True).repo_id == repo
    with pytest.raises(RepositoryNotFoundError):
        job.model_info(other)
    with pytest.raises(RepositoryNotFoundError):
        job.create_commit(other, [CommitOperationAdd("a", b"a")], commit_message="By a job")
    owner.update_repo_settings(other, visibility="public")
    with pytest.raises(HfHubHTTPError, match="403"):
        job.create_commit(other, [CommitOperationAdd("a", b"a")], commit_message="By a job", create_pr=True)
    for refused in (
        lambda: job.update_repo_settings(repo, visibility="public"),
        lambda: job.delete_repo(repo),
        lambda: job.create_repo("acme/new"),
        job.whoami,
    ):
        with pytest.raises(HfHubHTTPError, match=r"401|403|Invalid user token"):
            refused()


@pytest.mark.parametrize(
    "trusted",
    [
        {"repository": "acme/other"},
        {"repository": "acme/training", "workflow": "test.yml"},
        {"repository": "acme/training", "workflow": "publish"},
        {"repository": "acme/training", "branch": "release"},
        {"repository": "acme/training", "environment": "hub"},
        {"repository": "acme/training", "nonsense": "x"},
        {"sub": "repo:acme/training:ref:refs/heads/mai"},
        {},
    ],
)
def test_every_claim_has_to_match(hub: LocalHub, repo: str, trusted: dict[str, str]):
    if trusted:
        hub.trust(repo, **trusted)
    answer = exchange(hub, id_token(hub), repo)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert "acme/training" not in answer.text


def test_only_the_issuers_own_fresh_words_for_this_hub_count(hub: LocalHub, repo: str, tmp_path: Path):
    hub.trust(repo, repository="acme/training")
    good = id_token(hub)
    claims = jwt.decode(good, options={"verify_signature": False})
    with running(tmp_path / "store", issuer=True) as elsewhere:
        foreign = id_token(elsewhere, audience=hub.url)
    head, body, mac = good.split(".")
    unsigned = jwt.encode(claims, key="", algorithm="none")

    assert exchange(hub, good, repo).status_code == 200
    for bad in (id_token(hub, audience="https://huggingface.co"), foreign, unsigned, f"{head}.{body}.{mac[::-1]}", "x"):
        assert exchange(hub, bad, repo).json()["error"] == "invalid_grant"


def test_malformed_requests_are_told_what_is_wrong(hub: LocalHub, repo: str):
    token = id_token(hub)

    assert exchange(hub, token, repo, grant_type="password").json()["error"] == "unsupported_grant_type"
    assert exchange(hub, token, repo, subject_token_type="x").json()["error"] == "invalid_request"
    assert exchange(hub, token, "").json()["error"] == "invalid_request"
    for resource in ("alice", "../..", "acme/missing"):
        assert exchange(hub, token, resource).json()["error"] == "invalid_grant"


def test_a_token_expires(hub: LocalHub, tmp_path: Path):
    with running(tmp_path / "store", issuer=True, job_token_seconds=0) as brief:
        owner = HfApi(endpoint=brief.url, token=brief.token)
        repo = owner.create_repo("brief").repo_id
        brief.trust(repo, repository="acme/training")
        job = job_api(brief, repo)
        with pytest.raises(HfHubHTTPError, match="Invalid credentials") as caught:
            job.create_commit(repo, [CommitOperationAdd("a", b"a")], commit_message="Late")

    assert not isinstance(caught.value, RepositoryNotFoundError)


def test_an_owner_lists_and_removes_publishers(hub: LocalHub, repo: str):
    url, mine = f"{hub.url}/api/models/{repo}/settings/trusted-publishers", {"authorization": "Bearer hf_alice"}
    claims = {"repository": "acme/training", "workflow": "publish.yml"}
    added = httpx.post(url, json={"claims": claims}, headers=mine).json()

    assert httpx.get(url, headers=mine).json() == [added]
    assert exchange(hub, id_token(hub), repo).status_code == 200
    assert httpx.get(url, headers={"authorization": "Bearer hf_bob"}).status_code == 403
    assert httpx.delete(f"{url}/{added['id']}", headers=mine).status_code == 200
    assert exchange(hub, id_token(hub), repo).status_code == 400
    for bad in ({}, {"claims": {"branch": "main"}}, {"claims": {"repository": 3}}, {"claims": "x"}):
        assert httpx.post(url, json=bad, headers=mine).status_code == 400


def test_the_issuer_publishes_its_key(hub: LocalHub):
    about = httpx.get(f"{hub.url}/_issuer/.well-known/openid-configuration").json()
    key = jwt.PyJWKSet.from_dict(httpx.get(about["jwks_uri"]).json()).keys[0]

    claims = jwt.decode(id_token(hub), key, audience=hub.url, issuer=about["issuer"])
    assert claims["job_workflow_ref"] == "acme/training/.github/workflows/publish.yml@refs/heads/main"


def test_there_is_no_issuer_unless_asked_for(tmp_path: Path):
    with running(tmp_path / "store") as plain:
        assert httpx.get(f"{plain.url}/_issuer/.well-known/jwks").status_code == 404
        with pytest.raises(ValueError, match="issuer=True"):
            plain.job("acme/training", workflow="publish.yml")
        with pytest.raises(HubError):
            plain.trust("acme/missing", repository="acme/training")
