"""What a demo reads from a release."""

import json
from collections.abc import Callable

import pytest

from hubkit import hub
from hubkit.errors import BaseModelError, HubkitError, IntegrityError, RecipeError
from hubkit.space import read
from hubkit.space.demo import Example

Publish = Callable[..., str]


def test_everything_is_pinned_to_commits(publish: Publish):
    """The release's and the base's; the release's tag is named where it has one."""
    sha = publish()
    before = read("alice/sd-tiny")
    hub.put_tag("alice/sd-tiny", "v1.0.0", sha)
    after = read("alice/sd-tiny")

    assert (sha, None) == (before.model.revision, before.tag)
    assert (sha, "v1.0.0") == (after.model.revision, after.tag)
    assert ("alice/base", hub.resolve_model("alice/base").sha) == (after.base.repo, after.base.revision)


def test_an_older_release_can_be_asked_for(publish: Publish):
    """By its tag or its commit."""
    first = publish()
    hub.put_tag("alice/sd-tiny", "v1", first)
    publish(subjects=("a cat",))

    assert first == read("alice/sd-tiny@v1").model.revision == read(f"alice/sd-tiny@{first}").model.revision
    assert ["a cat"] == [one.subject for one in read("alice/sd-tiny").examples]


def test_the_examples_are_the_cards_pictures(publish: Publish):
    """Each subject with the seed of its row, in the template that won the study."""
    publish(study={"winner": TEMPLATE, "verdict": "", "more": []})
    demo = read("alice/sd-tiny")

    assert TEMPLATE == demo.best
    assert (
        Example(subject="Yoda", template=TEMPLATE, seed=40),
        Example(subject="a cute bunny rabbit", template=TEMPLATE, seed=41),
    ) == demo.examples
    assert (7, 7.5, "DDIMScheduler", 32) == tuple(
        demo.sampling[key] for key in ("steps", "guidance_scale", "scheduler", "resolution")
    )


TEMPLATE = "{subject} ninja portrait"


@pytest.mark.parametrize(
    "lock", [{}, {"study": None}, {"study": {"winner": "{subject} of another recipe", "verdict": ""}}]
)
def test_without_a_study_the_first_template_is_chosen(publish: Publish, lock):
    """So it is where the winner is not among the recipe's templates."""
    publish(**lock)

    assert read("alice/sd-tiny").best == "{subject}"


def test_half_precision_is_loaded_where_the_release_has_it(publish: Publish):
    """The lock knows every file."""
    publish()
    assert read("alice/sd-tiny").model.variant is None

    recipe = hub.snapshot("alice/sd-tiny", hub.resolve_model("alice/sd-tiny").sha) / "recipe.toml"
    half = {"unet/diffusion_pytorch_model.fp16.safetensors": "0" * 64, "recipe.toml": hub.hashed(recipe, "sha256")}
    publish(files=half)
    assert read("alice/sd-tiny").model.variant == "fp16"


@pytest.mark.parametrize(("suffix", "pickled"), [("safetensors", False), ("bin", True)])
def test_a_base_without_safetensors_is_known_as_such(publish: Publish, suffix: str, pickled: bool):
    """Its pickles are what the app then asks for; the release's own weights never are pickles."""
    files = {f"unet/model.{suffix}": b"weights", "vae/model.bin": b"old", "vae/model.safetensors": b"new"}
    hub.put_repo("alice/base", "model", {"README.md": b"---\nlicense: mit\n---\n", **files}, "another")
    publish()

    assert pickled is read("alice/sd-tiny").base.pickled
    assert not read("alice/sd-tiny").model.pickled


@pytest.mark.parametrize(
    ("files", "error", "words"),
    [
        ({}, BaseModelError, "is no release of hubkit"),
        ({"hubkit.lock.json": b"{}"}, BaseModelError, "has no recipe.toml"),
        ({"hubkit.lock.json": b"[" * 99_999, "recipe.toml": b""}, IntegrityError, "cannot be read"),
        ({"hubkit.lock.json": b'{"training": 1}', "recipe.toml": b""}, IntegrityError, "cannot be read"),
    ],
    ids=["nothing", "no recipe", "no JSON", "no lock"],
)
def test_what_is_no_release_is_refused(as_alice, files, error: type[HubkitError], words):
    """In one line, before anything is written."""
    hub.put_repo("alice/other", "model", {"README.md": b"---\nlicense: mit\n---\n", **files}, "other")

    with pytest.raises(error, match=words):
        read("alice/other")


@pytest.mark.parametrize(
    ("training", "recipe", "error", "words"),
    [
        ({}, b"name = 1", IntegrityError, "is not the one"),
        ({}, b"", BaseModelError, "does not read the recipe"),
        ({"versions": {"torch": 1}}, b"", IntegrityError, "cannot be read: training.versions.torch"),
    ],
    ids=["another recipe", "no recipe of ours", "versions that are none"],
)
def test_a_release_that_contradicts_its_lock_is_refused(
    publish: Publish, training, recipe: bytes, error: type[HubkitError], words
):
    """Or whose lock is one, and what it speaks of is not."""
    publish()
    lock = json.loads(hub.read("alice/sd-tiny", "main", "hubkit.lock.json"))
    lock |= {"training": training, "files": {"recipe.toml": hub.hashed(b"", "sha256")}}
    changed = {"hubkit.lock.json": json.dumps(lock).encode(), "recipe.toml": recipe}
    hub.put_repo("alice/sd-tiny", "model", changed, "spoilt")

    with pytest.raises(error, match=words):
        read("alice/sd-tiny")


@pytest.mark.parametrize(
    ("model", "error"),
    [("alice/none", BaseModelError), ("alice/../x", RecipeError), ("alice/sd-tiny@v9", BaseModelError)],
)
def test_what_is_not_there_is_refused(publish: Publish, model, error):
    """A model, a name, a revision."""
    publish()

    with pytest.raises(error):
        read(model)
