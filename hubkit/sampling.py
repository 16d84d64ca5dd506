"""Prompts and seeds become pictures: the samples of a run, the pictures of the card, the class images of DreamBooth."""

import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import Field

from hubkit.progress import track
from hubkit.values import Settings, Several, write_atomically

if TYPE_CHECKING:
    from PIL.Image import Image

SCHEDULERS: Final = {
    "ddim": "DDIMScheduler",
    "dpm-solver": "DPMSolverMultistepScheduler",
    "euler": "EulerDiscreteScheduler",
}
"""Samplers by their names in a recipe: DDIM (Song et al., 2021), DPM-Solver++ (Lu et al., 2022), Euler (Karras et
al., 2022, algorithm 2).
"""


class Sampler(Settings):
    """How pictures are drawn from prompts."""

    steps: int = Field(30, ge=1, le=1000, description="Denoising steps per picture.")
    guidance_scale: float = Field(7.5, ge=0, le=50, description="Classifier-free guidance (Ho and Salimans, 2022).")
    scheduler: Literal["ddim", "dpm-solver", "euler"] = Field(
        "ddim", description="Sampler, configured from the base's own scheduler."
    )
    batch_size: int = Field(
        8, ge=1, le=256, description="Pictures drawn at once; part of what makes them reproducible."
    )
    seed: int = Field(0, ge=0, description="Of the initial latents.")

    def facts(self, resolution: int) -> dict[str, str | int | float]:
        """How every picture is drawn, for the record."""
        return {
            "steps": self.steps, "guidance_scale": self.guidance_scale, "scheduler": SCHEDULERS[self.scheduler],
            "resolution": resolution, "batch_size": self.batch_size, "safety_checker": "off",
        }  # fmt: skip


class Samples(Sampler):
    """The recipe's `[samples]` table: what is drawn, by the base and by the finetuned alike."""

    subjects: Annotated[Several[str], Field(min_length=1, max_length=64)] = Field(
        description="What the pictures of the card show."
    )
    templates: Annotated[Several[str], Field(min_length=1, max_length=16)] = Field(
        ("{subject}",), description="Prompts around a subject; each holds `{subject}`."
    )
    holdout: int = Field(
        256, ge=0, le=5_000, description="Held-out captions drawn for the scores, at most; 0 draws none."
    )
    every: int | None = Field(None, ge=1, description="Draw the subjects every so many training steps too.")

    def problems(self) -> Iterator[tuple[str, str]]:
        """What is wrong between the items of this table's arrays."""
        for index, template in enumerate(self.templates):
            if "{subject}" not in template:
                yield f"templates.{index}", "must hold `{subject}`"
            elif set("{}") & set(template.replace("{subject}", "")):
                yield f"templates.{index}", "must hold no other braces than `{subject}`"
        for key, texts in (("subjects", self.subjects), ("templates", self.templates)):
            for text, times in Counter(text.strip() for text in texts).items():
                if not text:
                    yield key, "must hold no empty text"
                elif times > 1:
                    yield key, f"must hold {text[:60]!r} once: the same prompt and seed draw the same picture"


@dataclass(frozen=True)
class Shot:
    """One picture to draw. Equal seeds give equal initial latents, whatever the prompt and the model."""

    prompt: str
    seed: int


def study(samples: Samples) -> list[Shot]:
    """Subjects x templates: a row for each subject, all templates of a subject from the same latents."""
    return [
        Shot(template.replace("{subject}", subject), samples.seed + row)
        for row, subject in enumerate(samples.subjects)
        for template in samples.templates
    ]


def draw(
    pipeline: Any, shots: Sequence[Shot], sampler: Sampler, resolution: int, folder: Path, *,
    turn: tuple[int, int] = (0, 1),
) -> list[Path]:  # fmt: skip
    """Draw `shots` as PNGs, 8-bit RGB of `resolution` squared, into `folder`; what lies there already is not drawn
    again.

    Shots are drawn on a fixed grid: batch k always holds shots kB to kB+B-1, so a drawing that was interrupted, or
    shared, ends as one that was not. Of n processes that share the work, the one whose turn is (k, n) draws every
    n-th batch from the k-th.
    """
    files = files_of(shots, folder)
    first, stride = turn
    starts = [
        start for start in range(first * sampler.batch_size, len(shots), stride * sampler.batch_size)
        if not all(file.is_file() for file in files[start : start + sampler.batch_size])
    ]  # fmt: skip
    if starts:
        prepare(pipeline, sampler)
    for start in track(starts, f"drawing {folder.name}", len(starts)):
        batch = slice(start, start + sampler.batch_size)
        for file, image in zip(files[batch], draw_batch(pipeline, shots[batch], sampler, resolution), strict=True):
            buffer = io.BytesIO()
            image.save(buffer, "PNG")
            write_atomically(file, buffer.getvalue())
    return files


def files_of(shots: Sequence[Shot], folder: Path) -> list[Path]:
    """Where the picture of each shot lies in a folder."""
    return [folder / f"{number:05d}.png" for number in range(len(shots))]


def prepare(pipeline: Any, sampler: Sampler) -> None:
    """Give the pipeline the recipe's sampler, configured from the model's own scheduler, and still its progress bar."""
    import diffusers

    scheduler = getattr(diffusers, SCHEDULERS[sampler.scheduler])
    pipeline.scheduler = scheduler.from_config(pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)


def draw_batch(pipeline: Any, shots: Sequence[Shot], sampler: Sampler, resolution: int) -> "list[Image]":
    """One batch; the initial latents of each shot come from its own generator on the CPU."""
    import torch

    drawn = pipeline(
        [shot.prompt for shot in shots],
        generator=[torch.Generator().manual_seed(shot.seed) for shot in shots],
        num_inference_steps=sampler.steps,
        guidance_scale=sampler.guidance_scale,
        height=resolution,
        width=resolution,
    )
    images: list[Image] = drawn.images
    return images
