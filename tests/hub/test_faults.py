"""Faults happen as asked, and as often; and what clients do about them is what the protocol notes say."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx2 as httpx
import pytest
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
from huggingface_hub.utils import parse_ratelimit_headers

from hubkit.localhub import Fault, Faults, LocalHub, running


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


@pytest.fixture
def blob(api: HfApi, faulty: LocalHub) -> str:
    """The address of a file that holds an x."""
    commit(api, "blob")
    return f"{faulty.url}/local/x/resolve/main/blob"


def test_a_damaged_blob_and_a_delay(faults: Faults, blob: str):
    faults.add(Fault("GET .*/resolve/.*", damage_byte=0, delay_seconds=0.2))
    began = time.monotonic()

    assert httpx.get(blob).content == bytes([ord("x") ^ 0xFF])
    assert time.monotonic() - began >= 0.2
    assert httpx.get(blob).content == b"x"


def test_a_wrong_blob_is_noticed_by_the_client(api: HfApi, faults: Faults, blob: str, tmp_path: Path):
    faults.add(Fault("GET .*/resolve/.*", body=b"another file"))
    assert httpx.get(blob).content == b"another file"

    faults.add(Fault("GET .*/resolve/.*", body=b"another file"))
    with pytest.raises(OSError, match="Consistency check failed"):
        api.hf_hub_download("local/x", "blob", cache_dir=tmp_path)
    assert Path(api.hf_hub_download("local/x", "blob", cache_dir=tmp_path)).read_bytes() == b"x"


def test_headers_are_set_and_taken_away_on_an_answer_that_is_else_good(api: HfApi, faults: Faults, tmp_path: Path):
    faults.add(Fault("GET /_hub", headers={"X-HF-Warning": "topic; Please update"}))
    answer = httpx.get(f"{api.endpoint}/_hub")
    assert (answer.status_code, answer.headers["x-hf-warning"]) == (200, "topic; Please update")

    commit(api, "blob")
    faults.add(Fault("HEAD .*/resolve/.*", headers={"X-Repo-Commit": ""}, times=9))
    with pytest.raises(LocalEntryNotFoundError):
        api.hf_hub_download("local/x", "blob", cache_dir=tmp_path)


def test_some_requests_are_hit_and_those_before_and_after_are_not(faults: Faults, faulty: LocalHub):
    fault = Fault("GET /_hub", nth=2, times=2, status=418, headers={"X-Tea": "pot"})
    faults.add(fault)
    answers = [httpx.get(f"{faulty.url}/_hub") for _ in range(5)]

    assert [answer.status_code for answer in answers] == [200, 418, 418, 200, 200]
    assert answers[1].headers["x-tea"] == "pot"
    assert faults.count(fault) == 5


def test_a_rate_is_limited_by_kind_of_request_and_window(api: HfApi, faults: Faults, faulty: LocalHub, blob: str):
    faults.limit(2, window_seconds=100)
    faults.limit(1, window_seconds=100, bucket="resolvers")
    answers = [httpx.get(f"{faulty.url}/api/models") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    info = [parse_ratelimit_headers(answer.headers) for answer in answers]
    assert [(one.remaining, one.limit, one.window_seconds) for one in info if one] == [(n, 2, 100) for n in (1, 0, 0)]
    assert [httpx.get(blob).status_code for _ in range(2)] == [200, 429]
    assert httpx.get(faulty.url).status_code == 200
    faults.clear()
    assert "ratelimit" not in httpx.get(blob).headers
