"""LPIPS as an extractor: features whose squared distance is the learned perceptual distance of two pictures.

Paper: Zhang et al. (2018), The Unreasonable Effectiveness of Deep Features as a Perceptual Metric, equation 1,
https://arxiv.org/abs/1801.03924
"""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.error import URLError

from hubkit.devices import device
from hubkit.errors import MachineError
from hubkit.values import sha256_of

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

EPSILON: Final = 1e-8
"""Keeps the length of a position without features from 0, as torchmetrics does."""

LARGEST: Final = 256
"""Pixels a side; larger pictures are made smaller first."""


class Lpips:
    """AlexNet's features under the paper's linear weights, through torchmetrics."""

    name = "lpips-alex"
    source = "lpips-alex (torchvision's AlexNet, the paper's linear weights)"
    preprocessing = f"bicubic with antialiasing to at most {LARGEST} a side"

    def __init__(self) -> None:
        """Find AlexNet's weights in torch's cache, or download them. Raises MachineError."""
        self.revision = sha256_of(weights())

    @cached_property
    def network(self) -> Any:
        """torchmetrics' network, frozen: `net` the backbone in slices, `lins` the weights of each slice's channels."""
        from torchmetrics.image.lpip import LearnedPerceptualImagePatchSimilarity

        return LearnedPerceptualImagePatchSimilarity(net_type="alex").net.requires_grad_(False).eval().to(device())

    def images(self, images: "Sequence[Image]") -> "Tensor":
        """Features of pictures of one size, (N, D): for each slice the channels, normalised at each of the H x W
        positions, times sqrt(w / HW).
        """
        import numpy as np
        import torch

        pixels = torch.stack([torch.from_numpy(np.array(small(image), dtype=np.uint8)) for image in images])
        scaled = pixels.permute(0, 3, 1, 2).float().to(device()) / 127.5 - 1
        slices = self.network.net(self.network.scaling_layer(scaled))
        parts = []
        for features_NCHW, line in zip(slices, self.network.lins, strict=True):
            weight_1C11 = line.model[-1].weight.clamp(min=0)
            positions = features_NCHW.shape[2] * features_NCHW.shape[3]
            length_N1HW = (features_NCHW.square().sum(dim=1, keepdim=True) + EPSILON).sqrt()
            parts.append((features_NCHW / length_N1HW * (weight_1C11 / positions).sqrt()).flatten(1))
        features: Tensor = torch.cat(parts, dim=1)
        return features.float().cpu()

    def captions(self, captions: Sequence[str]) -> "Tensor":
        """LPIPS knows no words."""
        raise NotImplementedError("LPIPS has no caption features")

    def truncated(self, captions: Sequence[str]) -> int:
        """It reads none."""
        raise NotImplementedError("LPIPS reads no captions")


def small(image: "Image") -> "Image":
    """The picture, no side of it longer than LARGEST."""
    from PIL import Image

    if max(image.size) <= LARGEST:
        return image
    scale = LARGEST / max(image.size)
    return image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.BICUBIC)


def weights() -> Path:
    """AlexNet's published weights, downloaded once into torch's own cache and held against their hash."""
    import torch
    from torchvision.models import AlexNet_Weights

    url = AlexNet_Weights.IMAGENET1K_V1.url
    target: Path = Path(torch.hub.get_dir()) / "checkpoints" / url.rpartition("/")[2]
    if not target.is_file():
        try:
            AlexNet_Weights.IMAGENET1K_V1.get_state_dict(progress=False, check_hash=True)
        except (URLError, OSError, RuntimeError) as error:
            raise MachineError(
                f"AlexNet's weights, which LPIPS needs, cannot be downloaded: {error}",
                help="use a model of the Hub as `extractor`; the number is then called div[...]",
            ) from error
    return target
