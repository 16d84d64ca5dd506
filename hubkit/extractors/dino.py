"""DINO and DINOv2 as extractors of picture features: vision transformers that learnt without labels or captions.

Papers: Caron et al. (2021), Emerging Properties in Self-Supervised Vision Transformers, https://arxiv.org/abs/2104.14294;
Oquab et al. (2023), DINOv2: Learning Robust Visual Features without Supervision, https://arxiv.org/abs/2304.07193
"""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hubkit import hub
from hubkit.devices import device
from hubkit.errors import BaseModelError

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

NEEDED: Final = ("config.json", "model.safetensors", "preprocessor_config.json")


class Dino:
    """A vision transformer of the Hub at one commit, seen through its class token."""

    preprocessing = "the model's own: resize, crop where it says so, normalise"

    def __init__(self, repo: str, revision: str | None) -> None:
        """Resolve the revision; nothing is downloaded before the first picture. Raises BaseModelError."""
        facts = hub.resolve_model(repo, revision)
        self.source = repo
        self.name = repo.rpartition("/")[2]
        self.revision = facts.sha
        if missing := set(NEEDED) - set(facts.files):
            raise BaseModelError(
                f"{repo} has no {min(missing)}; pickled weights are not read for scoring",
                help="facebook/dinov2-small is one that has everything",
            )

    @cached_property
    def folder(self) -> Path:
        """The downloaded snapshot."""
        return hub.snapshot(self.source, self.revision, kind="model", allow=NEEDED)

    @cached_property
    def model(self) -> Any:
        """The network, float32, frozen."""
        import torch
        from transformers import AutoModel

        model = AutoModel.from_pretrained(self.folder, dtype=torch.float32, use_safetensors=True, local_files_only=True)
        return model.requires_grad_(False).eval().to(device())

    @cached_property
    def image_processor(self) -> Any:
        """Its preprocessing of pictures."""
        from transformers import AutoImageProcessor

        return AutoImageProcessor.from_pretrained(self.folder, local_files_only=True)

    def images(self, images: "Sequence[Image]") -> "Tensor":
        """The class token after the last layer norm, (N, D)."""
        pixels = self.image_processor(images=list(images), return_tensors="pt")["pixel_values"]
        features: Tensor = self.model(pixel_values=pixels.to(self.model.device)).last_hidden_state[:, 0]
        return features.float().cpu()

    def captions(self, captions: Sequence[str]) -> "Tensor":
        """DINO knows no words."""
        raise NotImplementedError("DINO has no caption features")

    def truncated(self, captions: Sequence[str]) -> int:
        """It reads none."""
        raise NotImplementedError("DINO reads no captions")
