"""Writes the taught models as real Hub folders: fp16 safetensors that load as fp32 too."""

import json
import shutil
from pathlib import Path

import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline
from safetensors.torch import load_file, save_file
from transformers import CLIPModel, CLIPTokenizer

from hubkit.miniature.clip import processor
from hubkit.miniature.unet import Painter, scheduler

TEXT_PREFIX = "text_model."


def pack_diffusion(vae: AutoencoderKL, painter: Painter, tokenizer_files: Path, folder: Path) -> None:
    """A `StableDiffusionPipeline` folder."""
    shutil.rmtree(folder, ignore_errors=True)
    pipeline = StableDiffusionPipeline(
        vae=vae,
        text_encoder=painter.text_encoder,
        tokenizer=CLIPTokenizer.from_pretrained(tokenizer_files),
        unet=painter.unet,
        scheduler=scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.to(torch.float16).save_pretrained(folder)
    pipeline.to(torch.float32)
    prefix_text_keys(folder / "text_encoder" / "model.safetensors")
    pack_tokenizer(tokenizer_files, folder / "tokenizer")
    readable(folder)


def prefix_text_keys(path: Path) -> None:
    """Transformers 5.6 and newer write a text encoder's keys without the prefix that transformers 4 looks for."""
    tensors = load_file(path)
    prefixed = {f"{TEXT_PREFIX}{name.removeprefix(TEXT_PREFIX)}": value for name, value in tensors.items()}
    save_file(prefixed, path, metadata={"format": "pt"})


def pack_clip(clip: CLIPModel, tokenizer_files: Path, folder: Path) -> None:
    """A `CLIPModel` folder with its processor."""
    shutil.rmtree(folder, ignore_errors=True)
    clip.half().save_pretrained(folder)
    clip.float()
    processor().save_pretrained(folder)
    pack_tokenizer(tokenizer_files, folder)
    readable(folder)


def pack_tokenizer(tokenizer_files: Path, folder: Path) -> None:
    """vocab.json and merges.txt with the settings of CLIP's tokenizer: any version of transformers reads these."""
    (folder / "tokenizer.json").unlink(missing_ok=True)
    for name in ("vocab.json", "merges.txt"):
        shutil.copy(tokenizer_files / name, folder / name)
    start, end = "<|startoftext|>", "<|endoftext|>"
    special = {"bos_token": start, "eos_token": end, "pad_token": end, "unk_token": end}
    settings = {**special, "model_max_length": 77, "do_lower_case": True, "errors": "replace"}
    settings["tokenizer_class"] = "CLIPTokenizer"
    (folder / "special_tokens_map.json").write_text(json.dumps(special, indent=2) + "\n")
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n")


def readable(folder: Path) -> None:
    """safetensors writes files that only their owner may read."""
    for path in folder.rglob("*.safetensors"):
        path.chmod(0o644)
