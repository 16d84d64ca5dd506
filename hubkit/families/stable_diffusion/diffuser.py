"""A Stable Diffusion that is being finetuned.

Shapes: B pictures, C channels, H x W pixels or latents, T tokens, D width of the text encoder.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import torch
from diffusers import AutoencoderKL, DDPMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from diffusers.utils import logging
from safetensors.torch import load_file, save_file
from torch import Generator, Tensor, nn
from transformers import CLIPTextModel, CLIPTokenizer

from hubkit import families
from hubkit.errors import BaseModelError
from hubkit.families.stable_diffusion.base import WEIGHTS, fetch, is_small, scheduler_gaps

if TYPE_CHECKING:
    from hubkit.families.stable_diffusion import StableDiffusion

WORD_END = "</w>"
"""How CLIP's vocabulary marks a piece that ends a word."""

OLD_KEYS = ("position_ids",)
"""Buffers that older libraries saved and newer ones compute."""


class Denoiser(nn.Module):
    """The one module that is prepared and called: the UNet and, for captions that are not encoded yet, the text
    encoder.
    """

    def __init__(self, unet: UNet2DConditionModel, text_encoder: CLIPTextModel) -> None:
        super().__init__()
        self.unet = unet
        self.text_encoder = text_encoder

    def forward(self, latents_BCHW: Tensor, timesteps_B: Tensor, captions: Tensor) -> Tensor:
        """Predict the noise, or the velocity, in noisy latents; same shape as the latents. `captions` are token ids
        (BT) or embeddings (BTD).
        """
        embeddings_BTD = captions if captions.is_floating_point() else self.text_encoder(captions).last_hidden_state
        prediction: Tensor = self.unet(
            latents_BCHW, timesteps_B, encoder_hidden_states=embeddings_BTD, return_dict=False
        )[0]
        return prediction


class StableDiffusionDiffuser:
    """The base's components in float32 on one device, and the base's own scheduler."""

    text_encoders = frozenset({"text_encoder"})

    def __init__(self, folder: Path, device: str) -> None:
        """Load from a fetched folder. Raises BaseModelError when weights and architecture do not fit."""
        self.folder = folder
        self.device = torch.device(device)
        self.vae = self._module(AutoencoderKL, "vae")
        self.text_encoder = self._module(CLIPTextModel, "text_encoder")
        self.denoiser = Denoiser(self._module(UNet2DConditionModel, "unet"), self.text_encoder)
        self.tokenizer = CLIPTokenizer.from_pretrained(folder, subfolder="tokenizer")
        self.scheduler = DDPMScheduler.from_pretrained(folder, subfolder="scheduler", **scheduler_gaps(folder))
        self.prediction_type: str = self.scheduler.config.prediction_type
        if self.prediction_type not in ("epsilon", "v_prediction"):
            raise BaseModelError(f"the base predicts {self.prediction_type!r}; hubkit trains epsilon and v_prediction")

    @classmethod
    def load(cls, settings: "StableDiffusion", *, device: str) -> Self:
        """The base of the recipe, fetched and loaded."""
        return cls(fetch(settings), device)

    def _module(self, kind: type[Any], name: str) -> Any:
        """One frozen component, with every weight of its architecture present, of the right shape, and finite."""
        module, found = kind.from_pretrained(
            self.folder, subfolder=name, dtype=torch.float32, use_safetensors=True, output_loading_info=True
        )
        faults = {
            key: [str(entry) for entry in found.get(key) or ()]
            for key in ("missing_keys", "unexpected_keys", "mismatched_keys")
        }
        for what, keys in faults.items():
            if surprising := [key for key in keys if not key.endswith(OLD_KEYS)]:
                raise BaseModelError(
                    f"the base's {name} has {what.replace('_', ' ')}: {', '.join(surprising[:3])[:160]}"
                )
        for key, tensor in module.state_dict().items():
            if not torch.isfinite(tensor).all():
                raise BaseModelError(f"the base's {name} holds a number that is not finite, in {key}")
        return module.to(self.device, memory_format=torch.channels_last).requires_grad_(False).eval()

    @torch.no_grad()
    def encode_images(self, pixels: Tensor) -> families.Posterior:
        """Pixels (BCHW, [-1, 1]) to the posterior of their latents, scaled to unit variance (Rombach et al., 2022,
        section G).
        """
        batch = pixels.to(self.device, memory_format=torch.channels_last)
        posterior = self.vae.encode(batch).latent_dist
        scale = self.vae.config.scaling_factor
        return families.Posterior((posterior.mean * scale).cpu(), (posterior.std * scale).cpu())

    @torch.no_grad()
    def encode_captions(self, captions: Sequence[str]) -> families.Conditioning:
        """Captions to the text encoder's last hidden state (BTD)."""
        tokens = self.tokenize(captions).to(self.device)
        return families.Conditioning(self.text_encoder(tokens).last_hidden_state.cpu())

    def tokenize(self, captions: Sequence[str]) -> Tensor:
        """Captions to token ids (BT), cut to the tokenizer's length with the end token kept, and padded."""
        tokens: Tensor = self.tokenizer(
            list(captions),
            padding="max_length",
            truncation=True,
            max_length=self.longest_caption,
            return_tensors="pt",
        ).input_ids
        return tokens

    @property
    def longest_caption(self) -> int:
        """Tokens the text encoder reads, begin and end included."""
        return int(self.tokenizer.model_max_length)

    def pieces(self, text: str) -> tuple[families.Piece, ...]:
        """What the tokenizer makes of a text, uncut, without begin and end."""
        numbers = self.tokenizer(text, add_special_tokens=False).input_ids
        texts = self.tokenizer.convert_ids_to_tokens(numbers)
        return tuple(
            families.Piece(
                text.removesuffix(WORD_END), number / len(self.tokenizer), known=number != self.tokenizer.unk_token_id
            )
            for text, number in zip(texts, numbers, strict=True)
        )

    def save_memory(self) -> None:
        """Compute activations again in the backward pass of what is trained, rather than keep them."""
        self.denoiser.unet.enable_gradient_checkpointing()
        self.text_encoder.gradient_checkpointing_enable()

    def noise(self, latents: Tensor, generators: Sequence[Generator]) -> families.Noised:
        """A timestep and noise for each picture, from its own generator (Ho et al., 2020, equation 4; velocity:
        Salimans and Ho, 2022, app. D).
        """
        steps = self.scheduler.config.num_train_timesteps
        timesteps = torch.cat([torch.randint(0, steps, (1,), generator=generator) for generator in generators])
        noise = torch.stack([torch.randn(latents.shape[1:], generator=generator) for generator in generators])
        wants_velocity = self.prediction_type == "v_prediction"
        target = self.scheduler.get_velocity(latents, noise, timesteps) if wants_velocity else noise
        alphas = self.scheduler.alphas_cumprod[timesteps]
        return families.Noised(
            self.scheduler.add_noise(latents, noise, timesteps), timesteps, target, alphas / (1 - alphas)
        )

    def pipeline(self) -> StableDiffusionPipeline:
        """The pipeline over the components as they are now; no safety checker."""
        return StableDiffusionPipeline(
            vae=self.vae,
            text_encoder=self.text_encoder,
            tokenizer=self.tokenizer,
            unet=self.denoiser.unet,
            scheduler=self.scheduler,
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )

    def save(self, folder: Path, weights: Mapping[str, Mapping[str, Tensor]]) -> None:
        """Write the whole pipeline as float32 safetensors: `weights` of the trained components, all else from the base.

        The scheduler is the base's own, so that what the model was trained to predict is what a sampler takes it for;
        what its config leaves unsaid is said.
        """
        for path in (path for path in self.folder.rglob("*") if is_small(path.relative_to(self.folder).as_posix())):
            target = folder / path.relative_to(self.folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        amend(folder / "scheduler" / "scheduler_config.json", scheduler_gaps(self.folder))
        for component, file in WEIGHTS.items():
            source = self.folder / component / file
            if not source.is_file():
                continue
            tensors = weights.get(component) or load_file(source)
            if component == "text_encoder":
                tensors = prefixed(tensors)
            save_file(
                {name: tensor.detach().cpu().to(single(tensor.dtype)).contiguous() for name, tensor in tensors.items()},
                folder / component / file,
                metadata={"format": "pt"},
            )
            config = folder / component / "config.json"
            amend(
                config, {key: "float32" for key in ("dtype", "torch_dtype") if key in json.loads(config.read_bytes())}
            )


def prefixed(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The text encoder's keys as every version of transformers reads them.

    Newer versions also load keys without the prefix; version 4 takes such weights for missing and draws random ones.
    """
    return {
        name if name.startswith("text_model.") else f"text_model.{name}": tensor for name, tensor in weights.items()
    }


def single(dtype: torch.dtype) -> torch.dtype:
    """One floating type for all that is published: float32. Integers stay."""
    return torch.float32 if dtype.is_floating_point else dtype


def amend(config: Path, values: Mapping[str, Any]) -> None:
    """Make a config say these values too. transformers, for one, loads weights in the type its config states."""
    if values:
        config.write_text(json.dumps({**json.loads(config.read_bytes()), **values}, indent=2) + "\n")


def pipeline_from(folder: Path, device: str) -> StableDiffusionPipeline:
    """The pipeline of a diffusers folder, in float32, without the safety checker."""
    logging.disable_progress_bar()
    pipeline = StableDiffusionPipeline.from_pretrained(
        folder,
        dtype=torch.float32,
        use_safetensors=True,
        safety_checker=None,
        requires_safety_checker=False,
        local_files_only=True,
    )
    pipeline.scheduler.register_to_config(**scheduler_gaps(folder))
    pipeline.unet.to(memory_format=torch.channels_last)
    pipeline.vae.to(memory_format=torch.channels_last)
    return pipeline.to(device)
