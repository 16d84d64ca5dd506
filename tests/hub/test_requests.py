"""Requests that no client makes: odd paths, odd ranges, wrong types."""

import json
from collections.abc import Iterator

import httpx2 as httpx
import pytest
from huggingface_hub import HfApi

from hubkit.localhub import LocalHub


@pytest.fixture
def repo(hub: LocalHub) -> str:
    return HfApi(endpoint=hub.url, token="hf_alice").create_repo("alice/asked", exist_ok=True).repo_id


@pytest.fixture
def maltreated(hub: LocalHub) -> str:
    """A repository that may become gated, moved, or whatever else a wrong request can make of it."""
    return HfApi(endpoint=hub.url, token="hf_alice").create_repo("alice/maltreated", exist_ok=True).repo_id


@pytest.fixture
def client(hub: LocalHub) -> Iterator[httpx.Client]:
    """One connection for many requests."""
    with httpx.Client(base_url=hub.url, headers={"authorization": "Bearer hf_alice"}) as client:
        yield client


@pytest.mark.parametrize("path", ["../x", "a//b", ".git/config", "a/./b", "a\nb", ""])
def test_paths_that_lead_elsewhere_are_refused(hub: LocalHub, repo: str, path: str):
    lines = [
        {"key": "header", "value": {"summary": "s"}},
        {"key": "file", "value": {"path": path, "content": "eA==", "encoding": "base64"}},
    ]
    answer = httpx.post(
        f"{hub.url}/api/models/{repo}/commit/main",
        content="\n".join(map(json.dumps, lines)),
        headers={"authorization": "Bearer hf_alice"},
    )

    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("asked", "status", "span"),
    [
        ("bytes=0-0", 206, (0, 1)),
        ("bytes=5-", 206, (5, 10)),
        ("bytes=-3", 206, (7, 10)),
        ("bytes=8-99", 206, (8, 10)),
        ("bytes=10-", 416, None),
        ("lines=1-2", 200, (0, 10)),
    ],
)
@pytest.mark.parametrize("name", ["small.txt", "large.bin"])
def test_ranges(hub: LocalHub, repo: str, asked: str, status: int, span: tuple[int, int] | None, name: str):
    api = HfApi(endpoint=hub.url, token="hf_alice")
    for file in ("small.txt", "large.bin"):
        api.upload_file(repo_id=repo, path_or_fileobj=b"0123456789", path_in_repo=file)

    answer = httpx.get(f"{hub.url}/{repo}/resolve/main/{name}", headers={"range": asked})

    assert answer.status_code == status
    if span is None:
        assert answer.headers["content-range"] == "bytes */10"
    else:
        assert answer.content == b"0123456789"[slice(*span)]
        assert status == 200 or answer.headers["content-range"] == f"bytes {span[0]}-{span[1] - 1}/10"


@pytest.mark.parametrize("repo_id", ["api/x", "..%2f..%2fx/y", "a/%2e%2e", "datasets/x", "x" * 60 + "/" + "y" * 60])
def test_ids_that_would_lead_astray_are_refused(hub: LocalHub, repo_id: str):
    answer = httpx.get(f"{hub.url}/api/models/{repo_id}", headers={"authorization": "Bearer hf_alice"})

    assert answer.status_code in (400, 404)


WRONG = [True, -1, "", "\ud800", ["x"], {"a": 1}]
BODIES = {
    "POST /api/repos/create": ("name", "organization", "type", "visibility", "private", "sdk"),
    "DELETE /api/repos/delete": ("name", "organization", "type"),
    "POST /api/repos/move": ("fromRepo", "toRepo", "type"),
    "PUT /api/models/{repo}/settings": ("visibility", "private", "gated"),
    "POST /api/validate-yaml": ("content", "repoType"),
    "POST /api/models/{repo}/preupload/main": ("files", "files.path", "files.size", "files.sample"),
    "POST /{repo}.git/info/lfs/objects/batch": ("objects", "objects.oid", "objects.size", "transfers"),
    "POST /{repo}.git/info/lfs/verify": ("oid", "size"),
    "POST /api/models/{repo}/branch/b": ("startingPoint",),
    "POST /api/models/{repo}/tag/main": ("tag", "message"),
    "POST /api/models/{repo}/super-squash/main": ("message",),
    "POST /api/models/{repo}/discussions": ("title", "description", "pullRequest"),
    "POST /api/models/{repo}/discussions/1/comment": ("comment",),
    "POST /api/models/{repo}/discussions/1/status": ("status", "comment"),
    "POST /api/models/{repo}/discussions/1/title": ("title",),
    "POST /api/models/{repo}/discussions/1/merge": ("comment",),
    "POST /api/models/{repo}/user-access-request/handle": ("user", "requestId", "status", "rejectionReason"),
    "POST /api/models/{repo}/user-access-request/grant": ("user",),
    "POST /api/models/{repo}/settings/trusted-publishers": ("claims", "claims.repository"),
    "POST /oauth/token": ("grant_type", "subject_token_type", "subject_token", "resource"),
}
SOUND = {
    "name": "made-by-a-test", "fromRepo": "alice/maltreated", "toRepo": "alice/maltreated", "tag": "t", "title": "A",
    "files": [{"path": "a", "size": 1, "sample": ""}], "objects": [{"oid": "a" * 64, "size": 1}],
    "claims": {"repository": "a/b"}, "comment": "A comment", "status": "open", "user": "bob",
}  # fmt: skip


def with_wrong(fields: tuple[str, ...], place: str, value: object) -> dict[str, object]:
    """A sound body but for one field."""
    body = {field: SOUND[field] for field in fields if field in SOUND}
    outer, _, inner = place.partition(".")
    if not inner:
        return {**body, place: value}
    held = {**(SOUND[outer] if outer == "claims" else SOUND[outer][0]), inner: value}  # type: ignore[dict-item]
    return {**body, outer: held if outer == "claims" else [held]}


@pytest.mark.parametrize("request_line", BODIES)
def test_a_field_of_the_wrong_type_is_the_clients_fault(client: httpx.Client, maltreated: str, request_line: str):
    method, _, path = request_line.format(repo=maltreated).partition(" ")
    for place in BODIES[request_line]:
        for value in WRONG:
            body = json.dumps(with_wrong(BODIES[request_line], place, value))
            answer = client.request(method, path, content=body)
            assert answer.status_code < 500, f"{place} = {value!r}: {answer.text}"


@pytest.mark.parametrize("body", ["", "[", "[]", "3", '"x"', "null", "\xff", "[" * 100_000])
@pytest.mark.parametrize("path", ["/api/repos/create", "/api/models/alice/maltreated/commit/main", "/oauth/token"])
def test_a_body_that_is_no_object_is_refused(client: httpx.Client, maltreated: str, path: str, body: str):
    assert client.post(path, content=body.encode("latin-1")).status_code == 400


@pytest.mark.parametrize(
    ("key", "place"),
    [
        *(("header", place) for place in ("summary", "description", "parentCommit")),
        *(("file", place) for place in ("path", "content", "encoding")),
        *(("lfsFile", place) for place in ("path", "oid", "size")),
        ("deletedFile", "path"),
        ("deletedFolder", "path"),
        ("value", ""),
        ("key", ""),
    ],
)
def test_a_line_of_a_commit_with_a_wrong_field_is_refused(client: httpx.Client, maltreated: str, key: str, place: str):
    sound = {"path": "a", "content": "eA==", "encoding": "base64", "oid": "a" * 64, "size": 1}
    for value in WRONG:
        line = {"key": key, "value": {**sound, "summary": "s", place: value}}
        line = {"key": "file", "value": sound, key: value} if key in ("key", "value") else line
        lines = [line] if key == "header" else [{"key": "header", "value": {"summary": "s"}}, line]
        answer = client.post(f"/api/models/{maltreated}/commit/main", content="\n".join(map(json.dumps, lines)))
        assert answer.status_code < 500, f"{value!r}: {answer.text}"


@pytest.mark.parametrize(
    ("host", "status"),
    [("localhost:1", 200), ("[::1]:80", 200), ("127.0.0.1", 200), ("evil.example", 403), ("127.0.0.1.evil.org", 403)],
)
def test_another_sites_name_for_this_machine_is_refused(hub: LocalHub, host: str, status: int):
    """DNS rebinding would make its pages ours."""
    assert httpx.get(f"{hub.url}/api/models", headers={"host": host}).status_code == status


def test_another_sites_page_changes_nothing(hub: LocalHub):
    mine = {"authorization": "Bearer hf_alice"}
    body = '{"name": "by-a-page"}'

    for origin in ("https://evil.example", "null", "http://localhost:1"):
        refused = httpx.post(f"{hub.url}/api/repos/create", content=body, headers={**mine, "origin": origin})
        assert refused.status_code == 403
    assert httpx.get(f"{hub.url}/api/models", headers={"origin": "https://evil.example"}).status_code == 200
    done = httpx.post(f"{hub.url}/api/repos/create", content=body, headers={**mine, "origin": hub.url})
    assert done.status_code == 200
