"""The Inception network of FID, with the weights the FID of the literature is computed with.

Paper: Szegedy et al. (2016), Rethinking the Inception Architecture, https://arxiv.org/abs/1512.00567
"""

import pickle
import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.error import URLError

from hubkit import hub
from hubkit.devices import device
from hubkit.errors import BaseModelError, MachineError
from hubkit.progress import say
from hubkit.values import HUB_FILE, sha256_of

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

HASH_PREFIX: Final = "6726825d"
"""Of the sha256 of the published weights, as their file name says."""

SUPPLY: Final = (
    "give them with `weights`: a path, or `namespace/name:file` on a Hub;"
    " or use a CLIP model as `extractor` (the number is then called fd[...])"
)


class Inception:
    """Inception-v3 with 2,048 pooled features, through torchmetrics."""

    preprocessing = "torch bilinear with antialiasing to 299"

    def __init__(self, weights: str | None, revision: str | None) -> None:
        """Find the weights: a path, a file on the Hub, or the published ones. Raises BaseModelError, MachineError."""
        self.path = find_weights(weights, revision)
        self.revision = sha256_of(self.path)
        known = self.revision.startswith(HASH_PREFIX)
        self.name = "inception" if known else f"inception with other weights {self.revision[:8]}"
        self.source = self.name

    @cached_property
    def model(self) -> Any:
        """The network, frozen. The file is first read with the weights-only unpickler: it may come from a stranger."""
        import torch
        from torchmetrics.image.fid import NoTrainInceptionV3

        try:
            torch.load(self.path, map_location="cpu", weights_only=True)
        except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
            raise BaseModelError(
                f"{self.path.name} holds no Inception weights: {str(error)[:120]}", help=SUPPLY
            ) from error
        network = NoTrainInceptionV3("inception-v3-compat", ["2048"], feature_extractor_weights_path=str(self.path))
        return network.to(device())

    def images(self, images: "Sequence[Image]") -> "Tensor":
        """Pooled features of pictures of one size, (N, 2048)."""
        import numpy as np
        import torch

        pixels = torch.stack(
            [torch.from_numpy(np.asarray(image, dtype=np.uint8).copy()).permute(2, 0, 1) for image in images]
        )
        features: Tensor = self.model(pixels.to(next(self.model.parameters()).device))
        return features.float().cpu()

    def captions(self, captions: Sequence[str]) -> "Tensor":
        """Inception knows no words."""
        raise NotImplementedError("Inception has no caption features")

    def truncated(self, captions: Sequence[str]) -> int:
        """It reads none."""
        raise NotImplementedError("Inception reads no captions")


def find_weights(weights: str | None, revision: str | None) -> Path:
    """The file with the weights, downloaded if need be; `revision` is that of the repo on the Hub."""
    if weights is None:
        return published_weights()
    if re.fullmatch(HUB_FILE, weights):
        repo, _, name = weights.partition(":")
        facts = hub.resolve_model(repo, revision)
        if name not in facts.files:
            raise BaseModelError(f"{repo} has no file {name[:80]!r}")
        return hub.snapshot(repo, facts.sha, kind="model", allow=[name]) / name
    if not Path(weights).is_file():
        raise BaseModelError(f"there are no Inception weights at {weights!r}", help=SUPPLY)
    return Path(weights)


def published_weights() -> Path:
    """The weights of the original TensorFlow network, downloaded once and held against their hash."""
    import torch
    from torch_fidelity.feature_extractor_inceptionv3 import URL_INCEPTION_V3

    target: Path = hub.cache_folder() / "inception" / URL_INCEPTION_V3.rsplit("/", 1)[-1]
    if not target.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        say("downloading the Inception weights of FID")
        try:
            torch.hub.download_url_to_file(URL_INCEPTION_V3, str(target), hash_prefix=HASH_PREFIX, progress=False)
        except (URLError, OSError, RuntimeError) as error:
            raise MachineError(f"the Inception weights cannot be downloaded: {error}", help=SUPPLY) from error
    return target
