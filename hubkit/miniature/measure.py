"""Measures the packed weights, and draws the grids: `python -m hubkit.miniature.measure --pictures docs/pictures`.

Everything measured is held out: no lesson drew these people, and no lesson drew *ninja* or *avatar* at all.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import torch
from diffusers import StableDiffusionPipeline
from PIL import Image
from torch import Tensor, nn
from transformers import CLIPModel, CLIPTokenizer

from hubkit.miniature import clip, vae
from hubkit.miniature.drawing import STYLES, portrait
from hubkit.miniature.lessons import say
from hubkit.miniature.worlds import WEIGHTS

COLUMNS: Final = 12
ENLARGED: Final = 2
SAMPLING: Final = {"num_inference_steps": 25, "guidance_scale": 3.0}


def main() -> None:
    """Load, measure, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--pictures", type=Path, help="where the grids go")
    parser.add_argument("--count", type=int, default=256, help="pictures per style")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    pipeline = StableDiffusionPipeline.from_pretrained(arguments.weights / "mini-sd", dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    scorer = CLIPModel.from_pretrained(arguments.weights / "mini-clip", dtype=torch.float32).eval()
    sizes(pipeline, scorer, arguments.weights)
    grids = [reconstructions(pipeline, arguments.count), retrieval(scorer, arguments.weights, pipeline)]
    if arguments.pictures:
        arguments.pictures.mkdir(parents=True, exist_ok=True)
        for name, rows in zip(("reconstruction", "samples"), grids, strict=True):
            grid(rows).save(arguments.pictures / f"miniature-{name}.png", optimize=True)


def parameters(module: nn.Module) -> int:
    """How many numbers a module has learnt."""
    return sum(parameter.numel() for parameter in module.parameters())


def sizes(pipeline: Any, scorer: nn.Module, weights: Path) -> None:
    """Parameters, and bytes on disk."""
    for name in ("vae", "unet", "text_encoder"):
        say(f"{name}: {parameters(getattr(pipeline, name)):,} parameters")
    say(f"clip: {parameters(scorer):,} parameters")
    for folder in ("mini-sd", "mini-clip"):
        say(f"{folder}: {sum(path.stat().st_size for path in (weights / folder).rglob('*.*')):,} bytes")


def reconstructions(pipeline: Any, count: int) -> list[Tensor]:
    """How well the VAE reconstructs each style; pairs of rows, the drawing above its reconstruction."""
    rows = []
    for style in STYLES:
        pictures_BCHW = vae.held_out(style, count)
        drawn_BCHW = vae.reconstructed(pipeline.vae, pictures_BCHW)
        error = (drawn_BCHW.float() - pictures_BCHW.float()).abs().mean() / 255
        say(f"reconstruction of {style}: PSNR {vae.psnr(drawn_BCHW, pictures_BCHW):.2f} dB, L1 {error:.4f}, n {count}")
        rows += [pictures_BCHW[:COLUMNS], drawn_BCHW[:COLUMNS]]
    return rows


def retrieval(scorer: CLIPModel, weights: Path, pipeline: Any) -> list[Tensor]:
    """How often the right caption is first among 64: for drawings, and for the base's samples of unseen captions."""
    tokenizer = CLIPTokenizer.from_pretrained(weights / "mini-clip")
    for style in STYLES:
        first = clip.ranks(scorer, tokenizer, style=style) == 0
        say(f"right caption first among 64, drawn {style}: {first.float().mean():.3f}, n {len(first)}")
    captions = [portrait(index, purpose="held-out")[1] for index in range(64)]
    samples_BCHW = sampled(pipeline, captions)
    rank = clip.rank(scorer, tokenizer, samples_BCHW, captions)
    say(f"right caption first among 64, sampled: {(rank == 0).float().mean():.3f}, n {len(rank)}")
    for caption in captions[:COLUMNS]:
        say(f"  {caption}")
    return [samples_BCHW[start : start + COLUMNS] for start in range(0, 2 * COLUMNS, COLUMNS)]


def sampled(pipeline: Any, captions: Sequence[str], batch: int = 16) -> Tensor:
    """uint8 BCHW drawn by the base, one seed a caption."""
    images: list[Image.Image] = []
    for start in range(0, len(captions), batch):
        prompts = list(captions[start : start + batch])
        generators = [torch.Generator().manual_seed(start + place) for place in range(len(prompts))]
        images += pipeline(prompts, generator=generators, **SAMPLING).images
    return vae.pixels(images)


def grid(rows: Sequence[Tensor]) -> Image.Image:
    """One picture of rows of pictures."""
    sheet = torch.cat([torch.cat(list(row), dim=2) for row in rows], dim=1)
    image = Image.fromarray(sheet.permute(1, 2, 0).numpy())
    return image.resize((image.width * ENLARGED, image.height * ENLARGED), Image.Resampling.NEAREST)


if __name__ == "__main__":
    main()
