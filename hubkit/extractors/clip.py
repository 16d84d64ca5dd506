"""CLIP as an extractor of picture and caption features.

Paper: Radford et al. (2021), Learning Transferable Visual Models From Natural Language Supervision,
https://arxiv.org/abs/2103.00020
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

NEEDED: Final = frozenset({
    "config.json", "model.safetensors", "preprocessor_config.json", "tokenizer.json", "tokenizer_config.json",
    "special_tokens_map.json", "vocab.json", "merges.txt",
})  # fmt: skip


class Clip:
    """A CLIP model of the Hub at one commit."""

    preprocessing = "the model's own: resize, centre crop, normalise"

    def __init__(self, repo: str, revision: str | None) -> None:
        """Resolve the revision; nothing is downloaded before the first picture. Raises BaseModelError."""
        self.facts = hub.resolve_model(repo, revision)
        self.source = repo
        self.name = repo.rpartition("/")[2]
        self.revision = self.facts.sha
        if "model.safetensors" not in self.facts.files:
            raise BaseModelError(f"{repo} has no model.safetensors; pickled weights are not read for scoring")

    @cached_property
    def folder(self) -> Path:
        """The downloaded snapshot."""
        return hub.snapshot(self.source, self.revision, kind="model", allow=sorted(NEEDED & set(self.facts.files)))

    @cached_property
    def model(self) -> Any:
        """The network, float32, frozen."""
        import torch
        from transformers import CLIPModel

        model = CLIPModel.from_pretrained(self.folder, dtype=torch.float32, use_safetensors=True, local_files_only=True)
        return model.requires_grad_(False).eval().to(device())

    @cached_property
    def tokenizer(self) -> Any:
        """Its tokenizer."""
        from transformers import CLIPTokenizer

        return CLIPTokenizer.from_pretrained(self.folder, local_files_only=True)

    @cached_property
    def image_processor(self) -> Any:
        """Its preprocessing of pictures."""
        from transformers import CLIPImageProcessor

        return CLIPImageProcessor.from_pretrained(self.folder, local_files_only=True)

    def images(self, images: "Sequence[Image]") -> "Tensor":
        """The projected features of pictures, (N, D)."""
        pixels = self.image_processor(images=list(images), return_tensors="pt")["pixel_values"]
        return pooled(self.model.get_image_features(pixel_values=pixels.to(self.model.device)))

    def captions(self, captions: Sequence[str]) -> "Tensor":
        """The projected features of captions, (N, D), cut to the model's length with the end token kept.

        Cutting the token ids afterwards, as torchmetrics does, loses the end token, and every long caption gets the
        same features.
        """
        tokens = self.tokenizer(
            list(captions), padding="max_length", truncation=True, max_length=self.length, return_tensors="pt"
        )
        tokens = tokens.to(self.model.device)
        return pooled(
            self.model.get_text_features(input_ids=tokens["input_ids"], attention_mask=tokens["attention_mask"])
        )

    def truncated(self, captions: Sequence[str]) -> int:
        """How many captions are longer than the model reads."""
        return sum(len(ids) > self.length for ids in self.tokenizer(list(captions))["input_ids"])

    @property
    def length(self) -> int:
        """Tokens the model reads, begin and end included."""
        return int(self.model.config.text_config.max_position_embeddings)


def pooled(output: Any) -> "Tensor":
    """The feature tensor, which newer versions of transformers return inside an output object."""
    features: Tensor = getattr(output, "pooler_output", output)
    return features.float().cpu()
