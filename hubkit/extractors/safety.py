"""Stable Diffusion's safety checker, asked what it objects to in pictures that were drawn without it.

Paper: Rando et al. (2022), Red-Teaming the Stable Diffusion Safety Filter, https://arxiv.org/abs/2210.04610
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

CHECKER: Final = "safety_checker"
EYES: Final = "feature_extractor"
NEEDED: Final = frozenset(
    {f"{CHECKER}/config.json", f"{CHECKER}/model.safetensors", f"{EYES}/preprocessor_config.json"}
)


class SafetyChecker:
    """The checker of a Stable Diffusion repo on the Hub, at one commit."""

    def __init__(self, repo: str, revision: str | None) -> None:
        """Resolve the revision; nothing is downloaded before the first picture. Raises BaseModelError."""
        facts = hub.resolve_model(repo, revision)
        self.source, self.revision = repo, facts.sha
        if lacking := sorted(NEEDED - set(facts.files)):
            raise BaseModelError(
                f"{repo} has no {lacking[0]}, so it cannot say what its safety checker objects to",
                help="name another repo that brings one, or leave `safety_checker` out",
            )

    @cached_property
    def folder(self) -> Path:
        """The downloaded snapshot."""
        return hub.snapshot(self.source, self.revision, kind="model", allow=sorted(NEEDED))

    @cached_property
    def model(self) -> Any:
        """The network, float32, frozen."""
        import torch
        from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker

        model = StableDiffusionSafetyChecker.from_pretrained(
            self.folder / CHECKER, dtype=torch.float32, use_safetensors=True, local_files_only=True
        )
        return model.requires_grad_(False).eval().to(device())

    @cached_property
    def image_processor(self) -> Any:
        """Its preprocessing of pictures."""
        from transformers import CLIPImageProcessor

        return CLIPImageProcessor.from_pretrained(self.folder / EYES, local_files_only=True)

    def objects(self, images: "Sequence[Image]") -> list[bool]:
        """Whether it would black out each of them."""
        import numpy as np

        pixels = self.image_processor(images=list(images), return_tensors="pt")["pixel_values"]
        blackened = np.zeros((len(images), 1, 1, 3), dtype=np.float32)  # it writes into what it is given
        _, found = self.model(images=blackened, clip_input=pixels.to(device()))
        return [bool(one) for one in found]
