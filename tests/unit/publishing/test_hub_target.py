"""Publishing to a Hub: one commit that holds exactly the release, verified, tagged, and never half."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hubkit import hub
from hubkit.errors import AuthorisationError, ConflictError, IntegrityError, RecipeError
from hubkit.publishing import Release
from hubkit.targets import TARGETS
from hubkit.targets.hub import HubTarget

pytestmark = pytest.mark.usefixtures("as_alice")

Released = Callable[..., Release]
CARD = "---\nlicense: mit\nbase_model: alice/base\n---\n# Tiny\n"


def target(**settings: object) -> HubTarget:
    return HubTarget.model_validate({"kind": "hub", "verify": "hashes", **settings})


def commits(repo: str) -> int:
    """How many commits `main` has."""
    return len(hub.api().list_repo_commits(repo))


def test_the_table_names_every_target():
    """A recipe's `kind` finds its class."""
    assert {"folder", "hub"} == set(TARGETS)


def test_the_published_tree_is_the_release(release: Release):
    """Every file of the manifest is there, and nothing else but what the Hub manages itself."""
    publication = target().publish(release)

    there = hub.tree("alice/tiny", publication.commit)
    assert publication.created
    assert publication.repo == "alice/tiny"
    assert set(release.manifest) | {".gitattributes"} == set(there)


def test_the_published_model_draws_the_proof_again(release: Release):
    """A full verification downloads the commit into an empty cache and draws with it."""
    publication = target(verify="full").publish(release)

    assert any("drawn again" in words for words in publication.verified)


def test_publishing_again_makes_no_commit(release: Release):
    """The same release twice is one commit, and says so."""
    first = target().publish(release)
    before = commits("alice/tiny")

    second = target().publish(release)

    assert not second.created
    assert first.commit == second.commit
    assert before == commits("alice/tiny")


def test_the_hubs_listing_is_held_against_the_manifest(release: Release):
    """Weights were hashed when they were described and inspected; a third and fourth time is not needed."""
    from hubkit.publishing import verify_hashes

    weights = "unet/diffusion_pytorch_model.safetensors"
    publication = target().publish(release)
    other = release.model_copy(update={"manifest": {**release.manifest, weights: "0" * 64}})
    content = (release.folder / weights).read_bytes()
    (release.folder / weights).write_bytes(bytes(len(content)))

    assert "all" in verify_hashes(release, "alice/tiny", publication.commit)
    with pytest.raises(IntegrityError, match=weights):
        verify_hashes(other, "alice/tiny", publication.commit)
    with pytest.raises(IntegrityError, match="not what the manifest says"):
        target().publish(release)


def test_files_of_an_older_release_are_removed_in_the_same_commit(release: Release, released: Released):
    """A release is never mixed with what was there before."""
    old = {"old/weights.bin": b"\x80", "README.md": CARD.encode()}
    head = hub.put_repo("alice/tiny", "model", old, "an older release")
    before = commits("alice/tiny")

    publication = target().publish(released(release.folder, on=head))

    assert before + 1 == commits("alice/tiny")
    assert "old/weights.bin" not in hub.tree("alice/tiny", publication.commit)


def test_a_tag_is_set_once_and_never_moves(release: Release, released: Released):
    """The same commit again is fine; another commit is a conflict, before and after the training."""
    first = target(tag="v1").publish(release)
    again = target(tag="v1").publish(release)
    target(tag="v1").check("tiny", lambda: CARD, made=release)
    (release.folder / "README.md").write_text(CARD + "changed")
    changed = released(release.folder, on=first.commit)

    assert first.commit == again.commit == hub.tags("alice/tiny")["v1"]
    with pytest.raises(ConflictError, match="is taken"):
        target(tag="v1").check("tiny", lambda: CARD)
    with pytest.raises(ConflictError, match="tags never move"):
        target(tag="v1").publish(changed)
    assert first.commit == hub.head("alice/tiny")


def test_a_head_that_moved_is_a_conflict():
    """A commit on top of a head that is no longer there is refused, and changes nothing."""
    first = hub.put_repo("alice/tiny", "model", {"a.txt": b"1"}, "first")
    second = hub.put_repo("alice/tiny", "model", {"a.txt": b"2"}, "second")

    with pytest.raises(ConflictError):
        hub.commit("alice/tiny", {"a.txt": b"3"}, message="late", parent=first)
    assert second == hub.head("alice/tiny")


def test_private_stays_private(release: Release, monkeypatch: pytest.MonkeyPatch):
    """A private release is seen by its owner alone, and never goes into a repo that is public."""
    target(private=True).publish(release)
    hub.put_repo("alice/open", "model", {"a.txt": b"1"}, "first")

    with pytest.raises(ConflictError, match="public"):
        target(private=True, repo="open").check("tiny", lambda: CARD)
    monkeypatch.setenv("HF_TOKEN", "hf_bob0write")
    assert hub.head("alice/tiny") is None


@pytest.mark.parametrize(
    ("repo", "expected"),
    [
        (None, "alice/tiny"),
        ("other", "alice/other"),
        ("acme/other", "acme/other"),
        ("{user}/other", "alice/other"),
    ],
)
def test_the_repo_lies_in_the_namespace_of_whoever_is_logged_in(repo: str | None, expected: str):
    """The recipe's name, unless `repo` says otherwise."""
    assert expected == target(repo=repo).model_id("tiny")


@pytest.mark.parametrize(
    ("token", "repo", "words"),
    [
        ("", None, "nobody is logged in"),
        ("hf_wrong", None, "not allowed"),
        ("hf_alice0read", None, "may only read"),
        ("hf_alice0write", "bob/tiny", "may not write to bob"),
    ],
)
def test_who_may_not_publish_hears_it_before_the_training(
    monkeypatch: pytest.MonkeyPatch, token: str, repo: str | None, words: str
):
    """No token, a wrong one, one that may only read, another's namespace: all are told at once, without the token."""
    monkeypatch.setenv("HF_TOKEN", token)

    with pytest.raises(AuthorisationError, match=words) as caught:
        target(repo=repo).check("tiny", lambda: CARD)
    assert all(
        way in str(caught.value) for way in ("hf auth login", "HF_TOKEN", "HF_OIDC_RESOURCE", "--hub local")
    ) or ("may only read" in str(caught.value))
    assert not token or token not in str(caught.value)


def test_a_card_the_hub_refuses_is_refused_before_the_training():
    """The Hub is asked about the draft's metadata."""
    with pytest.raises(RecipeError, match="datasets"):
        target().check("tiny", lambda: "---\nlicense: mit\ndatasets:\n- /home/me/pictures\n---\n")


def test_a_card_that_names_another_repo_is_not_published(release: Release):
    """What a reader is told to load is what is published."""
    with pytest.raises(RecipeError, match="alice/elsewhere"):
        target(repo="elsewhere").publish(release)


def test_put_repo_makes_the_tree_exact(tmp_path: Path):
    """A seeded repo holds exactly the files given, and seeding again makes no commit."""
    (tmp_path / "b.bin").write_bytes(bytes(range(256)) * 50)
    first = hub.put_repo("alice/data", "dataset", {"a.txt": b"1", "b.bin": tmp_path / "b.bin"}, "seed")
    again = hub.put_repo("alice/data", "dataset", {"a.txt": b"1", "b.bin": tmp_path / "b.bin"}, "seed")
    changed = hub.put_repo("alice/data", "dataset", {"a.txt": b"1"}, "seed")

    assert first == again
    assert first != changed
    assert {".gitattributes", "a.txt"} == set(hub.tree("alice/data", changed, "dataset"))


def test_a_repo_is_resolved_with_its_licence():
    """The sha, the licence and the files of a repo at a revision."""
    sha = hub.put_repo("alice/base", "model", {"README.md": CARD.encode(), "a.json": b"{}"}, "seed")

    facts = hub.resolve_model("alice/base", "main")

    assert (sha, "mit", False) == (facts.sha, facts.license, facts.private)
    assert facts.files["a.json"] == 2
    assert (hub.snapshot("alice/base", sha, allow=["*.json"]) / "a.json").read_bytes() == b"{}"
