"""A release is verified from its lock alone: nothing more, nothing less, nothing else, and the picture again."""

import json
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save

from hubkit import hub
from hubkit.errors import IntegrityError, RecipeError
from hubkit.localhub import LocalHub
from hubkit.publishing import LOCK, Release
from hubkit.releases import locate, verify

from ..publishing.conftest import CARD
from .conftest import REPO, WEIGHTS, Publish, spoil


def wrong(commit: str) -> str:
    """What verifying that commit ends with."""
    with pytest.raises(IntegrityError) as caught:
        verify(locate(f"{REPO}@{commit}"))
    assert caught.value.exit_code == 10
    return str(caught.value)


def test_a_release_is_verified_by_whoever_may_read_it(
    publish: Publish, release: Release, monkeypatch: pytest.MonkeyPatch
):
    """Another user with an empty cache and without the run: every file, and the picture, which is the same."""
    publish("v1.0.0")
    monkeypatch.setenv("HF_TOKEN", "hf_bob0write")

    found = verify(locate(f"{REPO}@v1.0.0"))

    assert "files have the release's hashes in the Hub's listing" in found[0]
    assert "bit for bit" in found[-1]


def test_the_newest_version_is_meant_where_none_is_named(publish: Publish, release: Release):
    """Not the newest commit; `main` where there is no version, and any commit by its name."""
    untagged = publish()
    assert locate(REPO).commit == untagged
    first = publish("v1.0.0")
    (release.folder / "README.md").write_text(f"{CARD}later")
    later = publish()

    assert (locate(REPO).commit, locate(REPO).tag) == (first, "v1.0.0")
    assert locate(f"{REPO}@main").commit == locate(f"{REPO}@{later}").commit == later


@pytest.mark.parametrize("address", ["alice/none", f"{REPO}@v9.0.0", "tiny", "alice/ti--ny", f"{REPO}@\x1b[31m"])
def test_what_is_not_there_is_a_slip_of_the_hand(publish: Publish, address: str):
    """Exit 2, in one line, which names the tags there are."""
    publish("v1.0.0")

    with pytest.raises(RecipeError) as caught:
        locate(address)
    assert "\x1b" not in str(caught.value)


def test_what_no_lock_speaks_for_cannot_be_verified(as_alice: LocalHub):
    """A model that somebody else's tool pushed."""
    hub.put_repo("alice/other", "model", {"README.md": b"---\nlicense: mit\n---\n"}, "pushed")

    with pytest.raises(IntegrityError, match=r"alice/other at [0-9a-f]{7} is no release"):
        locate("alice/other")


def test_a_wrong_tensor_of_the_same_size_is_named(publish: Publish, release: Release):
    """One number of one tensor is another one."""
    publish("v1.0.0")
    tensors = load_file(release.folder / WEIGHTS)
    tensors["conv_out.bias"][0] += 1
    other = save(tensors, metadata={"format": "pt"})
    assert len(other) == (release.folder / WEIGHTS).stat().st_size

    assert f"{WEIGHTS!r} is another file" in wrong(spoil({WEIGHTS: other}))


def test_files_too_many_too_few_and_moved_are_named(publish: Publish, release: Release):
    """Each by its path."""
    publish("v1.0.0")
    card = (release.folder / "README.md").read_bytes()
    said = wrong(spoil({"cards/README.md": card, "extra.bin": b"\x80"}, ("README.md", "images/usage.png")))

    for fault in (
        "'README.md' is missing",
        "'cards/README.md' is no part of the release",
        "'extra.bin' is no part of the release",
        "'images/usage.png' is missing",
    ):
        assert fault in said


def test_a_small_file_of_which_the_hub_lists_no_sha256_is_read(publish: Publish):
    """git keeps it, under a hash that no lock holds."""
    publish("v1.0.0")

    assert "'scheduler/scheduler_config.json' is another file" in wrong(
        spoil({"scheduler/scheduler_config.json": b"{}"})
    )


def lock_with(release: Release, **said: Any) -> bytes:
    """The release's lock, saying something else."""
    lock = json.loads((release.folder / LOCK).read_bytes())
    return json.dumps({**lock, **said}).encode()


def test_a_lock_that_was_changed_too_is_found_out_by_the_picture(publish: Publish, release: Release, tmp_path: Path):
    """As long as that is left. What its prompt holds becomes a literal of the code that draws, and nothing else."""
    publish("v1.0.0")
    tensors = {name: tensor + 0.3 for name, tensor in load_file(release.folder / WEIGHTS).items()}
    other = save(tensors, metadata={"format": "pt"})
    files = {**release.lock.files, WEIGHTS: hub.hashed(other, "sha256")}
    prompt = f'cat"; open("{tmp_path}/here", "w") #\n\'\'\'\n```'
    lock = lock_with(release, files=files, proof={"path": "images/usage.png", "prompt": prompt, "seed": 3})

    assert "draws another picture" in wrong(spoil({WEIGHTS: other, LOCK: lock}))
    assert not (tmp_path / "here").exists()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"files": {"../../outside.txt": "0" * 64}}, "cannot be read"),
        ({"files": {"/etc/passwd": "0" * 64}}, "cannot be read"),
        ({"proof": {"path": "../../../etc/passwd", "prompt": "", "seed": 0}}, "cannot be read"),
        ({"proof": {"path": "other.png", "prompt": "", "seed": 0}}, "its own proof"),
        ({"sampling": {"steps": 10**9, "guidance_scale": 1.0, "scheduler": "DDIMScheduler", "resolution": 8}}, "none"),
        ({"sampling": {"steps": 2, "guidance_scale": 1.0, "scheduler": "os.system", "resolution": 8}}, "none"),
        ({"sampling": {"steps": "two"}}, "none"),
        ({"size_bytes": 12}, "and the lock says 12"),
    ],
)
def test_a_strangers_lock_leads_nowhere(publish: Publish, release: Release, said: dict[str, Any], words: str):
    """Paths outside, files it does not name, a drawing without end, a sampler that is none."""
    publish("v1.0.0")

    assert words in wrong(spoil({LOCK: lock_with(release, **said)}))


def test_a_release_with_code_in_it_is_not_loaded(publish: Publish, release: Release):
    """Though the lock speaks for it."""
    publish("v1.0.0")
    files = {**release.lock.files, "unet/unet.py": hub.hashed(b"import os", "sha256")}

    assert "'unet/unet.py' is no part of a model" in wrong(
        spoil({"unet/unet.py": b"import os", LOCK: lock_with(release, files=files)})
    )


def test_a_pipeline_of_strange_modules_is_not_loaded(publish: Publish, release: Release):
    """Loading it would import them."""
    index = json.loads((release.folder / "model_index.json").read_bytes()) | {"unet": ["antigravity", "Unet"]}
    (release.folder / "model_index.json").write_text(json.dumps(index))
    publish("v1.0.0")

    assert "'unet' comes from 'antigravity'" in wrong("v1.0.0")
