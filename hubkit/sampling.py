"""Prompts and seeds become pictures: the samples of a run, the pictures of the card, the class images of DreamBooth."""

from typing import Annotated, Literal

from pydantic import Field

from hubkit.values import Several, Settings


class Samples(Settings):
    """The recipe's `[samples]` table: what is drawn, by the base and by the finetuned alike."""

    subjects: Annotated[Several[str], Field(min_length=1, max_length=64)] = Field(
        description="What the pictures of the card show."
    )
    templates: Annotated[Several[str], Field(min_length=1, max_length=16)] = Field(
        ("{subject}",), description="Prompts around a subject; each holds `{subject}`."
    )
    holdout: int = Field(
        256, ge=0, le=50_000, description="Held-out captions drawn for the scores, at most; 0 draws none."
    )
    steps: int = Field(30, ge=1, le=1000, description="Denoising steps per picture.")
    guidance_scale: float = Field(7.5, ge=0, le=50, description="Classifier-free guidance (Ho and Salimans, 2022).")
    scheduler: Literal["ddim", "dpm-solver", "euler"] = Field(
        "ddim", description="Sampler, configured from the base's own scheduler."
    )
    batch_size: int = Field(
        8, ge=1, le=256, description="Pictures drawn at once; part of what makes them reproducible."
    )
    seed: int = Field(0, ge=0, description="Of the initial latents.")
    every: int | None = Field(None, ge=1, description="Draw the subjects every so many training steps too.")
