"""Makes the miniature weights: `python -m hubkit.miniature.build all --work WORK --out hubkit/miniature/weights`.

Each part is resumed from its checkpoint in the work folder. `vae` and `clip` may be made side by side; so may `unet`
and `decoder`, which want the VAE. `pack` writes what stands in the work folder as Hub folders.
"""

import argparse
from pathlib import Path
from typing import Final

import torch
from diffusers import AutoencoderKL
from transformers import CLIPModel, CLIPTokenizer

from hubkit.miniature import clip, packing, unet, vae, words

PARTS: Final = ("vae", "clip", "unet", "decoder", "pack")
STEPS: Final = {"vae": 1900, "clip": 1800, "unet": 3600, "decoder": 1200}


def main() -> None:
    """Parse, make, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=[*PARTS, "all"])
    parser.add_argument("--work", type=Path, required=True, help="checkpoints, and fp32 models")
    parser.add_argument("--out", type=Path, help="where `pack` writes mini-sd and mini-clip")
    parser.add_argument("--steps", type=int, help="other steps than the shipped weights had, for a trial")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    arguments.work.mkdir(parents=True, exist_ok=True)
    for part in PARTS if arguments.part == "all" else (arguments.part,):
        make(part, arguments.work, arguments.out or arguments.work / "out", arguments.steps or STEPS.get(part, 0))


def tokenizer(work: Path) -> CLIPTokenizer:
    """The tokenizer of the work folder, made on first use."""
    files = work / "tokenizer"
    if (files / "merges.txt").exists():
        return CLIPTokenizer.from_pretrained(files, model_max_length=77)
    return words.tokenizer(files)


def make(part: str, work: Path, out: Path, steps: int) -> None:
    """Make one part and keep it in the work folder."""
    match part:
        case "vae":
            vae.train(work, steps=steps).save_pretrained(work / "vae")
        case "clip":
            clip.train(work, tokenizer(work), steps=steps).save_pretrained(work / "clip")
        case "unet":
            taught = encoder(work)
            torch.save(unet.train(work, taught, tokenizer(work), steps=steps).state_dict(), work / "painter.pt")
        case "decoder":
            vae.polish(work, encoder(work), steps=steps).save_pretrained(work / "polished")
        case _:
            pack(work, out)


def encoder(work: Path) -> AutoencoderKL:
    """The VAE whose encoder is final."""
    return AutoencoderKL.from_pretrained(work / "vae").to(memory_format=torch.channels_last)


def pack(work: Path, out: Path) -> None:
    """Both Hub folders from the work folder."""
    painter = unet.Painter(tokenizer(work))
    painter.load_state_dict(torch.load(work / "painter.pt", weights_only=True))
    taught = AutoencoderKL.from_pretrained(work / "polished")
    packing.pack_diffusion(taught, painter.eval(), work / "tokenizer", out / "mini-sd")
    packing.pack_clip(CLIPModel.from_pretrained(work / "clip"), work / "tokenizer", out / "mini-clip")


if __name__ == "__main__":
    main()
