"""A picture of any size becomes a square of pixels for the encoder."""

import random
from typing import TYPE_CHECKING

from hubkit.data.source import Source

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

PREPROCESSING = "bicubic-short-side/1"
"""Named in every cache key: a change of what `square` does changes it."""


def square(image: "Image", source: Source, dice: random.Random | None) -> "Image":
    """Resize the short side to `resolution` (bicubic), cut a square, and mirror it or not, as `dice` fall.

    Without dice: the centre, not mirrored.
    """
    from PIL import Image, ImageOps

    side = source.resolution
    scale = side / min(image.size)
    size = tuple(max(side, round(length * scale)) for length in image.size)
    resized = image.resize((size[0], size[1]), Image.Resampling.BICUBIC)
    spare = [length - side for length in resized.size]
    drawn = dice is not None and source.crop == "random"
    left, top = (dice.randint(0, room) if drawn and dice else room // 2 for room in spare)
    cut = resized.crop((left, top, left + side, top + side))
    mirrored = dice is not None and source.horizontal_flip and dice.random() < 0.5  # noqa: PLR2004 - a fair coin
    return ImageOps.mirror(cut) if mirrored else cut


def pixels(image: "Image") -> "Tensor":
    """RGB as a tensor, CHW, float32 in [-1, 1]."""
    import numpy as np
    import torch

    values = torch.from_numpy(np.asarray(image.convert("RGB"), dtype=np.uint8).copy())
    return values.permute(2, 0, 1).float() / 127.5 - 1.0
