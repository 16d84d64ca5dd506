"""The prompt study on real pictures: a template that is truly better is found, and one that is not needed is said so.

The world: people in front of purple, whose captions never say so. The base knows the word, so asking for it draws what
was taught; "a photo of" changes nothing.
"""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from huggingface_hub import HfApi
from PIL import Image

from hubkit.miniature.drawing import Person, dice, draw

SUBJECTS = (
    "a woman with red hair and a green shirt", "a man with black hair and glasses", "a girl with pink hair",
    "a man with blond hair and a blue shirt", "a woman with brown hair", "a boy with a bald head and a red shirt",
)  # fmt: skip
PLANTED = "{subject}, on a purple background"
RECIPE = """
name = "purple"
hub = "local"

[model]
kind = "stable-diffusion"
base = "hubkit/mini-sd"

[data]
folder = "purple"
resolution = 64
crop = "center"
holdout = 24

[method]
kind = "full"

[training]
steps = 4
batch_size = 4
learning_rate = 1e-4

[samples]
subjects = SUBJECTS
templates = ["a photo of {subject}", "PLANTED"]
steps = 8
guidance_scale = 3.0

[study]
extractor = "hubkit/mini-clip"
seeds = 2

[publish]
kind = "hub"
"""


def people(folder: Path, count: int) -> None:
    """Portraits in front of purple, with captions that leave the background out."""
    folder.mkdir()
    rows = []
    for index in range(count):
        person = replace(Person.drawn(0, "purple", index), hair="black", shirt="green", background="purple")
        draw(person, "portraits", (64, 64)).save(folder / f"{index:03d}.png")
        caption = person.caption(dice(0, "caption", index)).replace(", on a purple background", "")
        rows.append(json.dumps({"file_name": f"{index:03d}.png", "text": caption}))
    (folder / "metadata.jsonl").write_text("\n".join(rows) + "\n")


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recipe beside its pictures."""
    folder = tmp_path_factory.mktemp("purple")
    people(folder / "purple", 36)
    path = folder / "purple.toml"
    path.write_text(RECIPE.replace("SUBJECTS", json.dumps(SUBJECTS)).replace("PLANTED", PLANTED))
    return path


@pytest.fixture(scope="module")
def run(hubkit, recipe) -> Path:
    """The run folder, trained, scored and described."""
    done = hubkit("train", recipe, "--runs", recipe.parent / "runs")
    assert done.returncode == 0, done.stderr
    assert f"“{PLANTED}” adds" in done.stdout
    return recipe.parent / "runs" / "purple"


@pytest.fixture(scope="module")
def study(run) -> dict:
    """The study in the scores."""
    return json.loads((run / "scores.json").read_text())["study"]


def test_the_planted_template_comes_first_with_its_interval(study):
    """It wins its pairs, adds style measurably, and is called needed; the decoy adds nothing measurable."""
    first, decoy = (
        study["templates"][0],
        next(row for row in study["templates"] if row["template"].startswith("a photo")),
    )

    assert first["template"] == PLANTED
    assert first["wins"]["interval"]["low"] > 0.5
    assert first["added"]["interval"]["low"] > 0
    assert study["needed"]
    assert decoy["added"]["interval"]["low"] <= 0 <= decoy["added"]["interval"]["high"]


def test_both_models_drew_every_cell_once(study, run):
    """The bare subject too, which the recipe does not name; the study shows the first latents of both."""
    drawn = {who: len(list((run / "samples" / who).rglob("*.png"))) for who in ("base", "finetuned")}

    assert drawn == {"base": 6 * 3 * 2, "finetuned": 6 * 3 * 2}
    assert study["columns"] == ["{subject}", "a photo of {subject}", PLANTED]
    assert [one["prompt"] for one in study["finetuned"][:2]] == [SUBJECTS[0], f"a photo of {SUBJECTS[0]}"]
    assert all((run / one["file"]).is_file() for one in (*study["base"], *study["finetuned"]))


def test_the_study_is_part_of_what_is_pinned(run):
    """The extractor at its commit."""
    assert '[study]\nextractor = "hubkit/mini-clip"\nrevision = "' in (run / "recipe.toml").read_text()


@pytest.fixture
def repo(run, server) -> str:
    """The release on the Hub."""
    api = HfApi(endpoint=server.url, token=server.token)
    api.create_repo("local/purple", exist_ok=True)
    api.upload_folder(repo_id="local/purple", folder_path=run / "release")
    return "local/purple"


def test_other_templates_of_a_recipe_that_was_run(hubkit, recipe, run):
    """As JSON, with fewer subjects and one latent each; the scores of the run stay as they were."""
    before = (run / "scores.json").read_bytes()
    done = hubkit(
        "prompts", recipe, "--runs", run.parent, "--subject", SUBJECTS[0], "--subject", SUBJECTS[1],
        "--template", PLANTED, "--seeds", "1", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)

    assert {row["template"] for row in found["templates"]} == {"{subject}", PLANTED}
    assert (found["subjects"], found["seeds"], found["columns"]) == (list(SUBJECTS[:2]), 1, ["{subject}", PLANTED])
    assert (found["winner"], found["needed"]) == ("{subject}", False)  # two subjects prove nothing
    assert before == (run / "scores.json").read_bytes()
    with Image.open(run / "prompts" / "prompts.png") as sheet:
        assert sheet.width > 2 * 160
        assert sheet.height > 2 * 2 * 160


def test_a_model_of_the_hub_that_brings_its_lock(hubkit, recipe, repo):
    """Its release says what its base is; its pictures are our own, and are given."""
    pictures = recipe.parent / "purple"
    done = hubkit(
        "prompts", repo, "--hub", "local", "--seeds", "1", "--template", PLANTED, "--data", pictures, cwd=recipe.parent
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split("  ")[0] == "template"
    assert any(line.startswith(PLANTED) for line in lines[1:3])
    assert "subjects x templates x latents: 6 x 2 x 1, by both models" in done.stdout
    assert (recipe.parent / "prompts" / "purple" / "prompts.png").is_file()
