"""The libraries on top of huggingface_hub, unmodified, each in a process that knows nothing but `HF_ENDPOINT`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from hubkit.localhub import LocalHub

DATASETS = """
import os, sys
from pathlib import Path
from datasets import Dataset, load_dataset
from huggingface_hub import HfApi
from PIL import Image

folder = Path(sys.argv[1])
(folder / "train").mkdir()
for n in range(3):
    Image.new("RGB", (8 + n, 8), (n * 80, 0, 0)).save(folder / "train" / f"{n}.png")
rows = "".join(f"{n}.png,picture {n}\\n" for n in range(3))
(folder / "train" / "metadata.csv").write_text("file_name,text\\n" + rows)
api = HfApi()
api.create_repo("alice/pictures", repo_type="dataset")
api.upload_folder(repo_id="alice/pictures", repo_type="dataset", folder_path=folder)
pictures = load_dataset("alice/pictures", split="train")
assert [row["text"] for row in pictures] == ["picture 0", "picture 1", "picture 2"]
assert [row["image"].size for row in pictures] == [(8, 8), (9, 8), (10, 8)]

pictures.push_to_hub("alice/parquet")
again = load_dataset("alice/parquet", split="train", revision="main")
assert again[2]["image"].size == (10, 8)
streamed = load_dataset("alice/parquet", split="train", streaming=True)
assert [row["text"] for row in streamed] == ["picture 0", "picture 1", "picture 2"]
"""

DIFFUSERS = """
import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from huggingface_hub import HfApi
from transformers import CLIPTextConfig, CLIPTextModel

torch.manual_seed(0)
unet = UNet2DConditionModel(
    block_out_channels=(4, 8), layers_per_block=1, sample_size=8, cross_attention_dim=8, norm_num_groups=2,
    down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
    attention_head_dim=2,
)
vae = AutoencoderKL(block_out_channels=(4,), norm_num_groups=2, latent_channels=4)
text = CLIPTextModel(CLIPTextConfig(
    vocab_size=50, hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=2,
    max_position_embeddings=8,
))
pipeline = StableDiffusionPipeline(
    vae=vae, text_encoder=text, tokenizer=None, unet=unet, scheduler=DDIMScheduler(), safety_checker=None,
    feature_extractor=None, requires_safety_checker=False,
)
pipeline.push_to_hub("alice/tiny")
pipeline.push_to_hub("alice/tiny", variant="fp16")
HfApi().create_tag("alice/tiny", tag="v1.0")
for options in ({}, {"revision": "v1.0"}, {"variant": "fp16"}):
    loaded = StableDiffusionPipeline.from_pretrained("alice/tiny", tokenizer=None, **options)
    assert torch.equal(loaded.unet.conv_in.weight, unet.conv_in.weight)
part = UNet2DConditionModel.from_pretrained("alice/tiny", subfolder="unet")
assert torch.equal(part.conv_in.weight, unet.conv_in.weight)

text.push_to_hub("alice/text")
loaded = CLIPTextModel.from_pretrained("alice/text")
assert all(torch.equal(mine, theirs) for mine, theirs in zip(text.parameters(), loaded.parameters()))
"""

COMMAND_LINE = """
set -eu
hf auth whoami | grep alice
hf repos create alice/cli
printf 'hello' > "$1/a.txt"
head -c 20000 /dev/urandom > "$1/b.bin"
hf upload alice/cli "$1" .
hf repos tag create alice/cli v1
hf download alice/cli --revision v1 --local-dir "$1/down"
cmp "$1/b.bin" "$1/down/b.bin"
hf models ls --author alice --format json | grep alice/cli
"""

MANAGEMENT = """
set -eu
hf repos create alice/managed --type dataset --private
hf upload alice/managed "$1" . --type dataset --create-pr
hf discussions info alice/managed 1 --type dataset | grep -i upload
hf discussions merge alice/managed 1 --type dataset --yes
hf repos branch create alice/managed feat/x --type dataset
hf repos settings alice/managed --type dataset --public
hf repos move alice/managed alice/moved --type dataset
hf datasets info alice/managed --format json | grep alice/moved
hf repos delete-files alice/moved n.txt --type dataset
hf repos delete alice/moved --type dataset --yes
! hf datasets info alice/moved 2> "$1/said"
grep -i "not found" "$1/said"
"""


def test_datasets(environment: dict[str, str], tmp_path: Path):
    """An image folder, a parquet push, and streaming through ranges."""
    check(DATASETS, tmp_path, environment)


def test_diffusers_and_transformers(environment: dict[str, str], tmp_path: Path):
    """Push a pipeline with a variant; load it whole, by tag, by variant and by part."""
    check(DIFFUSERS, tmp_path, environment)


@pytest.mark.parametrize("script", [COMMAND_LINE, MANAGEMENT], ids=["files", "management"])
def test_command_line(environment: dict[str, str], tmp_path: Path, script: str):
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "n.txt").write_text("n")
    run(["sh", "-c", script, "sh", str(tmp_path / "files")], environment)


def test_a_job_pushes_without_a_stored_token(hub: LocalHub, api: HfApi, environment: dict[str, str], tmp_path: Path):
    """The documentation's own command, in the environment that GitHub gives to a job with `id-token: write`."""
    api.create_repo("acme/by-job", repo_type="dataset")
    hub.trust("datasets/acme/by-job", repository="acme/training", workflow="publish.yml", branch="main")
    job = hub.job("acme/training", workflow="publish.yml")
    (tmp_path / "w.bin").write_bytes(os.urandom(3000))
    environment = {**environment, **job, "HF_OIDC_RESOURCE": "datasets/acme/by-job", "HF_TOKEN": "hf_nobody"}
    run(["hf", "upload", "acme/by-job", str(tmp_path / "w.bin"), "--type", "dataset"], environment)

    assert "w.bin" in api.list_repo_files("acme/by-job", repo_type="dataset")
    assert api.list_repo_commits("acme/by-job", repo_type="dataset")[0].authors == ["[OIDC]"]


def check(script: str, folder: Path, environment: dict[str, str]) -> None:
    (folder / "files").mkdir()
    run([sys.executable, "-c", script, str(folder / "files")], environment)


def run(command: list[str], environment: dict[str, str]) -> None:
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
