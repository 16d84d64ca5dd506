"""Faults happen as asked, and as often; and what clients do about them is what the protocol notes say."""

from collections.abc import Iterator
from pathlib import Path

import httpx2 as httpx
import pytest
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import HfHubHTTPError

from hubkit.localhub import LocalHub, running
from hubkit.localhub.faults import Fault, Faults


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def faulty(tmp_path: Path, faults: Faults) -> Iterator[LocalHub]:
    with running(tmp_path / "store", faults=faults) as hub:
        yield hub


@pytest.fixture
def api(faulty: LocalHub) -> HfApi:
    api = HfApi(endpoint=faulty.url, token=faulty.token)
    api.create_repo("x")
    return api


def commit(api: HfApi, name: str) -> None:
    api.create_commit("local/x", [CommitOperationAdd(name, b"x")], commit_message=name)


def test_a_commit_that_fails_before_it_took_effect(api: HfApi, faults: Faults):
    """create_commit does not retry: the caller has to."""
    faults.add(Fault("POST .*/commit/main", nth=2, status=503))

    commit(api, "first")
    with pytest.raises(HfHubHTTPError, match="503"):
        commit(api, "second")
    assert set(api.list_repo_files("local/x")) == {".gitattributes", "first"}
    commit(api, "second")


def test_a_commit_that_fails_after_it_took_effect(api: HfApi, faults: Faults):
    faults.add(Fault("POST .*/commit/main", after=True, status=500))

    with pytest.raises(HfHubHTTPError, match="500"):
        commit(api, "lost")
    assert "lost" in api.list_repo_files("local/x")


@pytest.mark.parametrize("cut_after_bytes", [-1, 0, 20])
def test_an_answer_that_is_cut_off(api: HfApi, faults: Faults, cut_after_bytes: int):
    faults.add(Fault("POST .*/commit/main", cut_after_bytes=cut_after_bytes))

    with pytest.raises(httpx.TransportError):
        commit(api, "cut")
    assert "cut" in api.list_repo_files("local/x"), "it took effect; only the answer was lost"


def test_a_retried_request_is_told_when_to_come_again(api: HfApi, faults: Faults):
    faults.add(Fault("POST .*/preupload/main", status=429, headers={"Retry-After": "0"}, times=2))
    commit(api, "patient")

    assert sum("preupload" in request for request in faults.requests) == 3


def test_a_damaged_blob_and_a_delay(api: HfApi, faults: Faults, faulty: LocalHub):
    commit(api, "blob")
    faults.add(Fault("GET .*/resolve/.*", damage_byte=0, delay_seconds=0.01))
    url = f"{faulty.url}/local/x/resolve/main/blob"

    assert httpx.get(url).content == bytes([ord("x") ^ 0xFF])
    assert httpx.get(url).content == b"x"
