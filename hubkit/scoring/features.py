"""What metrics see of pictures: features, extracted once and kept."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hubkit.errors import IntegrityError
from hubkit.extractors import Extractor
from hubkit.progress import track
from hubkit.values import fingerprint, write_atomically

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

FORMAT: Final = 1
EXTRACTED_AT_ONCE: Final = 16
GROUPS: Final = 20
"""Of the delete-a-group jackknife."""


@dataclass(frozen=True)
class Features:
    """What a metric sees of a set of pictures: their features (N, D), and those of their texts where the extractor
    knows words.
    """

    images: "Tensor"
    captions: "Tensor | None" = None

    def without(self, group: int) -> "Features":
        """All but every twentieth picture, beginning with `group`."""
        import torch

        kept = torch.arange(len(self.images)) % GROUPS != group
        return Features(self.images[kept], None if self.captions is None else self.captions[kept])


@dataclass(frozen=True)
class Shelf:
    """Features that were extracted before, by the hash of what was looked at and of who looked."""

    folder: Path

    def images(self, extractor: Extractor, images: "Sequence[Image]") -> "Tensor":
        """Features of pictures, (N, D). Raises IntegrityError where one is not finite."""
        identity = [f"{image.size} {hashlib.sha256(image.tobytes()).hexdigest()}" for image in images]
        return self._kept(extractor, identity, lambda part: extractor.images([images[number] for number in part]))

    def captions(self, extractor: Extractor, captions: Sequence[str]) -> "Tensor":
        """Features of captions, (N, D)."""
        return self._kept(
            extractor, list(captions), lambda part: extractor.captions([captions[number] for number in part])
        )

    def _kept(self, extractor: Extractor, identity: Sequence[str], extract: "Callable[[range], Tensor]") -> "Tensor":
        import torch
        from safetensors.torch import load_file, save

        key = fingerprint(FORMAT, extractor.name, extractor.revision, extractor.preprocessing, list(identity))
        path = self.folder / f"{key}.safetensors"
        if path.is_file():
            known: Tensor = load_file(path)["features"]
            return known
        starts = range(0, len(identity), EXTRACTED_AT_ONCE)
        parts = [
            extract(range(start, min(start + EXTRACTED_AT_ONCE, len(identity))))
            for start in track(starts, f"looking through {extractor.name}", len(starts))
        ]
        features = torch.cat(parts).float().contiguous()
        if bad := [number for number, row in enumerate(features) if not torch.isfinite(row).all()]:
            raise IntegrityError(f"{extractor.name} gives picture {bad[0]} features that are not finite")
        write_atomically(path, save({"features": features}))
        return features


def opened(files: Sequence[Path]) -> "list[Image]":
    """The saved PNGs as 8-bit RGB."""
    from PIL import Image

    images = []
    for file in files:
        with Image.open(file, formats=("PNG",)) as image:
            images.append(image.convert("RGB"))
    return images
