"""Repositories as wholes, who they are, and who may see and change them."""

from pathlib import Path

import httpx2 as httpx
import pytest
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

from hubkit.localhub import LocalHub

from .conftest import NewRepo

# huggingface_hub 2.4 itself calls httpx2 in a way that httpx2 has deprecated, for LFS uploads.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")


def test_whoami(api: HfApi):
    me = api.whoami()

    assert (me["name"], [org["name"] for org in me["orgs"]]) == ("alice", ["acme"])


def test_a_bad_token_is_told_so_in_the_words_the_client_looks_for(hub: LocalHub):
    with pytest.raises(HfHubHTTPError, match="Invalid credentials in Authorization header") as caught:
        HfApi(endpoint=hub.url, token="hf_nobody").model_info("acme/whatever")

    assert not isinstance(caught.value, RepositoryNotFoundError)


def test_creating_twice(api: HfApi, new_repo: NewRepo):
    repo = new_repo()

    assert api.create_repo(repo, exist_ok=True).repo_id == repo
    with pytest.raises(HfHubHTTPError, match="already created"):
        api.create_repo(repo)


def test_create_move_delete(api: HfApi, new_repo: NewRepo):
    repo = new_repo(repo_type="dataset")
    api.move_repo(repo, "alice/moved", repo_type="dataset")

    assert api.dataset_info(repo).id == "alice/moved"
    api.delete_repo("alice/moved", repo_type="dataset")
    assert not api.repo_exists("alice/moved", repo_type="dataset")
    assert not api.repo_exists(repo, repo_type="dataset")


def test_an_old_name_leads_to_the_new_one_until_somebody_takes_it(
    api: HfApi, bob: HfApi, new_repo: NewRepo, tmp_path: Path
):
    """For reading and for writing; but it tells nobody the name of what they may not see."""
    repo = new_repo()
    api.upload_file(repo_id=repo, path_or_fileobj=b"one", path_in_repo="a b.txt")
    api.move_repo(repo, f"{repo}-new")
    api.move_repo(f"{repo}-new", f"{repo}-newer")

    assert Path(api.hf_hub_download(repo, "a b.txt", cache_dir=tmp_path)).read_text() == "one"
    api.create_commit(repo, [CommitOperationAdd("b", b"\0two")], commit_message="To the old name")
    assert "b" in api.list_repo_files(f"{repo}-newer")
    api.update_repo_settings(f"{repo}-newer", visibility="private")
    with pytest.raises(RepositoryNotFoundError):
        bob.model_info(repo)
    api.create_repo(repo)
    assert api.list_repo_files(repo) == [".gitattributes"]


def test_access_to_a_gated_repository_is_asked_for_and_decided(
    api: HfApi, bob: HfApi, new_repo: NewRepo, tmp_path: Path
):
    repo = new_repo()
    api.update_repo_settings(repo, gated="manual")
    ask = {"url": f"{api.endpoint}/{repo}/ask-access", "headers": {"authorization": "Bearer hf_bob"}}

    assert httpx.post(**ask).json()["status"] == "pending"
    with pytest.raises(GatedRepoError, match="awaiting a review"):
        bob.auth_check(repo)
    [request] = api.list_pending_access_requests(repo)
    assert request.username == "bob"
    api.accept_access_request(repo, "bob")
    assert Path(bob.hf_hub_download(repo, ".gitattributes", cache_dir=tmp_path)).exists()
    with pytest.raises(HfHubHTTPError, match="404"):
        api.accept_access_request(repo, "bob")
    api.reject_access_request(repo, request_id=request.request_id, rejection_reason="No cats")
    assert [one.username for one in api.list_rejected_access_requests(repo)] == ["bob"]
    with pytest.raises(GatedRepoError, match="rejected"):
        bob.auth_check(repo)
    api.cancel_access_request(repo, "bob")
    assert list(api.list_accepted_access_requests(repo)) == []
    api.grant_access(repo, "bob")
    bob.auth_check(repo)
    with pytest.raises(HfHubHTTPError, match="already has access"):
        api.grant_access(repo, "bob")
    with pytest.raises(HfHubHTTPError, match="404"):
        api.grant_access(repo, "nobody")
    with pytest.raises(HfHubHTTPError, match="403"):
        list(bob.list_pending_access_requests(repo))


def test_automatic_approval_grants_at_once(api: HfApi, bob: HfApi, new_repo: NewRepo):
    repo = new_repo(repo_type="dataset")
    api.update_repo_settings(repo, repo_type="dataset", gated="auto")
    url = f"{api.endpoint}/datasets/{repo}/ask-access"

    assert httpx.post(url).status_code == 401
    assert httpx.post(url, headers={"authorization": "Bearer hf_bob"}).json()["status"] == "accepted"
    bob.auth_check(repo, repo_type="dataset")
    api.update_repo_settings(repo, repo_type="dataset", gated=False)
    with pytest.raises(HfHubHTTPError, match="is not gated"):
        list(api.list_accepted_access_requests(repo, repo_type="dataset"))


def test_a_space_has_its_sdk(api: HfApi, new_repo: NewRepo):
    repo = new_repo(repo_type="space", space_sdk="gradio")

    assert api.space_info(repo).sdk == "gradio"


def test_info_tells_what_the_card_says(api: HfApi, new_repo: NewRepo, folder: Path):
    repo = new_repo()
    head = api.upload_folder(repo_id=repo, folder_path=folder).oid

    info = api.model_info(repo, files_metadata=True)
    assert (info.id, info.sha, info.author) == (repo, head, "acme")
    assert {"license:mit", "base_model:acme/base", "dataset:acme/cats", "cats", "diffusers"} <= set(info.tags or [])
    assert (info.library_name, info.card_data["license"]) == ("diffusers", "mit")
    sizes = {file.rfilename: file.size for file in info.siblings or []}
    assert sizes["w.safetensors"] == 600_007
    assert [model.id for model in api.list_models(search=repo)] == [repo]


def test_private_hides_from_others(api: HfApi, anonymous: HfApi, bob: HfApi, new_repo: NewRepo, tmp_path: Path):
    repo = new_repo(private=True)
    for other in (anonymous, bob):
        with pytest.raises(RepositoryNotFoundError):
            other.model_info(repo)
        with pytest.raises(RepositoryNotFoundError):
            other.hf_hub_download(repo, ".gitattributes", cache_dir=tmp_path)
        assert repo not in [model.id for model in other.list_models()]
    api.update_repo_settings(repo, visibility="public")
    assert anonymous.model_info(repo).id == repo


def test_gated_shows_itself_and_keeps_its_files(api: HfApi, bob: HfApi, new_repo: NewRepo, tmp_path: Path):
    repo = new_repo()
    api.update_repo_settings(repo, gated="auto")

    assert bob.model_info(repo).gated == "auto"
    with pytest.raises(GatedRepoError):
        bob.hf_hub_download(repo, ".gitattributes", cache_dir=tmp_path)
    with pytest.raises(GatedRepoError):
        bob.auth_check(repo)
    api.auth_check(repo)


def test_who_may_write(hub: LocalHub, new_repo: NewRepo):
    repo = new_repo()

    for token in ("hf_bob", "hf_alice_read"):
        with pytest.raises(HfHubHTTPError, match="403 Forbidden"):
            HfApi(endpoint=hub.url, token=token).upload_file(repo_id=repo, path_or_fileobj=b"x", path_in_repo="x")
    with pytest.raises(HfHubHTTPError, match="403 Forbidden"):
        HfApi(endpoint=hub.url, token="hf_bob").create_repo("acme/mine")
    seeder = HfApi(endpoint=hub.url, token="hf_admin")
    assert seeder.create_repo("CompVis/stable-diffusion-v1-4").repo_id == "CompVis/stable-diffusion-v1-4"
