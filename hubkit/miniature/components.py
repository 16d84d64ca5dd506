"""Starts the VAE's encoder as a principal-component analysis of 4x4 patches, written into an AutoencoderKL's weights.

From a random start the latents carry little for a long while. From this one they hold, in the first step, what a few
numbers can hold of a patch linearly, and training only has to better it.

Legend: B images, C channels, H rows, W columns, N patches, P pixels of a patch, K components.
"""

import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn
from torch.nn import functional

LITTLE_NOISE = -6.0  # the posterior's log-variance at the start
ANCHOR = 6.0  # two constants of this size in each group keep group normalisation nearly linear
LIFT = 4.0  # where SiLU is nearly linear
DATA = 6  # channels of eight in a group that hold pixels; the other two are the anchors
GROUP = 8


def components(images_BCHW: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """PK directions of 4x4 patches, and the standard deviation along each."""
    patches_NP = functional.unfold(images_BCHW.contiguous(), 4, stride=4).transpose(1, 2).flatten(0, 1)
    directions, variances, _ = torch.linalg.svd(torch.cov((patches_NP - patches_NP.mean(0)).T))
    return directions[:, :count], variances[:count].sqrt()


@torch.no_grad()
def begin(vae: AutoencoderKL, images_BCHW: Tensor) -> None:
    """Every residual branch begins silent, the encoder as the components of these images, the decoder orthogonal."""
    for name, part in vae.named_modules():
        if isinstance(part, nn.Conv2d):
            (nn.init.zeros_ if name.endswith("conv2") else nn.init.orthogonal_)(part.weight)
            nn.init.zeros_(part.bias)  # type: ignore[arg-type]
    _carry_pixels(vae.encoder)
    _project(vae, *components(images_BCHW, vae.config.latent_channels))
    count = vae.config.latent_channels
    nn.init.dirac_(vae.post_quant_conv.weight)
    nn.init.dirac_(vae.quant_conv.weight[:count])
    vae.quant_conv.weight[count:] = 0
    vae.quant_conv.bias[:count] = -vae.encode(images_BCHW).latent_dist.mean.mean((0, 2, 3))
    vae.quant_conv.bias[count:] = LITTLE_NOISE


def _carry_pixels(encoder: nn.Module) -> None:
    """Each downsampling moves a 2x2 square into channels: 3, then 12, then 48 of them are the pixels themselves."""
    first, second, third = encoder.down_blocks  # type: ignore[misc]
    _identity(encoder.conv_in, 3, (1, 1))  # type: ignore[arg-type]
    _gather(first.downsamplers[0].conv, 3)
    _identity(second.resnets[0].conv_shortcut, 12, (0, 0))
    _gather(second.downsamplers[0].conv, 12)
    spread = third.resnets[0].conv_shortcut
    nn.init.zeros_(spread.weight)
    for channel in range(spread.in_channels):
        spread.weight[_place(channel), channel] = 1
    spread.bias[DATA::GROUP] = ANCHOR
    spread.bias[DATA + 1 :: GROUP] = -ANCHOR


def _identity(conv: nn.Conv2d, count: int, tap: tuple[int, int]) -> None:
    """The first channels pass as they are; the others begin small and free."""
    conv.weight *= 0.3
    conv.weight[:count] = 0
    for channel in range(count):
        conv.weight[(channel, channel, *tap)] = 1


def _gather(conv: nn.Conv2d, count: int) -> None:
    """Channel c, square (y, x) to channel 4c + 2y + x."""
    conv.weight *= 0.3
    conv.weight[: 4 * count] = 0
    for channel in range(count):
        for square in range(4):
            conv.weight[4 * channel + square, channel, square // 2, square % 2] = 1


def _place(channel: int) -> int:
    """Where one of 48 pixels stands among the 64 channels before the last normalisation."""
    return channel // DATA * GROUP + channel % DATA


def _pixel(channel: int) -> int:
    """Which pixel of a patch (colour, row, column) a gathered channel is."""
    colour, inner, outer = channel // 16, channel // 4 % 4, channel % 4
    row, column = 2 * (outer // 2) + inner // 2, 2 * (outer % 2) + inner % 2
    return 16 * colour + 4 * row + column


def _project(vae: AutoencoderKL, directions_PK: Tensor, deviations_K: Tensor) -> None:
    """The encoder's last convolution as the projection, undoing normalisation and SiLU to first order."""
    encoder = vae.encoder
    encoder.conv_norm_out.bias.fill_(LIFT)
    weight = nn.init.zeros_(encoder.conv_out.weight)[:, :, 1, 1]
    spread = ANCHOR * (2 / GROUP) ** 0.5
    heights_K = (deviations_K / deviations_K[0]).sqrt()  # fine detail stays below the broad: diffusion draws it last
    scaled_PK = directions_PK / deviations_K * heights_K * spread
    for channel in range(len(scaled_PK)):
        weight[: scaled_PK.shape[1], _place(channel)] = scaled_PK[_pixel(channel)]
    for start in range(0, len(scaled_PK) // DATA * GROUP, GROUP):  # the anchors give back the group's mean
        total = weight[:, start : start + DATA].sum(1, keepdim=True)
        weight[:, start + DATA : start + GROUP] = -total / 2
