"""The miniature VAE: 64x64 pixels to 16x16x6 latents, taught on the broad world.

Legend: B images, C channels, H rows, W columns; pixels are in [-1, 1].
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from hubkit.miniature.broad import broad
from hubkit.miniature.components import begin
from hubkit.miniature.drawing import Style, portrait
from hubkit.miniature.lessons import Lesson, learn, say

PICTURES = 16_000
PORTRAITS = 0.35
LATENT_CHANNELS = 6
KL_WEIGHT = 5e-5
EDGE_WEIGHT = 3.0
GRADIENT_WEIGHT = 0.5
GRAIN = 0.2


def fresh(images_BCHW: Tensor) -> AutoencoderKL:
    """An untaught VAE: two downsamplings, six latent channels that begin as these images' principal components."""
    levels = (32, 48, 64)
    vae = AutoencoderKL(
        block_out_channels=levels,
        down_block_types=("DownEncoderBlock2D",) * len(levels),
        up_block_types=("UpDecoderBlock2D",) * len(levels),
        layers_per_block=1,
        latent_channels=LATENT_CHANNELS,
        norm_num_groups=8,
        mid_block_add_attention=False,
        sample_size=64,
    )
    begin(vae, images_BCHW)
    return vae.to(memory_format=torch.channels_last)


def pixels(images: list[Image.Image]) -> Tensor:
    """uint8 BCHW of pictures of one size."""
    return torch.from_numpy(np.stack([np.asarray(image) for image in images])).permute(0, 3, 1, 2).contiguous()


def scaled(pixels_BCHW: Tensor) -> Tensor:
    """uint8 to [-1, 1], channels last."""
    return (pixels_BCHW.float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)


def slopes(images_BCHW: Tensor) -> tuple[Tensor, Tensor]:
    """Differences between neighbours, along rows and along columns."""
    return images_BCHW.diff(dim=3), images_BCHW.diff(dim=2)


def edges(images_BCHW: Tensor) -> Tensor:
    """B1HW in [0, 1]: how near a pixel is to an edge; thin dark lines have the most of it."""
    low = -functional.max_pool2d(-images_BCHW, 3, 1, 1)
    spread = functional.max_pool2d(images_BCHW, 3, 1, 1) - low
    return spread.amax(1, keepdim=True) / 2


def reconstruction_error(drawn_BCHW: Tensor, images_BCHW: Tensor) -> Tensor:
    """L1 that weighs edges more, and L1 between the slopes."""
    error = ((drawn_BCHW - images_BCHW).abs() * (1 + EDGE_WEIGHT * edges(images_BCHW))).mean()
    pairs = zip(slopes(drawn_BCHW), slopes(images_BCHW), strict=True)
    return error + GRADIENT_WEIGHT * sum((drawn - image).abs().mean() for drawn, image in pairs)


def objective(vae: AutoencoderKL, pictures_BCHW: Tensor, lesson: Lesson) -> Callable[[int], Tensor]:
    """The loss of one step: the reconstruction through a posterior sample, and a little KL."""

    def loss(step: int) -> Tensor:
        images_BCHW = scaled(pictures_BCHW[lesson.batch(step, len(pictures_BCHW))])
        if step % 2:
            images_BCHW = images_BCHW.flip(3)
        posterior = vae.encode(images_BCHW).latent_dist
        drawn_BCHW = vae.decode(posterior.sample(generator=lesson.generator("posterior", step))).sample
        latents = posterior.mean.numel() / len(images_BCHW)
        kl: Tensor = posterior.kl().mean() / latents
        return reconstruction_error(drawn_BCHW, images_BCHW) + KL_WEIGHT * kl

    return loss


def decoding(vae: AutoencoderKL, pictures_BCHW: Tensor, lesson: Lesson, grain: float = 0.0) -> Callable[[int], Tensor]:
    """The loss of one step for the decoder alone: the encoder, and with it every latent, stays as it is.

    With grain, latents of unit variance get up to this much noise each: what a small UNet leaves is then cleaned here.
    """

    def loss(step: int) -> Tensor:
        images_BCHW = scaled(pictures_BCHW[lesson.batch(step, len(pictures_BCHW))])
        with torch.no_grad():
            posterior = vae.encode(images_BCHW).latent_dist
        latents_BCHW = posterior.sample(generator=lesson.generator("posterior", step))
        generator = lesson.generator("grain", step)
        level_B111 = torch.rand(len(latents_BCHW), 1, 1, 1, generator=generator) * grain / vae.config.scaling_factor
        latents_BCHW = latents_BCHW + level_B111 * torch.randn(latents_BCHW.shape, generator=generator)
        return reconstruction_error(vae.decode(latents_BCHW).sample, images_BCHW)

    return loss


@torch.no_grad()
def unit_scale(vae: AutoencoderKL, pictures_BCHW: Tensor) -> float:
    """The factor that gives the latents of these pictures unit variance."""
    latents = [vae.encode(scaled(batch)).latent_dist.mean for batch in torch.split(pictures_BCHW, 64)]
    return round(1 / float(torch.cat(latents).std()), 5)


def held_out(style: Style, count: int) -> Tensor:
    """Pictures of a style that no lesson draws."""
    return pixels([portrait(index, style, purpose="held-out")[0] for index in range(count)])


@torch.no_grad()
def reconstructed(vae: AutoencoderKL, pictures_BCHW: Tensor) -> Tensor:
    """uint8 BCHW after encoding and decoding."""
    drawn = [
        vae.decode(vae.encode(scaled(batch)).latent_dist.mode()).sample for batch in torch.split(pictures_BCHW, 32)
    ]
    return ((torch.cat(drawn).clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)


def psnr(drawn_BCHW: Tensor, pictures_BCHW: Tensor) -> float:
    """Peak signal to noise in dB, the mean over the pictures."""
    error_B = (drawn_BCHW.float() - pictures_BCHW.float()).square().mean((1, 2, 3))
    return float((10 * torch.log10(255**2 / error_B.clamp_min(1e-6))).mean())


def train(work: Path, *, steps: int = 1900, pictures: int = PICTURES) -> AutoencoderKL:
    """The VAE, taught on the broad world."""
    lesson = Lesson(name="vae", steps=steps, cycle=2800, batch_size=8, learning_rate=1e-3)
    torch.manual_seed(lesson.seed)
    drawn_BCHW = pixels([broad(index, portraits=PORTRAITS)[0] for index in range(pictures)])
    vae = fresh(scaled(drawn_BCHW[:512]))
    seconds = learn(vae, objective(vae, drawn_BCHW, lesson), lesson, work)
    people_BCHW = pixels([portrait(index)[0] for index in range(512)])
    vae.register_to_config(scaling_factor=unit_scale(vae.eval(), people_BCHW))
    say(f"vae: {seconds:.0f} s, scaling_factor {vae.config.scaling_factor}")
    return vae


def polish(work: Path, vae: AutoencoderKL, *, steps: int = 1200, pictures: int = PICTURES) -> AutoencoderKL:
    """The VAE with its decoder taught further, on other pictures; a UNet taught on its latents fits it all the same."""
    first = Lesson(name="decoder", steps=steps * 2 // 3, batch_size=8, learning_rate=4e-4)
    second = Lesson(name="decoder-again", steps=steps, batch_size=8, learning_rate=5e-4)
    drawn_BCHW = pixels([broad(index, seed=2, portraits=PORTRAITS)[0] for index in range(pictures)])
    decoder = nn.ModuleList([vae.post_quant_conv, vae.decoder])
    for lesson, grain in ((first, 0.0), (second, GRAIN)):
        seconds = learn(decoder, decoding(vae, drawn_BCHW, lesson, grain), lesson, work)
        say(f"{lesson.name}: {seconds:.0f} s")
    return vae
