"""The families of models hubkit can finetune, and what a loaded model must offer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from hubkit.families.stable_diffusion import StableDiffusion

if TYPE_CHECKING:
    from torch import Generator, Tensor, nn

FAMILIES: Final = {"stable-diffusion": StableDiffusion}


@dataclass(frozen=True)
class Posterior:
    """What the image encoder says of a batch: mean and standard deviation of the latents, float32, BCHW, already
    scaled to unit variance.
    """

    mean: "Tensor"
    std: "Tensor"


@dataclass(frozen=True)
class Conditioning:
    """What the denoiser is told of the captions: embeddings (B, tokens, width)."""

    embeddings: "Tensor"


@dataclass(frozen=True)
class Piece:
    """A token: its text, its place in the vocabulary (from 0, the commonest, to 1; byte pairs are merged in the order
    of their frequency), and whether the vocabulary holds it at all.
    """

    text: str
    place: float
    known: bool


@dataclass(frozen=True)
class Noised:
    """A batch ready for the denoiser: noisy latents (BCHW), timesteps (B, integers), what it must predict (BCHW), and
    the signal-to-noise ratio (B).
    """

    latents: "Tensor"
    timesteps: "Tensor"
    target: "Tensor"
    snr: "Tensor"


class Family(Protocol):
    """What the stages ask of a recipe's `[model]` table."""

    @property
    def base(self) -> str:
        """The base's repo on the Hub."""
        ...

    @property
    def revision(self) -> str | None:
        """Its commit, once it is pinned."""
        ...

    @property
    def license(self) -> str | None:
        """Its licence, where the recipe states it."""
        ...

    def essence(self) -> dict[str, Any]:
        """The keys that decide what is made."""
        ...

    def fetch(self) -> Path:
        """Download and check the base; its folder."""
        ...

    def load(self, *, device: str = "cpu") -> "Diffuser":
        """The base, ready to be trained."""
        ...

    def pipeline(self, folder: Path, *, device: str = "cpu") -> Any:
        """The diffusers pipeline of a folder of this family."""
        ...


class Diffuser(Protocol):
    """A loaded model. `denoiser` is the one module that is prepared by accelerate and called by the loop."""

    prediction_type: str

    @property
    def denoiser(self) -> "nn.Module":
        """Takes noisy latents (BCHW), timesteps (B) and captions: token ids (BT, integers), which it encodes itself,
        or embeddings (BTD). Predicts what `noise` calls the target.
        """
        ...

    @property
    def text_encoders(self) -> frozenset[str]:
        """The components that read captions. Where one of them is trained, captions go in as token ids."""
        ...

    @property
    def longest_caption(self) -> int:
        """Tokens the text encoder reads, begin and end included."""
        ...

    def pieces(self, text: str) -> tuple[Piece, ...]:
        """What the tokenizer makes of a text, uncut, without begin and end."""
        ...

    def tokenize(self, captions: Sequence[str]) -> "Tensor":
        """Captions to token ids (BT), cut to the tokenizer's length with the end token kept, and padded."""
        ...

    def save_memory(self) -> None:
        """Compute activations again in the backward pass of what is trained, rather than keep them."""
        ...

    def encode_images(self, pixels: "Tensor") -> Posterior:
        """Pixels (BCHW, float in [-1, 1]) to the posterior of their latents."""
        ...

    def encode_captions(self, captions: Sequence[str]) -> Conditioning:
        """Captions to embeddings, cut to the tokenizer's length with the end token kept."""
        ...

    def noise(self, latents: "Tensor", generators: "Sequence[Generator]") -> Noised:
        """Noise a batch of clean latents, each picture by its own generator."""
        ...

    def pipeline(self) -> Any:
        """The diffusers pipeline over the weights as they are now."""
        ...

    def save(self, folder: Path, weights: "Mapping[str, Mapping[str, Tensor]]") -> None:
        """Write the model in diffusers' format, safetensors only, with `weights` of the trained components in place
        of the base's.
        """
        ...
