"""What a person does about a published model: keep it private, tag it, look at it, take a folder in place of a Hub."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, hf_hub_download

from .conftest import QUICKSTART, SHORT

PRIVATE = (*SHORT, 'name="kept"', "publish.private=true", 'publish.tag="v1"')


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def kept(hubkit, runs) -> str:
    """A private, tagged model; what the command said."""
    done = hubkit("train", QUICKSTART, "--push", "--runs", runs, overrides=PRIVATE)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_private_model_is_nobody_elses(kept, server):
    """Its owner sees it, a stranger does not see that it exists."""
    assert HfApi(endpoint=server.url, token=server.token).model_info("local/kept").private
    assert not HfApi(endpoint=server.url, token=False).repo_exists("local/kept")


def test_the_tag_is_the_commit_and_stays_there(kept, hubkit, runs, server):
    """The same release again is already done; another model under that tag is a conflict before its training."""
    again = hubkit("train", QUICKSTART, "--push", "--runs", runs, overrides=PRIVATE)
    other = hubkit(
        "train", QUICKSTART, "--push", "--runs", runs,
        overrides=(*PRIVATE, 'name="other"', 'publish.repo="kept"'),
    )  # fmt: skip
    tags = HfApi(endpoint=server.url, token=server.token).list_repo_refs("local/kept").tags

    assert again.returncode == 0, again.stderr
    assert "nothing changed" in again.stdout
    assert [(tag.name, tag.target_commit in kept) for tag in tags] == [("v1", True)]
    assert other.returncode == 9
    assert "tags never move" in other.stderr
    assert not (runs / "other" / "checkpoints").exists()


def test_the_snippet_of_the_card_draws_the_pictures_of_the_card(kept, server, environment, tmp_path):
    """Copied from the card as it is published, and run."""
    at = {"endpoint": server.url, "token": server.token, "cache_dir": tmp_path / "cache"}
    card = Path(hf_hub_download("local/kept", "README.md", **at)).read_text()
    proof = Path(hf_hub_download("local/kept", "images/usage.png", **at))
    snippet = re.findall(r"^```python\n(.*?)^```$", card, re.MULTILINE | re.DOTALL)[0]
    ran = subprocess.run(
        [sys.executable, "-c", snippet],
        env=environment | {"HF_ENDPOINT": server.url, "HF_TOKEN": server.token},
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=200,
    )  # fmt: skip

    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "image.png").read_bytes() == proof.read_bytes()


def test_the_card_is_true(kept, hubkit):
    """As it is published: every number is the lock's, every link leads somewhere, the code draws the picture."""
    done = hubkit("card", "check", "local/kept@v1", "--hub", "local")

    assert done.returncode == 0, done.stderr
    assert "the card is true" in done.stdout
    assert "bit for bit the card's" in done.stdout


def test_everything_that_is_not_true_of_a_card_is_named(kept, hubkit, server):
    """Numbers, a picture, a link, the code: all at once, with exit 10; and nothing of the card's code runs."""
    api = HfApi(endpoint=server.url, token=server.token)
    api.create_branch("local/kept", branch="edited")
    card = Path(api.hf_hub_download("local/kept", "README.md", revision="v1")).read_text()
    kid = next(line for line in card.splitlines() if line.startswith("| kid"))
    cells = kid.split(" | ")
    better = " | ".join([*cells[:2], "0.0001", *cells[3:]])
    value = re.search(r"value: \S+", card)[0]
    base = re.search(r"/hubkit/mini-sd/tree/\w+", card)[0]
    for before, after in ((kid, better), (value, "value: 9"), (base, f"{base}0"), ("import torch\n", "import this\n")):
        card = card.replace(before, after, 1)
    edits = [CommitOperationAdd("README.md", card.encode()), CommitOperationDelete("images/sample-0.png")]
    api.create_commit("local/kept", edits, commit_message="better", revision="edited")
    done = hubkit("card", "check", "local/kept@edited", "--hub", "local", "--json")
    found = json.loads(done.stdout)

    assert done.returncode == 10, done.stderr
    assert {fault["code"] for fault in found["faults"]} == {"HK1040", "HK1042", "HK1043", "HK1044"}
    for said in ("is '0.0001'", "there is no model hubkit/mini-sd", "sample-0.png", "nothing is executed"):
        assert said in done.stderr
    assert "Zen of Python" not in done.stdout + done.stderr


def test_a_folder_takes_a_hubs_place(kept, runs, environment, tmp_path):
    """The same run, published into a folder that diffusers loads."""
    recipe = tmp_path / "folder.toml"
    text = re.sub(r"^#:schema.*\n", "", QUICKSTART.read_text().split("[publish]")[0])
    recipe.write_text(f'{text}[publish]\nkind = "folder"\n')
    sets = [part for override in (*SHORT, 'name="kept"') for part in ("--set", override)]
    python = {"env": environment, "cwd": tmp_path, "capture_output": True, "text": True, "timeout": 300}
    done = subprocess.run(
        [sys.executable, "-m", "hubkit", "train", recipe, "--push", "--runs", runs, *sets], check=False, **python
    )
    code = "from diffusers import StableDiffusionPipeline as P; print(P.from_pretrained('published/kept').unet.dtype)"
    loaded = subprocess.run([sys.executable, "-c", code], check=False, **python)

    assert done.returncode == 0, done.stderr
    assert str(tmp_path / "published" / "kept") in done.stdout
    assert loaded.stdout.strip() == "torch.float32", loaded.stderr
