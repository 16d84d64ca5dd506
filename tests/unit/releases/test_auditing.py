"""Every version is followed from its tag over its lock to its source and its bytes."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from hubkit import hub
from hubkit.errors import RecipeError
from hubkit.publishing import LOCK, Release
from hubkit.releases import Audited, audit

from ..publishing.conftest import CARD
from .conftest import REPO, Publish, spoil

SOURCE = {
    "server": "https://github.com",
    "repository": "alice/models",
    "commit": "c" * 40,
    "ref": "refs/tags/models/tiny/v1.0.0",
    "run_url": "https://github.com/alice/models/actions/runs/7",
}


def of(tag: str, checkout: Path | None = None) -> Audited:
    return next(one for one in audit(REPO, checkout).releases if one.tag == tag)


def move(tag: str, commit: str) -> None:
    """As somebody does who may: the tag is deleted, and set anew."""
    hub.api().delete_tag(REPO, tag=tag)
    hub.api().create_tag(REPO, tag=tag, revision=commit)


def test_what_hubkit_published_holds(publish: Publish):
    """A chain of versions, a preview and a tag that is no version among them; and main is the last."""
    publish()
    commits = [publish(tag) for tag in ("v0.9.0", "v0.10.0", "v0.11.0-rc.1", "v0.11.0")]
    hub.put_tag(REPO, "best", commits[0])
    found = audit(REPO)

    assert found.holds
    assert [(one.tag, one.commit) for one in found.releases] == list(
        zip(["v0.9.0", "v0.10.0", "v0.11.0-rc.1", "v0.11.0"], commits, strict=True)
    )
    assert [one.parent for one in found.releases][1:] == ["v0.9.0", "v0.10.0", "v0.10.0"]
    assert (found.main, found.others) == ("v0.11.0", ("best",))


def test_tags_that_were_moved_are_found(publish: Publish):
    """By the lock of what they now stand at, and by what follows them."""
    publish("v1.0.0")
    second = publish("v2.0.0")
    publish("v3.0.0")
    move("v1.0.0", second)

    assert of("v1.0.0").faults == ("the lock is that of v2.0.0: the tag was moved",)
    assert "that tag was moved" in of("v2.0.0").faults[0]
    assert of("v3.0.0").faults == ()


def test_a_version_that_is_gone_or_came_from_elsewhere_is_found(publish: Publish):
    """The chain has a hole; a tag that somebody else set holds no release."""
    publish("v1.0.0")
    publish("v2.0.0")
    hub.api().delete_tag(REPO, tag="v1.0.0")
    hub.put_tag(REPO, "v1.5.0", spoil({"weights.bin": b"\x80"}, (LOCK,)))

    assert of("v2.0.0").faults == ("it follows v1.0.0, whose tag is gone",)
    assert "is no release of hubkit" in of("v1.5.0").faults[0]
    assert (audit(REPO).main, audit(REPO).holds) == ("v1.5.0", False)


def test_other_bytes_under_a_tag_are_named(publish: Publish):
    """Without downloading weights."""
    publish("v1.0.0")
    hub.put_tag(REPO, "v1.1.0", spoil({"unet/diffusion_pytorch_model.safetensors": b"other" * 1000, "more.txt": b"x"}))

    assert set(of("v1.1.0").faults) >= {
        "the lock is that of v1.0.0: the tag was moved",
        "'unet/diffusion_pytorch_model.safetensors' is another file",
        "'more.txt' is no part of the release",
    }


def test_an_edited_card_on_main_is_a_persons_right(publish: Publish):
    """Anything else that differs from the lock is not."""
    publish("v1.0.0")
    spoil({"README.md": f"{CARD}\nThanks to Ada.\n".encode()})
    edited = audit(REPO)
    spoil({"scheduler/scheduler_config.json": b"{}"})

    assert edited.holds
    assert "edited by hand" in edited.main
    assert audit(REPO).faults == ("'scheduler/scheduler_config.json' is another file",)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"recipe": {"sha256": "0" * 64, "tables": {}}}, "recipe.toml is not the recipe that the lock names"),
        ({"source": {**SOURCE, "run_url": "https://elsewhere.example/runs/7"}}, "is none of 'alice/models'"),
        ({"source": {**SOURCE, "commit": "--help"}}, "'--help' is no commit"),
        ({"source": {**SOURCE, "ref": "refs/tags/models/tiny/v9.0.0"}}, "was made for the source's tag"),
        ({"parent": {"commit": "e" * 40, "tag": "v0.1.0"}}, "whose tag is gone"),
    ],
)
def test_a_lock_that_does_not_agree_with_what_is_there(publish: Publish, said: dict[str, Any], words: str):
    """Each by itself."""
    publish("v1.0.0", **said)

    assert [words in fault for fault in of("v1.0.0").faults] == [True]


def test_a_lock_that_tells_another_recipe_than_stands_beside_it(publish: Publish, release: Release):
    """The hash is right, the tables are not."""
    publish("v1.0.0")
    lock = json.loads((release.folder / LOCK).read_bytes())
    lock["recipe"]["tables"]["name"] = "other"
    hub.put_tag(REPO, "v1.0.1", spoil({LOCK: json.dumps(lock).encode()}))

    assert "the lock tells another recipe than recipe.toml" in of("v1.0.1").faults


def test_the_source_is_looked_up_in_a_clone(publish: Publish, tmp_path: Path):
    """Commit and tag must be there, and belong together."""
    clone = tmp_path / "clone"
    git = ["git", "-C", str(clone), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "init", "-q", str(clone)], check=True)
    for words in ("one", "two"):
        subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", words], check=True)
    said = subprocess.run([*git, "rev-list", "HEAD"], check=True, capture_output=True, text=True).stdout
    two, one = said.split()
    subprocess.run([*git, "tag", "models/tiny/v1.0.0", one], check=True)
    subprocess.run([*git, "tag", "models/tiny/v1.1.0", one], check=True)
    publish("v1.0.0", source={**SOURCE, "commit": one})
    publish("v1.1.0", source={**SOURCE, "commit": two, "ref": "refs/tags/models/tiny/v1.1.0"})
    publish("v1.2.0", source={**SOURCE, "ref": "refs/heads/main"})

    assert of("v1.0.0", clone).faults == ()
    assert of("v1.1.0", clone).faults == (
        f"the source's tag refs/tags/models/tiny/v1.1.0 stands at {one[:12]}, not at {two[:12]}",
    )
    assert of("v1.2.0", clone).faults == ("its source has no commit cccccccccccc",)
    assert of("v1.2.0").faults == ()
    with pytest.raises(RecipeError, match="no clone"):
        audit(REPO, tmp_path / "nothing")
