"""The miniature Stable Diffusion: UNet and text encoder, taught together on *portraits* alone.

Legend: B images, C channels, H rows, W columns, L tokens.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from hubkit.miniature.clip import ids, text_config
from hubkit.miniature.drawing import portrait
from hubkit.miniature.lessons import Lesson, learn, say
from hubkit.miniature.vae import LATENT_CHANNELS, pixels, scaled

PEOPLE = 8_000
CAPTION_DROPOUT = 0.1


class Painter(nn.Module):
    """Caption ids, noisy latents and timesteps to the predicted velocity."""

    def __init__(self, tokenizer: CLIPTokenizer) -> None:
        super().__init__()
        self.unet = UNet2DConditionModel(
            sample_size=16,
            in_channels=LATENT_CHANNELS,
            out_channels=LATENT_CHANNELS,
            block_out_channels=(32, 64, 96),
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
            layers_per_block=1,
            norm_num_groups=8,
            attention_head_dim=4,
            cross_attention_dim=128,
        ).to(memory_format=torch.channels_last)
        self.text_encoder = CLIPTextModel(CLIPTextConfig(**text_config(tokenizer, hidden=128, layers=2)))

    def forward(self, noisy_BCHW: Tensor, timesteps_B: Tensor, tokens_BL: Tensor) -> Tensor:
        """The velocity, BCHW."""
        words_BLD = self.text_encoder(tokens_BL).last_hidden_state
        velocity_BCHW: Tensor = self.unet(noisy_BCHW, timesteps_B, words_BLD).sample
        return velocity_BCHW


@dataclass(frozen=True)
class Portraits:
    """What the painter looks at: latent posteriors at unit variance, and captions as ids."""

    mean_BCHW: Tensor
    std_BCHW: Tensor
    tokens_BL: Tensor
    empty_L: Tensor


def scheduler() -> DDIMScheduler:
    """Stable Diffusion's noise schedule, with v-prediction."""
    return DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
        timestep_spacing="trailing",
    )


@torch.no_grad()
def portraits(vae: AutoencoderKL, tokenizer: CLIPTokenizer, count: int) -> Portraits:
    """Drawn, encoded and tokenized portraits."""
    drawn = [portrait(index) for index in range(count)]
    pictures_BCHW = pixels([image for image, _ in drawn])
    posteriors = [vae.encode(scaled(batch)).latent_dist for batch in torch.split(pictures_BCHW, 64)]
    factor = vae.config.scaling_factor
    return Portraits(
        torch.cat([posterior.mean for posterior in posteriors]) * factor,
        torch.cat([posterior.std for posterior in posteriors]) * factor,
        ids(tokenizer, [caption for _, caption in drawn], tokenizer.model_max_length),
        ids(tokenizer, [""], tokenizer.model_max_length)[0],
    )


def objective(painter: Painter, data: Portraits, lesson: Lesson) -> Callable[[int], Tensor]:
    """The v-prediction loss of one step (Salimans and Ho, 2022, appendix D)."""
    schedule = scheduler()

    def loss(step: int) -> Tensor:
        batch = lesson.batch(step, len(data.mean_BCHW))
        generator = lesson.generator("noise", step)
        mean_BCHW = data.mean_BCHW[batch]
        latents_BCHW = mean_BCHW + data.std_BCHW[batch] * torch.randn(mean_BCHW.shape, generator=generator)
        noise_BCHW = torch.randn(mean_BCHW.shape, generator=generator)
        timesteps_B = torch.randint(schedule.config.num_train_timesteps, (len(batch),), generator=generator)
        dropped_B = torch.rand(len(batch), generator=generator) < CAPTION_DROPOUT
        tokens_BL = torch.where(dropped_B[:, None], data.empty_L, data.tokens_BL[batch])
        noisy_BCHW = schedule.add_noise(latents_BCHW, noise_BCHW, timesteps_B)
        velocity_BCHW = painter(noisy_BCHW.contiguous(memory_format=torch.channels_last), timesteps_B, tokens_BL)
        return functional.mse_loss(velocity_BCHW, schedule.get_velocity(latents_BCHW, noise_BCHW, timesteps_B))

    return loss


def train(
    work: Path, vae: AutoencoderKL, tokenizer: CLIPTokenizer, *, steps: int = 3600, people: int = PEOPLE
) -> Painter:
    """The painter, taught on portraits; it ends with the average of its weights."""
    torch.manual_seed(0)
    painter = Painter(tokenizer)
    data = portraits(vae.eval(), tokenizer, people)
    for name, count in (("unet", steps), ("unet-again", steps * 2 // 3)):
        lesson = Lesson(name=name, steps=count, batch_size=16, learning_rate=1e-3, weight_decay=0.01, ema_decay=0.995)
        seconds = learn(painter, objective(painter, data, lesson), lesson, work)
        say(f"{name}: {seconds:.0f} s")
    return painter.eval()
