"""The recipes with real ids, unmodified but for their size, against stand-ins under those ids on the local Hub."""

import io
import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from huggingface_hub import CommitOperationAdd, HfApi
from PIL import Image
from safetensors.torch import load, load_file

from hubkit.localhub import LocalHub

from .conftest import ROOT

MINI = ROOT / "hubkit" / "miniature" / "weights"
SMALL = (
    "data.resolution=64", "data.holdout=4", "training.steps=2", "training.checkpoint_every=2", "samples.steps=2",
    "samples.holdout=4", "metrics.kid.gate=none", "metrics.clip-score.gate=none",
    "study.seeds=1",
    'metrics.kid.weights="stand-ins/inception:inception.pth"',
    'metrics.fid.weights="stand-ins/inception:inception.pth"',
)  # fmt: skip
"""Sizes, gates and the weights of the extractor: the published Inception weights come from the net."""

PINNED = "1ed13e8ef280bd45e3bbac4cfa8bbd9d64ec9f89"
"""The commit the recipes name; the stand-in carries it as a tag."""

Files = dict[str, bytes]


def put(api: HfApi, repo: str, kind: str, files: Files) -> None:
    """One commit with these files."""
    api.create_repo(repo, repo_type=kind, exist_ok=True)
    operations = [CommitOperationAdd(name, content) for name, content in files.items()]
    api.create_commit(repo, operations, commit_message="stand-in", repo_type=kind)


def mini(name: str) -> Files:
    """The files of a miniature model."""
    return files_of(MINI / name)


def files_of(folder: Path) -> Files:
    """The bytes of every file, by its path in the folder."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def card(**front: str) -> bytes:
    """A README with front matter."""
    lines = "".join(f"{key}: {value}\n" for key, value in front.items())
    return f"---\n{lines}---\n# a stand-in\n".encode()


def pickled(files: Files) -> Files:
    """The same model as a repo of 2022 has it: pickled weights, and a classic feature extractor."""
    old = {name: content for name, content in files.items() if not name.endswith(".safetensors")}
    for name, content in files.items():
        if name.endswith(".safetensors"):
            path = Path(name)
            stem = "pytorch_model" if path.stem == "model" else path.stem
            buffer = io.BytesIO()
            torch.save(load(content), buffer)
            old[f"{path.parent}/{stem}.bin"] = buffer.getvalue()
    return old


def shard(rows: range) -> bytes:
    """Some rows of pictures of varying size, as the datasets library writes them."""
    cells, texts = [], []
    for row in rows:
        noise = np.random.default_rng(row).integers(0, 255, (70 + 7 * row, 90 + 3 * row, 3), dtype=np.uint8)
        buffer = io.BytesIO()
        Image.fromarray(noise).save(buffer, "JPEG")
        cells.append({"bytes": buffer.getvalue(), "path": None})
        texts.append(f"a man with {('dark', 'green')[row % 2]} hair and number {row}")
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    features = {"image": {"_type": "Image"}, "text": {"dtype": "string", "_type": "Value"}}
    schema = pa.schema(
        [("image", kind), ("text", pa.string())], metadata={"huggingface": json.dumps({"info": {"features": features}})}
    )
    buffer = io.BytesIO()
    pq.write_table(pa.table({"image": pa.array(cells, kind), "text": texts}, schema=schema), buffer)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def stand_ins(server: LocalHub, tmp_path_factory, add_safety_checker, random_inception) -> HfApi:
    """Small things under the ids of the recipes, in the layout of the real ones."""
    classic = tmp_path_factory.mktemp("classic") / "sd"
    shutil.copytree(MINI / "mini-sd", classic)
    add_safety_checker(classic, objects=False)
    api = HfApi(endpoint=server.url, token=server.admin_token)
    openrail = card(license="creativeml-openrail-m")
    put(api, "CompVis/stable-diffusion-v1-4", "model", {**files_of(classic), "README.md": openrail})
    put(api, "lambdalabs/sd-pokemon-diffusers", "model", pickled(files_of(classic)))
    put(api, "openai/clip-vit-large-patch14", "model", mini("mini-clip"))
    put(api, "facebook/dinov2-base", "model", mini("mini-clip"))
    put(api, "lambdalabs/naruto-blip-captions", "dataset", {
        "data/train-00000-of-00002.parquet": shard(range(8)), "data/train-00001-of-00002.parquet": shard(range(8, 16)),
    })  # fmt: skip
    api.create_tag("lambdalabs/naruto-blip-captions", tag=PINNED, repo_type="dataset", exist_ok=True)
    put(api, "stand-ins/inception", "model", {"inception.pth": random_inception.read_bytes()})
    return api


def test_the_naruto_recipe_runs_as_it_stands(hubkit, stand_ins, server, tmp_path):
    """From its real ids to a published model that carries its base's licence."""
    done = hubkit("train", "recipes/naruto.toml", "--push", "--hub", "local", "--runs", tmp_path, overrides=SMALL)

    assert done.returncode == 0, done.stderr
    assert "fid@4" not in done.stdout  # random weights are not the Inception of FID
    info = HfApi(endpoint=server.url).model_info("local/sd-naruto")
    assert info.card_data.license == "creativeml-openrail-m"
    assert info.card_data.base_model == "CompVis/stable-diffusion-v1-4"
    assert info.card_data.datasets == ["lambdalabs/naruto-blip-captions"]
    release = tmp_path / "sd-naruto" / "release"
    assert {
        "safety_checker/model.safetensors", "feature_extractor/preprocessor_config.json",
    } <= {file.rfilename for file in info.siblings}  # fmt: skip
    assert "brings its base's safety checker" in (release / "README.md").read_text()
    assert (release / "recipe.toml").read_text().count(
        'revision = "'
    ) == 9  # base, dataset, weights twice, CLIP twice, DINO twice, safety checker


def test_a_pickled_base_is_read_without_running_it_and_published_as_safetensors(hubkit, stand_ins, server, tmp_path):
    """As the repo of 2022 the article names; its licence is not guessed but must be stated."""
    done = hubkit(
        "train", "recipes/naruto-pokemon.toml", "--push", "--hub", "local", "--runs", tmp_path,
        overrides=SMALL,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    files = HfApi(endpoint=server.url).list_repo_files("local/sd-naruto-pokemon")
    assert not [name for name in files if name.endswith((".bin", ".pt", ".ckpt"))]
    keys = load_file(tmp_path / "sd-naruto-pokemon" / "model" / "text_encoder" / "model.safetensors")
    assert all(key.startswith("text_model.") for key in keys)


def test_a_pickled_base_is_refused_unless_the_recipe_allows_it(hubkit, stand_ins, tmp_path):
    """Exit 4, before any of it is downloaded."""
    refused = hubkit(
        "train", "recipes/naruto-pokemon.toml", "--hub", "local", "--runs", tmp_path,
        overrides=(*SMALL, "model.allow_pickle=false"),
    )  # fmt: skip

    assert refused.returncode == 4, refused.stderr
    assert "allow_pickle" in refused.stderr


def test_a_pickle_that_runs_code_is_refused(hubkit, stand_ins, tmp_path):
    """The weights-only unpickler builds tensors and nothing else."""
    files = pickled(mini("mini-sd"))
    files["unet/diffusion_pytorch_model.bin"] = (
        b"\x80\x02cos\nsystem\nq\x00X" + len(b"touch pwned").to_bytes(4, "little") + b"touch pwned\x85R."
    )
    put(stand_ins, "stand-ins/evil", "model", files)
    refused = hubkit(
        "train", "recipes/naruto-pokemon.toml", "--hub", "local", "--runs", tmp_path,
        overrides=(*SMALL, 'model.base="stand-ins/evil"'),
    )  # fmt: skip

    assert refused.returncode == 4, refused.stderr
    assert not (ROOT / "pwned").exists()
