"""Class images: drawn once on a fixed grid, whoever draws them and however often it is killed; carried by a repo."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from huggingface_hub import constants

from hubkit import hub
from hubkit.errors import AuthorisationError, ConflictError, DatasetError
from hubkit.families.stable_diffusion.diffuser import StableDiffusionDiffuser
from hubkit.methods.dreambooth import DreamBooth
from hubkit.methods.dreambooth.class_images import class_images
from hubkit.values import sha256_of

PROMPTS = ["a cat"] * 5 + ["a dog"] * 2
RESOLUTION = 32
SETTINGS = {
    "kind": "dreambooth", "token": "sks", "instance_prompt": "sks cat", "class_prompt": "a cat",
    "class_sampling": {"steps": 1, "batch_size": 2, "guidance_scale": 2.0},
}  # fmt: skip


@pytest.fixture(scope="module")
def base(tiny_model) -> StableDiffusionDiffuser:
    """A real pipeline of random weights."""
    return StableDiffusionDiffuser(tiny_model, "cpu")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Path:
    """A cache of the test's own."""
    monkeypatch.setattr(constants, "HF_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "hubkit" / "class-images"


def process(number: int = 0, of: int = 1) -> SimpleNamespace:
    """One of several processes, as accelerate shows it; nobody waits."""
    return SimpleNamespace(
        process_index=number, num_processes=of, is_main_process=number == 0, device=torch.device("cpu"),
        wait_for_everyone=lambda: None,
    )  # fmt: skip


def method(**changes: object) -> DreamBooth:
    """The recipe's table."""
    return DreamBooth.model_validate({**SETTINGS, **changes})


def drawn(base: StableDiffusionDiffuser, cache: Path, **changes: object) -> dict[str, str]:
    """The hash of every class image, by its name."""
    class_images(method(**changes), PROMPTS, base, "a commit", RESOLUTION, process())
    return hashes(cache)


def hashes(cache: Path) -> dict[str, str]:
    """Of all pictures in the cache, which holds one set of them."""
    (folder,) = {file.parent for file in cache.rglob("*.png")}
    return {file.name: sha256_of(file) for file in sorted(folder.iterdir())}


def test_each_is_drawn_from_its_own_seed_and_all_are_there(base, cache):
    """Seven different pictures of the size of the training."""
    pictures = class_images(method(), PROMPTS, base, "a commit", RESOLUTION, process())

    assert 7 == len({picture.identity for picture in pictures})
    assert {(RESOLUTION, RESOLUTION)} == {picture.open().size for picture in pictures}


def test_what_is_there_is_not_drawn_again_and_a_half_drawn_batch_is(base, cache):
    """A kill leaves some of them; the rest come out as if nothing had happened."""
    whole = drawn(base, cache)
    (folder,) = {file.parent for file in cache.rglob("*.png")}
    times = {name: (folder / name).stat().st_mtime_ns for name in whole}
    for name in ("00003.png", "00006.png"):
        (folder / name).unlink()

    assert whole == drawn(base, cache)
    again = {name for name in whole if (folder / name).stat().st_mtime_ns != times[name]}
    assert {"00002.png", "00003.png", "00006.png"} == again


def test_several_processes_draw_what_one_draws(base, cache):
    """Whole batches are dealt: the second of two draws the second and the fourth."""
    whole = drawn(base, cache)
    shutil.rmtree(cache)
    with pytest.raises(FileNotFoundError):  # its own are there, the first's are not
        class_images(method(), PROMPTS, base, "a commit", RESOLUTION, process(1, of=2))

    assert {"00002.png", "00003.png", "00006.png"} == set(hashes(cache))
    class_images(method(), PROMPTS, base, "a commit", RESOLUTION, process(0, of=2))
    assert whole == hashes(cache)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of diffusers under NumPy 2
@pytest.mark.parametrize(
    "changes",
    [
        {"class_sampling": {**SETTINGS["class_sampling"], key: value}}
        for key, value in {
            "seed": 1, "steps": 2, "guidance_scale": 3.0, "scheduler": "dpm-solver", "batch_size": 3,
        }.items()
    ],
    ids=lambda one: str(one["class_sampling"]),
)  # fmt: skip
def test_another_way_of_drawing_is_another_set(base, cache, changes):
    """Nothing of the one is taken for the other."""
    drawn(base, cache)
    class_images(method(**changes), PROMPTS, base, "a commit", RESOLUTION, process())

    assert 2 == len(list(cache.iterdir()))


@pytest.mark.usefixtures("as_alice")
def test_a_repo_carries_them_to_another_machine(base, cache):
    """Pushed in one commit, private, with a row for each; taken from there instead of drawn. Never written over when
    they were drawn otherwise, and refused when one of them is no picture.
    """
    carried = method(class_images_repo="alice/cats")
    mine = drawn(base, cache, class_images_repo="alice/cats")
    sha = str(hub.head("alice/cats", "dataset"))
    listed = (hub.snapshot("alice/cats", sha, kind="dataset") / "metadata.jsonl").read_text()
    rows = [json.loads(row) for row in listed.splitlines()]
    shutil.rmtree(cache)
    nothing = SimpleNamespace(pipeline=lambda: None)  # nothing can be drawn with it

    assert hub.resolve_dataset("alice/cats").private
    assert [(f"images/{name}", text) for name, text in zip(mine, PROMPTS, strict=True)] == [
        (row["file_name"], row["text"]) for row in rows
    ]
    class_images(carried, PROMPTS, nothing, "a commit", RESOLUTION, process())
    assert mine == hashes(cache)
    assert sha == hub.head("alice/cats", "dataset")

    with pytest.raises(ConflictError, match=r"class-images\.json would say"):
        class_images(carried, PROMPTS, base, "another commit", RESOLUTION, process())

    hub.commit("alice/cats", {"images/00004.png": b"none"}, message="damage", parent=sha, kind="dataset")
    shutil.rmtree(cache)
    with pytest.raises(DatasetError, match=r"images/00004\.png cannot be read"):
        class_images(carried, PROMPTS, base, "a commit", RESOLUTION, process())


@pytest.mark.usefixtures("as_alice")
def test_a_repo_of_something_else_is_never_written_over(base):
    """Somebody's dataset stays what it is."""
    hub.put_repo("alice/cats", "dataset", {"data.csv": b"a,b"}, "mine")

    with pytest.raises(ConflictError, match="holds something else"):
        class_images(method(class_images_repo="alice/cats"), PROMPTS, base, "a commit", RESOLUTION, process())


@pytest.mark.usefixtures("as_alice")
def test_a_repo_we_may_not_write_to_is_told_before_anything_is_drawn(base, cache):
    """Exit 8."""
    with pytest.raises(AuthorisationError, match="may not write to bob"):
        class_images(method(class_images_repo="bob/cats"), PROMPTS, base, "a commit", RESOLUTION, process())

    assert not cache.exists()
