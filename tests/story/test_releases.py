"""Two releases of one model, and all that one does with them, as commands."""

import json
import re
from pathlib import Path

import pytest
from huggingface_hub import CommitOperationAdd, HfApi, hf_hub_download
from safetensors.torch import load_file, save

from hubkit.localhub import LocalHub

from .conftest import QUICKSTART, SHORT, Hubkit

REPO = "local/twice"
NAMED = (*SHORT, 'name="twice"')
WEIGHTS = "unet/diffusion_pytorch_model.safetensors"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def two(hubkit: Hubkit, runs: Path) -> list[str]:
    """A model released twice; what `hubkit release` said on the way."""
    said = []
    for number, (steps, tag) in enumerate((("6", "v0.1.0"), ("8", "v0.2.0"))):
        place = runs / str(number)
        sets = (*NAMED, f"training.steps={steps}")
        trained = hubkit("train", QUICKSTART, "--runs", place, overrides=sets)
        assert trained.returncode == 0, trained.stderr
        advised = hubkit("release", place / "twice")
        if number:
            refused = hubkit("release", place / "twice", "--tag", "v0.1.1")
            assert refused.returncode == 9
            said.append(refused.stderr)
        released = hubkit("release", place / "twice", "--tag", tag)
        assert released.returncode == 0, released.stderr
        said += [advised.stdout, released.stdout]
    return said


@pytest.fixture
def api(server: LocalHub) -> HfApi:
    return HfApi(endpoint=server.url, token=server.token)


def test_a_release_is_told_its_version_and_held_to_it(two: list[str], hubkit: Hubkit, runs: Path, api: HfApi):
    """The first is v0.1.0; other weights are no patch; what is no version is refused; again is no change."""
    first, _, refused, second, _ = two
    again = hubkit("release", runs / "1" / "twice", "--tag", "v0.2.0")

    assert f"{REPO}: no version stands there; this must be v0.1.0 at least: it is the first" in first
    assert "v0.1.0 stands there; this must be v0.2.0 at least: the weights are new" in second
    assert "v0.1.1 after v0.1.0 is too small a step" in refused
    assert hubkit("release", runs / "1" / "twice", "--tag", "newest").returncode == 2
    assert "nothing changed" in again.stdout, again.stderr
    assert {tag.name for tag in api.list_repo_refs(REPO).tags} == {"v0.1.0", "v0.2.0"}


@pytest.mark.usefixtures("two")
def test_a_release_verifies_in_a_process_that_never_saw_the_run(hubkit: Hubkit):
    """From the lock alone, by the first tag's name."""
    done = hubkit("verify", f"{REPO}@v0.1.0", "--hub", "local")

    assert done.returncode == 0, done.stderr
    assert "bit for bit the same\nverified\n" in done.stdout


@pytest.mark.usefixtures("two")
def test_an_audit_follows_both(hubkit: Hubkit):
    """A line each; the second follows the first."""
    told = hubkit("audit", REPO, "--hub", "local")
    found = json.loads(hubkit("audit", REPO, "--hub", "local", "--json").stdout)

    assert told.returncode == 0, told.stderr
    assert re.search(r"v0\.2\.0 +[0-9a-f]{12} [0-9a-f]{12} v0\.1\.0 +yes", told.stdout)
    assert [(one["tag"], one["parent"], one["faults"]) for one in found["releases"]] == [
        ("v0.1.0", None, []),
        ("v0.2.0", "v0.1.0", []),
    ]


@pytest.mark.usefixtures("two")
def test_the_changelog_tells_what_was_changed_and_shows_it(hubkit: Hubkit, tmp_path: Path):
    """The one key, the scores of both, and the samples of both side by side."""
    done = hubkit("changelog", REPO, "--hub", "local", "--out", tmp_path / "notes")

    assert done.returncode == 0, done.stderr
    assert "| `training.steps` | 6 | 8 |" in done.stdout
    assert "| `kid[mini-clip]`" in done.stdout
    assert (tmp_path / "notes" / "side-by-side.webp").stat().st_size > 5000
    assert (tmp_path / "notes" / "changelog.md").read_text().startswith(done.stdout)


@pytest.mark.usefixtures("two")
def test_a_release_comes_out_again(hubkit: Hubkit, tmp_path: Path, api: HfApi):
    """On this machine bit for bit, in a folder of its own; nothing is published."""
    before = api.model_info(REPO).sha
    done = hubkit("reproduce", f"{REPO}@v0.1.0", "--hub", "local", "--runs", tmp_path)

    assert done.returncode == 0, done.stderr
    assert "weights: bit for bit the same" in done.stdout
    scores = [line for line in done.stdout.splitlines() if " | now " in line]
    assert len(scores) >= 3
    assert [line for line in scores if not line.endswith("   equal")] == []
    assert [path.name for path in tmp_path.iterdir()] == [f"reproduced-twice-{released(api, 'v0.1.0')[:12]}"]
    assert api.model_info(REPO).sha == before


def released(api: HfApi, tag: str) -> str:
    """The commit of a tag."""
    return str(next(one.target_commit for one in api.list_repo_refs(REPO).tags if one.name == tag))


@pytest.mark.usefixtures("two")
@pytest.mark.filterwarnings("ignore:It seems that you are about to commit a data file")
def test_scores_that_a_recipe_does_not_give_are_found_out(hubkit: Hubkit, tmp_path: Path, api: HfApi, server: LocalHub):
    """Somebody publishes a recipe and a lock that agree with one another, and scores that nobody measured. Exit 10."""
    at = {"endpoint": server.url, "token": server.token, "revision": "v0.1.0", "cache_dir": tmp_path / "cache"}
    lock = json.loads(Path(hf_hub_download(REPO, "hubkit.lock.json", **at)).read_bytes())
    lock["scores"] = [{**lock["scores"][0], "value": -99.0, "interval": {"low": -100.0, "high": -98.0}}]
    api.create_repo("local/boast", exist_ok=True)
    api.create_commit(
        "local/boast",
        [
            CommitOperationAdd("hubkit.lock.json", json.dumps(lock).encode()),
            *(CommitOperationAdd(name, hf_hub_download(REPO, name, **at)) for name in lock["files"]),
        ],
        commit_message="mine",
    )
    done = hubkit("reproduce", "local/boast", "--hub", "local", "--runs", tmp_path)

    assert done.returncode == 10, done.stderr
    assert "OUTSIDE its interval" in done.stdout
    assert "did not come out again: kid[mini-clip]" in done.stderr


@pytest.mark.usefixtures("two")
def test_going_back_and_what_is_wrong_afterwards(hubkit: Hubkit, api: HfApi, tmp_path: Path, server: LocalHub):
    """The last test: it changes main. One commit back, none the second time; then one wrong tensor is named by verify
    and by audit.
    """
    first = hubkit("rollback", REPO, "v0.1.0", "--hub", "local", "--reason", "fewer headbands")
    again = hubkit("rollback", REPO, "v0.1.0", "--hub", "local")
    commits = api.list_repo_commits(REPO)

    assert first.returncode == again.returncode == 0, first.stderr
    assert commits[0].title == "Roll back to v0.1.0: fewer headbands"
    assert commits[0].commit_id in first.stdout
    assert "already, nothing changed" in again.stdout
    assert "main: v0.1.0" in hubkit("audit", REPO, "--hub", "local").stdout

    at = {"endpoint": server.url, "token": server.token, "cache_dir": tmp_path / "cache"}
    tensors = load_file(hf_hub_download(REPO, WEIGHTS, **at))
    tensors["conv_out.bias"][0] += 0.01
    api.create_commit(
        REPO,
        [CommitOperationAdd(WEIGHTS, save(tensors, metadata={"format": "pt"}))],
        commit_message="a wrong tensor",
    )
    verified = hubkit("verify", f"{REPO}@main", "--hub", "local")
    audited = hubkit("audit", REPO, "--hub", "local")

    assert verified.returncode == audited.returncode == 10
    assert f"'{WEIGHTS}' is another file" in verified.stderr
    assert f"{REPO}@main: '{WEIGHTS}' is another file" in audited.stderr
    assert "Traceback" not in verified.stderr + audited.stderr
