"""A tiny real model and a running Hub, for tests that describe and publish."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from hubkit.localhub import LocalHub, running
from hubkit.localhub.faults import Faults

TOKENS = """
alice  write hf_alice0write acme
alice  read  hf_alice0read acme
bob    write hf_bob0write
"""


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Stable Diffusion in diffusers' layout: random weights, 32 pixels, a tokenizer of single letters."""
    import torch
    from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    folder = tmp_path_factory.mktemp("tiny")
    letters = [chr(code) for code in range(33, 127)]
    words = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({word: number for number, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    torch.manual_seed(0)
    pipeline = StableDiffusionPipeline(
        vae=AutoencoderKL(
            block_out_channels=(8, 16),
            down_block_types=("DownEncoderBlock2D",) * 2,
            up_block_types=("UpDecoderBlock2D",) * 2,
            latent_channels=4,
            norm_num_groups=4,
            sample_size=32,
        ),
        text_encoder=CLIPTextModel(
            CLIPTextConfig(
                vocab_size=len(words),
                hidden_size=16,
                intermediate_size=32,
                num_hidden_layers=1,
                num_attention_heads=2,
                projection_dim=16,
                bos_token_id=len(words) - 2,
                eos_token_id=len(words) - 1,
                pad_token_id=len(words) - 1,
            )
        ),
        tokenizer=CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=77),
        unet=UNet2DConditionModel(
            sample_size=16,
            block_out_channels=(8, 16),
            layers_per_block=1,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
            cross_attention_dim=16,
            attention_head_dim=4,
            norm_num_groups=4,
        ),
        scheduler=DDIMScheduler(prediction_type="v_prediction", steps_offset=1, clip_sample=False),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(folder / "model")
    prefix_text_encoder(folder / "model" / "text_encoder" / "model.safetensors")
    return folder / "model"


def prefix_text_encoder(file: Path) -> None:
    """Give a text encoder's keys the prefix that the family's own `save` gives them."""
    from safetensors.torch import load_file, save_file

    weights = {
        key if key.startswith("text_model.") else f"text_model.{key}": tensor for key, tensor in load_file(file).items()
    }
    save_file(weights, file, metadata={"format": "pt"})


@pytest.fixture
def faults() -> Faults:
    """What goes wrong with the Hub of a test."""
    return Faults()


@pytest.fixture
def hub_server(tmp_path: Path, faults: Faults) -> Iterator[LocalHub]:
    """A Hub of its own for each test, with users alice (of acme) and bob."""
    tokens = tmp_path / "tokens"
    tokens.write_text(TOKENS)
    with running(tmp_path / "hub", token_file=tokens, faults=faults) as started:
        yield started


@pytest.fixture
def as_alice(hub_server: LocalHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalHub:
    """The client, pointed at that Hub with a cache of its own, and alice logged in."""
    from huggingface_hub import constants

    # huggingface_hub reads these from the environment when it is first imported, once for all tests.
    monkeypatch.setattr(constants, "ENDPOINT", hub_server.url)
    monkeypatch.setattr(
        constants, "HUGGINGFACE_CO_URL_TEMPLATE", hub_server.url + "/{repo_id}/resolve/{revision}/{filename}"
    )
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_PROGRESS_BARS", True)
    monkeypatch.setenv("HF_TOKEN", "hf_alice0write")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    return hub_server
