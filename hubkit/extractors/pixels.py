"""The plain look at a picture: how light it is, how much it varies, what it shows in small, and whether a safety
checker objects to it. No network but the checker's.

Legend: N pictures, S pixels a side in small.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from hubkit.extractors.safety import SafetyChecker

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

SIDE: Final = 16
"""S: the side of the small picture, whose pixels are the means of the large one's."""
LIGHTNESS, VARIATION, OBJECTED, SMALL = range(4)
"""Columns of the features: the mean level, 0 to 255; the standard deviation about the mean of each channel, in levels;
1 where the checker objects; and, from there on, the small picture, S x S x 3 levels.
"""


class Pixels:
    """What can be seen without having learnt anything."""

    name = "pixels"
    preprocessing = f"means of {SIDE} x {SIDE} parts"

    def __init__(self, checker: SafetyChecker | None = None) -> None:
        """`checker` says what it objects to; without one nothing is objected to."""
        self.checker = checker
        self.source = checker.source if checker else "pixels"
        self.revision = checker.revision if checker else "1"

    def images(self, images: "Sequence[Image]") -> "Tensor":
        """Features of pictures, (N, 3 + 3 S^2), float32."""
        import torch

        objected = self.checker.objects(images) if self.checker else [False] * len(images)
        return torch.stack([row(image, objected=one) for image, one in zip(images, objected, strict=True)])

    def captions(self, captions: Sequence[str]) -> "Tensor":
        """Pixels know no words."""
        raise NotImplementedError("pixels have no caption features")

    def truncated(self, captions: Sequence[str]) -> int:
        """It reads none."""
        raise NotImplementedError("pixels read no captions")


def row(image: "Image", *, objected: bool) -> "Tensor":
    """The features of one picture."""
    import numpy as np
    import torch
    from PIL import Image

    levels = np.asarray(image, dtype=np.float64)
    small = np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BOX), dtype=np.float64)
    variation = float(np.sqrt(np.square(levels - levels.mean(axis=(0, 1))).mean()))
    return torch.tensor([levels.mean(), variation, float(objected), *small.ravel()], dtype=torch.float32)
