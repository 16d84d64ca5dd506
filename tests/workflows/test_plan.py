"""What an event asks to train; and everything that would fail after the GPU's hours fails before them."""

import json
from contextlib import nullcontext

import pytest
from huggingface_hub import HfApi

from hubkit.ci.event import Event
from hubkit.ci.planning import check_version, plan
from hubkit.ci.rows import Row
from hubkit.errors import ConflictError, RecipeError

from .conftest import HERE, REPOSITORY, Checkout

DISPATCH = {"event": "workflow_dispatch"}
TAG = "refs/tags/models/quickstart/v1.2.3"


def rows(answer) -> list[dict[str, object]]:
    """The rows of the matrix."""
    assert 0 == answer.code, answer.err
    return json.loads(answer.outputs["matrix"])["include"]


def test_a_tag_asks_for_a_release(ci):
    """Of the recipe it names, in the version it names."""
    [row] = rows(ci("plan", ref=TAG))

    assert ("recipes/quickstart.toml", "mini-ninja", "local/mini-ninja", "v1.2.3") == (
        row["recipe"], row["name"], row["repo"], row["version"],
    )  # fmt: skip


def test_a_push_asks_for_what_it_changed(ci, checkout):
    """And for nothing where nothing changed; the summary says which."""
    before = checkout.head
    recipe = checkout.folder / "recipes" / "quickstart.toml"
    recipe.write_text(recipe.read_text().replace("steps = 6", "steps = 7"))
    checkout.commit()
    answer = ci("plan", payload={"before": before})

    assert ["recipes/quickstart.toml"] == [row["recipe"] for row in rows(answer)]
    assert "| `recipes/quickstart.toml` | `local/mini-ninja` |" in answer.summary
    assert "false" == ci("plan", payload={"before": checkout.head}).outputs["any"]


def test_a_first_push_trains_nothing(ci):
    """Whoever copies the repository does not start every recipe in it."""
    assert [] == rows(ci("plan", payload={"before": "0" * 40}))


def test_a_rehearsal_that_changed_is_not_trained_for_the_real_hub(ci, checkout):
    """The shipped quickstart means a Hub on its own machine; editing it starts no GPU. A tag for it is refused."""
    before = checkout.head
    recipe = checkout.folder / "recipes" / "quickstart.toml"
    recipe.write_text(recipe.read_text().replace("steps = 6", "steps = 7"))
    checkout.commit()
    real = {"HF_ENDPOINT": "https://hub.invalid"}

    assert [] == rows(ci("plan", payload={"before": before}, **real))
    refused = ci("plan", ref=TAG, **real)
    assert (2, True) == (refused.code, "means a Hub on its own machine" in refused.err)


def test_a_person_asks_by_the_file_or_by_its_name(ci):
    """With the fields of the form; empty ones are as if they were not there."""
    given = {"recipe": "quickstart", "minutes": "90", "accept": "a new style", "run": "", "step": "0", "attempt": "1"}
    [row] = rows(ci("plan", **DISPATCH, payload={"inputs": given}))

    assert ("recipes/quickstart.toml", 90, "a new style") == (row["recipe"], row["minutes"], row["accept"])


def test_on_a_tag_a_person_asks_for_that_release(ci):
    """As the run does that goes on with a stopped one; another recipe than the tag's is refused."""
    [row] = rows(ci("plan", **DISPATCH, ref=TAG, payload={"inputs": {"recipe": "recipes/quickstart.toml"}}))

    assert "v1.2.3" == row["version"]
    assert 2 == ci("plan", **DISPATCH, ref=TAG, payload={"inputs": {"recipe": "naruto"}}).code


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"name": "pull_request"}, "may come from a fork"),
        ({"name": "pull_request_target"}, "may come from a fork"),
        ({"ref": "refs/tags/models/quickstart/v1"}, "is no tag of a model"),
        ({"ref": "refs/tags/models/nobody/v1.0.0"}, "there is no such file"),
        ({"inputs": {"recipe": "../../etc/passwd"}}, "recipe cannot be"),
        ({"inputs": {"recipe": "$(id)"}}, "recipe cannot be"),
        ({"inputs": {"recipe": "quickstart", "minutes": "99999"}}, "minutes cannot be"),
        ({"inputs": {"recipe": "quickstart", "attempt": "49"}}, "attempt cannot be"),
        ({"inputs": {"recipe": "quickstart", "run": "latest"}}, "is no run"),
        ({"ref": TAG, "namespace": ""}, "in which namespace"),
        ({"before": "f" * 40}, "git diff"),
        ({"before": "--output=x"}, "is no commit"),
    ],
)
def test_what_cannot_end_well_is_not_begun(checkout, asked, said, monkeypatch):
    """In a line, and before the Hub is asked for anything."""
    monkeypatch.setenv("HF_NAMESPACE", asked.get("namespace", "local"))
    payload = {"before": asked.get("before", checkout.head), "inputs": asked.get("inputs")}
    name = asked.get("name", "workflow_dispatch" if "inputs" in asked else "push")

    with pytest.raises(RecipeError, match=said):
        plan(Event(name, asked.get("ref", "refs/heads/main"), checkout.head, REPOSITORY, payload), checkout.folder)


def test_what_does_not_fit_where_it_is_published_is_not_trained(ci):
    """A hosted runner has 14 GB; the hours on the GPU come first."""
    answer = ci("plan", ref=TAG, PUBLISH_DISK_GB="4")

    assert (5, True) == (answer.code, "the runner that publishes has 1.0 GB to give" in answer.err)
    assert "matrix" not in answer.outputs


def test_what_nobody_reviewed_is_not_trained(ci, checkout):
    """A tag may stand on any commit; only those on main were looked at."""
    checkout.commit("Unreviewed", on_main=False)
    answer = ci("plan", ref=TAG)

    assert (2, True) == (answer.code, "is not on main" in answer.err)


def test_a_repo_that_is_not_there_yet_is_said_before_the_training(ci, hub):
    """With what to click once: publishing without a token writes to a repo, and cannot make one."""
    answer = ci("plan", ref=TAG, HF_AUTH="", HF_NAMESPACE="nobody")

    assert 8 == answer.code
    for words in ("hf repos create nobody/mini-ninja", "/nobody/mini-ninja/settings", f"repository = {REPOSITORY}"):
        assert words in answer.err
    assert "matrix" not in answer.outputs


def test_a_repo_that_is_there_is_trained_for(ci, hub):
    """Without a token."""
    HfApi(endpoint=hub.url, token=hub.token).create_repo("local/mini-ninja", exist_ok=True)

    assert 1 == len(rows(ci("plan", ref=TAG, HF_AUTH="")))


@pytest.fixture
def released(hub):
    """A version of the model that is there; not for longer than a test, since others release it too."""
    api = HfApi(endpoint=hub.url, token=hub.token)
    api.create_repo("local/mini-ninja", exist_ok=True)
    api.create_tag("local/mini-ninja", tag="v9.9.9")
    yield
    api.delete_tag("local/mini-ninja", tag="v9.9.9")


@pytest.mark.parametrize(
    ("version", "said"), [("v9.9.9", "tags never move"), ("v9.9.8", "versions only grow: v9.9.10")]
)
@pytest.mark.usefixtures("released")
def test_a_version_that_cannot_be_released_is_not_trained(ci, version, said):
    """Its tag would have to move, or a later one is there."""
    answer = ci("plan", ref=f"refs/tags/models/quickstart/{version}")

    assert (9, True) == (answer.code, said in answer.err), answer.err
    assert "matrix" not in answer.outputs


@pytest.mark.parametrize(
    ("version", "greater"),
    [("v2.3.5", True), ("v2.10.0", True), ("v2.3.3", False), ("v0.9.0", False), ("v2.3.4", False)],
)
def test_a_version_is_greater_than_the_newest_release(version, greater):
    """As numbers, not as texts; previews and other tags are no releases."""
    row = Row(recipe="recipes/a.toml", stem="a", name="a", repo="acme/a", version=version)

    with nullcontext() if greater else pytest.raises(ConflictError):
        check_version(row, ["v2.3.4", "v1.9.9", "v3.0.0-rc.1", "best"])


RUN = {"path": ".github/workflows/train.yml", "event": "push", "head_repository": {"full_name": REPOSITORY}}
GOES_ON = {"recipe": "quickstart", "run": "17", "step": "4", "attempt": "2"}


def test_a_stopped_training_goes_on(ci):
    """From the run it was stopped in, at the step it was stopped after."""
    [row] = rows(ci("plan", **DISPATCH, payload={"inputs": GOES_ON}, TEST_RUN=json.dumps(RUN)))

    assert ("17", 4, 2) == (row["run"], row["step"], row["attempt"])


@pytest.mark.parametrize(
    "about",
    [
        {"path": ".github/workflows/ci.yml"},
        {"event": "pull_request"},
        {"head_repository": {"full_name": "mallory/models"}},
        {"head_repository": None},
    ],
)
def test_a_checkpoint_comes_from_a_run_of_this_workflow(checkout, about, monkeypatch, tmp_path):
    """A fork's pull request leaves artifacts in this repository too."""
    monkeypatch.setenv("PATH", str(HERE / "bin"), prepend=":")
    monkeypatch.setenv("TEST_SEEN", str(tmp_path))
    monkeypatch.setenv("TEST_RUN", json.dumps(RUN | about))
    event = Event("workflow_dispatch", "refs/heads/main", checkout.head, REPOSITORY, {"inputs": GOES_ON})

    with pytest.raises(RecipeError, match="the run 17 is none of"):
        plan(event, checkout.folder)


def test_several_faults_are_told_at_once(ci, checkout: Checkout):
    """Of all the recipes that changed."""
    before = checkout.head
    checkout.write("recipes/$(touch pwned).toml", 'name = "x"')
    checkout.write("recipes/faulty.toml", "steps = 1")
    checkout.commit()
    answer = ci("plan", payload={"before": before})

    assert 2 == answer.code
    assert "recipe cannot be 'recipes/$(touch pwned).toml'" in answer.err
    assert "recipes/faulty.toml" in answer.err
    assert not (checkout.folder / "pwned").exists()
