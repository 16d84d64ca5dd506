"""A demo becomes a Space: one commit, only where something differs, and only where the Space is ours."""

from collections.abc import Callable

import pytest
from huggingface_hub import HfApi, SpaceCard, hf_hub_download

from hubkit import hub
from hubkit.errors import AuthorisationError, ConflictError
from hubkit.space import files, push, read

Publish = Callable[..., str]
MADE = {"README.md", "app.py", "demo.json", "requirements.txt"}


def commits(space: str = "alice/sd-tiny") -> list[str]:
    return [commit.title for commit in HfApi().list_repo_commits(space, repo_type="space")]


def test_it_is_one_commit_and_the_second_time_none(publish: Publish):
    """The same again changes nothing; a new release is one commit more."""
    sha = publish()
    hub.put_tag("alice/sd-tiny", "v1", sha)
    first, again = push(read("alice/sd-tiny")), push(read("alice/sd-tiny"))
    publish(subjects=("a cat",))
    then = push(read("alice/sd-tiny"))

    assert (True, False, True) == (first.created, again.created, then.created)
    assert first.commit == again.commit != then.commit
    assert [
        f"Demo of alice/sd-tiny at {hub.resolve_model('alice/sd-tiny').sha[:8]}",
        "Demo of alice/sd-tiny at v1",
    ] == (commits()[:2])
    assert MADE <= hub.tree("alice/sd-tiny", then.commit, "space").keys()


def test_the_client_reads_what_the_space_is(publish: Publish):
    """Kind, links, licence, versions: from the Hub, not from our files."""
    publish()
    done = push(read("alice/sd-tiny"), "acme/demo")
    info = HfApi().space_info("acme/demo")
    card = SpaceCard.load("acme/demo")

    assert "/spaces/acme/demo" in done.url
    assert ("gradio", False, ["alice/sd-tiny", "alice/base"]) == (info.sdk, info.private, info.card_data.models)
    assert ("app.py", "apache-2.0", ["alice/ninjas"]) == (card.data.app_file, card.data.license, card.data.datasets)
    assert "Client('acme/demo')" in card.text
    assert "\nhubkit space alice/sd-tiny --push --repo acme/demo\n" in card.text


def test_what_else_is_in_the_space_stays(publish: Publish):
    """A picture somebody added; an edited program is made anew, and the edit is in the history."""
    publish()
    first = push(read("alice/sd-tiny"))
    added = {"app.py": b"edited", "mine.txt": b"mine"}
    hub.commit("alice/sd-tiny", added, message="by hand", parent=first.commit, kind="space")
    then = push(read("alice/sd-tiny"))
    there = hub.tree("alice/sd-tiny", then.commit, "space")

    assert there["mine.txt"].holds(b"mine")
    assert there["app.py"].holds(files(read("alice/sd-tiny"))["app.py"])
    assert "by hand" == commits()[1]


def test_a_space_that_is_not_ours_is_left_alone(publish: Publish):
    """Whoever named another Space by mistake loses nothing."""
    publish()
    hub.put_repo("alice/theirs", "space", {"README.md": b"---\nsdk: gradio\n---\n", "app.py": b"theirs"}, "by hand")

    with pytest.raises(ConflictError, match="hubkit did not make"):
        push(read("alice/sd-tiny"), "theirs")
    assert "by hand" == commits("alice/theirs")[0]


def test_an_empty_space_may_be_filled(publish: Publish):
    """As the Hub's own form makes it: a README and nothing else."""
    publish()
    hub.put_repo("alice/fresh", "space", {"README.md": b"---\nsdk: gradio\ntitle: fresh\n---\n"}, "made by hand")

    assert push(read("alice/sd-tiny"), "fresh").created


@pytest.mark.parametrize(("repo", "space"), [("acme/sd-tiny", "acme/sd-tiny"), ("bob/sd-tiny", "alice/sd-tiny")])
def test_it_goes_beside_the_model_where_one_may_write(publish: Publish, monkeypatch, repo, space):
    """Else into one's own namespace: anybody may make a demo of a model they can read."""
    if repo.startswith("bob"):
        monkeypatch.setenv("HF_TOKEN", "hf_bob0write")
    publish(repo=repo)
    monkeypatch.setenv("HF_TOKEN", "hf_alice0write")

    assert space == push(read(repo)).repo


def test_a_private_model_has_a_private_space(publish: Publish, as_alice):
    """Nobody else learns of it."""
    publish(private=True)
    push(read("alice/sd-tiny"))

    assert HfApi().space_info("alice/sd-tiny").private
    assert not HfApi(token="hf_bob0write").repo_exists("alice/sd-tiny", repo_type="space")


@pytest.mark.parametrize(("token", "code"), [("", "HK801"), ("hf_alice0read", "HK806"), ("hf_bob0write", "HK807")])
def test_who_may_not_write_is_told_so(publish: Publish, monkeypatch, token, code):
    """Before anything is created."""
    publish()
    demo = read("alice/sd-tiny")
    monkeypatch.setenv("HF_TOKEN", token)

    with pytest.raises(AuthorisationError) as caught:
        push(demo, "alice/sd-tiny")
    assert code == caught.value.faults[0].code
    assert not HfApi(token=False).repo_exists("alice/sd-tiny", repo_type="space")


def test_what_the_hub_holds_is_what_was_sent(publish: Publish, tmp_path):
    """Downloaded by the client, byte for byte."""
    publish()
    demo = read("alice/sd-tiny")
    done = push(demo)
    assert "hashes" in done.verified[0]
    for name, content in files(demo, "alice/sd-tiny").items():
        got = hf_hub_download("alice/sd-tiny", name, repo_type="space", revision=done.commit, cache_dir=tmp_path)
        with open(got, "rb") as file:  # noqa: PTH123 - the client gives a str
            assert content == file.read()
