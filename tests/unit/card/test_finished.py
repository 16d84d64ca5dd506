"""A finished run is published from its folder, wherever that was carried."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file

from hubkit import hub
from hubkit.errors import GateError, IntegrityError, RecipeError
from hubkit.finished import Finished
from hubkit.localhub import LocalHub
from hubkit.publishing import LOCK, Lock, hashes
from hubkit.recipe import dump
from hubkit.scoring import Scores
from hubkit.training import TrainedModel
from hubkit.values import Record

from ...workflows.conftest import step
from .conftest import Scored, recipe_of, scored

CARRIED = ("recipe.toml", "images.json", "model.json", "scores.json", "release.json")
PLAIN = ("publish.verify=hashes",)
WEIGHTS = "unet/diffusion_pytorch_model.safetensors"

pytestmark = pytest.mark.usefixtures("as_alice")


def finish(run: Scored, tiny_model: Path) -> None:
    """Leave a run as `hubkit train` leaves it."""
    weights = {path: digest for path, digest in hashes(tiny_model).items() if path.endswith(".safetensors")}
    run = run.but(model=run.model.model_copy(update={"weights": weights}))
    run.describe()
    (run.folder / "recipe.toml").write_text(dump(run.recipe))
    for name, record in (("images", run.images), ("model", run.model), ("scores", run.scores)):
        record.save(run.folder / f"{name}.json", "a test")


def change(file: Path, kind: type[Record], **fields: Any) -> None:
    """Write other fields into a record of a run."""
    record = kind.load(file)
    assert record is not None
    record.model_copy(update=fields).save(file, "a test")


def judged(folder: Path, **fields: Any) -> None:
    """Write other fields into a run's score."""
    scores = Scores.load(folder / "scores.json")
    assert scores is not None
    change(
        folder / "scores.json",
        Scores,
        scores=tuple(score.model_copy(update=fields) for score in scores.scores),
    )


@pytest.fixture(scope="module")
def made(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run whose gate is met, on the machine it was made on."""
    folder = tmp_path_factory.mktemp("made")
    finish(scored(tiny_model, folder, recipe_of()), tiny_model)
    return folder


@pytest.fixture
def carried(made: Path, tmp_path: Path) -> Path:
    """What is needed of it on another machine; but its gate is not met."""
    place = tmp_path / "elsewhere"
    place.mkdir()
    for name in CARRIED:
        shutil.copyfile(made / name, place / name)
    for name in ("release", "samples"):
        shutil.copytree(made / name, place / name)
    change(place / "model.json", TrainedModel, folder=Path("/nowhere/model"))
    judged(place, value=0.25)
    return place


def test_a_gate_that_is_not_met_publishes_nothing(carried: Path):
    """Exit code 7; there is not even a repo. The help says how to accept it."""
    with pytest.raises(GateError, match="--accept") as caught:
        Finished.open(carried, PLAIN).publish()

    assert caught.value.exit_code == 7
    assert hub.head("alice/sd-tiny") is None


def test_an_accepted_model_says_why_it_was(carried: Path):
    """It is published without training again, and the reason stands on its card and in its lock. Once is enough."""
    run = Finished.open(carried, PLAIN)
    run.accept("the pictures\nare <b>good</b>")
    first = run.publish()
    again = Finished.open(carried, PLAIN).publish()

    lock = Lock.parse(hub.read("alice/sd-tiny", first.commit, LOCK), "")
    card = hub.read("alice/sd-tiny", first.commit, "README.md").decode()
    assert (first.created, again.created) == (True, False)
    assert lock.accepted == "the pictures are <b>good</b>"
    assert "Published though it was to be refused" in card
    assert "<b>" not in card
    assert lock.weights[WEIGHTS] == lock.files[WEIGHTS]


def test_an_acceptance_counts_for_the_scores_it_was_given_for(carried: Path):
    """Other scores need another look."""
    run = Finished.open(carried, PLAIN)
    run.accept("fine")
    judged(carried, value=0.3)

    with pytest.raises(GateError, match=r"0\.3"):
        Finished.open(carried, PLAIN).publish()


def test_nothing_of_the_first_machine_is_published(carried: Path, tmp_path: Path):
    """No path of the machine the run was made on, nor of this one."""
    run = Finished.open(carried, PLAIN)
    run.accept("fine")
    commit = run.publish().commit

    texts = [hub.read("alice/sd-tiny", commit, path) for path in ("README.md", LOCK, "recipe.toml")]
    assert not any(str(tmp_path).encode() in text or b"/nowhere" in text for text in texts)


def test_it_can_go_to_another_repo(carried: Path):
    """The card is made anew, and tells readers to load that one; the proof is not drawn again."""
    proof = (carried / "release" / "images" / "usage.png").read_bytes()
    run = Finished.open(carried, (*PLAIN, 'publish.repo="acme/other"'))
    run.accept("fine")
    publication = run.publish()

    assert publication.repo == "acme/other"
    assert '"acme/other"' in hub.read("acme/other", publication.commit, "README.md").decode()
    assert proof == hub.read("acme/other", publication.commit, "images/usage.png")


@pytest.mark.parametrize("path", [WEIGHTS, "README.md"])
def test_a_file_that_was_damaged_on_the_way_is_not_published(carried: Path, path: str):
    """Exit code 10, before anything is sent."""
    damaged = bytearray((carried / "release" / path).read_bytes())
    damaged[-1] ^= 1
    (carried / "release" / path).write_bytes(damaged)

    with pytest.raises(IntegrityError, match="not what the manifest says") as caught:
        Finished.open(carried, PLAIN)
    assert caught.value.exit_code == 10
    assert hub.head("alice/sd-tiny") is None


def test_weights_that_are_not_those_that_were_trained_are_not_published(carried: Path):
    """Also where the release's own manifest agrees with them."""
    record = TrainedModel.load(carried / "model.json")
    assert record is not None
    change(carried / "model.json", TrainedModel, weights={**record.weights, WEIGHTS: "0" * 64})

    with pytest.raises(IntegrityError, match="not what was trained"):
        Finished.open(carried, PLAIN)


def test_a_run_that_was_begun_again_is_not_finished(carried: Path):
    """Its recipe is not the one its release was made from."""
    recipe = carried / "recipe.toml"
    recipe.write_text(recipe.read_text().replace("steps = 20", "steps = 30"))

    with pytest.raises(RecipeError, match="begun again with another recipe"):
        Finished.open(carried, PLAIN)


def test_there_is_nothing_to_accept_where_every_gate_is_met(carried: Path):
    """An excuse for nothing does not get onto a card."""
    judged(carried, value=0.01)

    with pytest.raises(RecipeError, match="nothing to accept"):
        Finished.open(carried, PLAIN).accept("because")


def published_by_the_workflow(place: Path, url: str, accept: str) -> subprocess.CompletedProcess[str]:
    """The step of train.yml that publishes `place`/runs/sd-tiny, with what somebody wrote into `accept`."""
    about = {"NAME": "sd-tiny", "ACCEPT": accept, "HF_ENDPOINT": url, "HF_TOKEN": "hf_alice0write"}
    return step("train.yml", "publish", "Verify what was trained", place, {**about, "HF_OIDC_RESOURCE": ""})


def test_a_workflows_reason_counts_where_it_turns_out_to_be_needed(
    tiny_model: Path, tmp_path: Path, as_alice: LocalHub
):
    """A first release is held against the base, and needs none: the reason is passed over. The second is no better than
    the first, which only the job that publishes finds out: now it is on the card.
    """
    kid = {"kind": "kid", "extractor": "alice/clip", "gate": {"better_than": "release"}}
    recipe = recipe_of(metrics=[kid], verify="hashes").model_copy(update={"hub": None})
    another = shutil.copytree(tiny_model, tmp_path / "another")
    weights = load_file(another / WEIGHTS)
    save_file({name: tensor * 1.01 for name, tensor in weights.items()}, another / WEIGHTS, metadata={"format": "pt"})
    said, cards = [], []
    for name, model in (("first", tiny_model), ("second", another)):
        run = scored(model, tmp_path / name / "runs" / "sd-tiny", recipe)
        finish(run, model)
        judged(run.folder, gate_met=None)
        done = published_by_the_workflow(tmp_path / name, as_alice.url, "the faces")
        assert 0 == done.returncode, done.stderr
        said.append(done.stderr)
        cards.append(hub.read("alice/sd-tiny", str(hub.head("alice/sd-tiny")), "README.md").decode())

    assert [True, False] == ["is not needed" in one for one in said]
    assert [False, True] == ["The reason given: the faces" in card for card in cards]


def test_a_folder_that_is_no_run_is_told_so(tmp_path: Path):
    """Exit code 2."""
    with pytest.raises(RecipeError, match=r"recipe.toml is missing"):
        Finished.open(tmp_path)


@pytest.fixture
def released(carried: Path) -> tuple[Finished, Finished]:
    """Two trainings of a recipe whose gate asks for the last release: the first is published, the second is not."""
    judged(carried, value=0.01, gate_met=None)
    kid = {"kind": "kid", "extractor": "alice/clip", "gate": {"better_than": "release"}}
    recipe = recipe_of(metrics=[kid], verify="hashes")
    first = replace(Finished.open(carried, PLAIN), recipe=recipe)
    first.publish()
    return first, replace(first, model=first.model.model_copy(update={"weights": {}}))


def test_a_model_that_is_no_better_than_the_release_is_not_published(released: tuple[Finished, Finished]):
    """The release's numbers come from its lock. Until there is a release, the base stands in."""
    head = str(hub.head("alice/sd-tiny"))

    with pytest.raises(GateError, match=rf"not better than {head[:12]} \(0\.01\)"):
        released[1].publish()
    assert hub.head("alice/sd-tiny") == head


def test_what_is_released_is_published_again_without_a_change(released: tuple[Finished, Finished]):
    """Though it is no better than itself: it was judged before it was released."""
    first = released[0]
    kept = Scores.load(first.folder / "scores.json")
    assert kept is not None

    assert replace(first, scores=kept).publish().created is False


def test_released_numbers_that_are_no_numbers_are_no_rivals(released: tuple[Finished, Finished]):
    """A lock says null where a score was not finite: nothing is better than that."""
    now = released[1].present()
    assert now is not None
    assert now.last.lock is not None
    scores = tuple(one.model_copy(update={"value": None}) for one in now.last.lock.scores)
    last = now.last.model_copy(update={"lock": now.last.lock.model_copy(update={"scores": scores})})
    again = released[1].judged(now.model_copy(update={"last": last})).scores

    assert [one.gate_met for one in again.scores] == [False]
    assert again.refusals
