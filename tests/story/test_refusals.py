"""What is refused, how soon, with which exit code, and in how many words."""

import time

import pytest
from huggingface_hub import CommitOperationAdd, HfApi
from safetensors.torch import load_file, save

from .conftest import QUICKSTART, ROOT, SHORT

SIX_FAULTS = """name = "six"
hub = "local"
[model]
kind = "stable-diffusion"
base = "hubkit/mini-sd"
[data]
repo = "hubkit/mini-ninja-captions"
resolution = 63
[method]
kind = "fulll"
[training]
steps = 10
batch_size = 6
micro_batch = 4
learning_rate = nan
learning_rat = 1e-4
[samples]
subjects = ["a man"]
steps = "twenty"
[publish]
kind = "hub"
"""


def test_six_faults_are_listed_at_once_each_with_its_line(hubkit, tmp_path):
    """One of them across fields; exit 2."""
    recipe = tmp_path / "six.toml"
    recipe.write_text(SIX_FAULTS)
    began = time.monotonic()
    refused = hubkit("train", recipe)
    seconds = time.monotonic() - began
    lines = [line for line in refused.stderr.splitlines() if line.startswith("error[HK2")]

    assert refused.returncode == 2
    assert [line.split("six.toml:")[1].split(":")[0] for line in lines] == ["8", "10", "14", "15", "16", "19"]
    assert "did you mean 'learning_rate'" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert seconds < 5  # under one on a free machine; CI is busy


def test_without_a_token_a_publish_to_the_hub_ends_before_anything_is_downloaded(hubkit, tmp_path):
    """Exit 8; three ways to log in and one to try it locally. The address is a port nobody listens on."""
    refused = hubkit(
        "train",
        "recipes/naruto.toml",
        "--push",
        "--runs",
        tmp_path,
        HF_ENDPOINT="http://127.0.0.1:9",
        HF_HUB_OFFLINE="0",
    )

    assert refused.returncode == 8, refused.stderr
    for way in ("hf auth login", "HF_TOKEN", "HF_OIDC_RESOURCE", "--hub local"):
        assert way in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not list(tmp_path.rglob("*.safetensors"))


def test_a_token_does_not_travel_in_the_clear(hubkit):
    """An address that is neither https nor this machine is refused."""
    refused = hubkit("train", QUICKSTART, "--hub", "http://example.org")

    assert refused.returncode == 2
    assert "in the clear" in refused.stderr


def test_numbers_that_run_away_stop_the_run_and_nothing_is_published(hubkit, server, tmp_path):
    """A base whose last layer is enormous: the first loss is not finite. Exit 6."""
    weights = ROOT / "hubkit" / "miniature" / "weights" / "mini-sd"
    files = {str(file.relative_to(weights)): file.read_bytes() for file in weights.rglob("*") if file.is_file()}
    unet = load_file(weights / "unet" / "diffusion_pytorch_model.safetensors")
    unet = {name: tensor.float() for name, tensor in unet.items()}
    unet["conv_out.weight"] *= 1e37
    files["unet/diffusion_pytorch_model.safetensors"] = save(unet, metadata={"format": "pt"})
    api = HfApi(endpoint=server.url, token=server.admin_token)
    api.create_repo("stand-ins/enormous", exist_ok=True)
    api.create_commit(
        "stand-ins/enormous", [CommitOperationAdd(*pair) for pair in files.items()], commit_message="stand-in"
    )
    stopped = hubkit(
        "train", QUICKSTART, "--push", "--runs", tmp_path,
        overrides=(*SHORT, 'name="enormous"', 'model.base="stand-ins/enormous"', 'model.license="mit"'),
    )  # fmt: skip

    assert stopped.returncode == 6, stopped.stderr
    assert "diverged at step 1" in stopped.stderr
    assert not api.repo_exists("local/enormous")


@pytest.mark.parametrize(
    ("overrides", "code", "words"),
    [
        (('data.repo="hubkit/nothing-here"',), 3, "hubkit/nothing-here"),
        (('data.caption="words"',), 3, "'image', 'text'"),
        (('model.base="hubkit/nothing-here"',), 4, "hubkit/nothing-here"),
        (('model.base="hubkit/mini-clip"',), 4, "model_index.json"),
        (('publish.repo="somebody-else/model"',), 8, "somebody-else"),
    ],
    ids=["no dataset", "no column", "no base", "no pipeline", "not one's own"],
)
def test_what_is_wrong_is_said_in_one_line_before_the_training(hubkit, tmp_path, overrides, code, words):
    """With its own exit code."""
    refused = hubkit("train", QUICKSTART, "--push", "--runs", tmp_path, overrides=(*SHORT, *overrides))
    first = refused.stderr.split("error[", 1)[-1].splitlines()[0]

    assert refused.returncode == code, refused.stderr
    assert words in first
    assert "Traceback" not in refused.stderr
    assert not list(tmp_path.rglob("checkpoints"))
