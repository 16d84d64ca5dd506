"""Stable Diffusion 1.x and 2.x: the recipe's `[model]` table, and the door to the loaded model.

Paper: Rombach et al. (2022), High-Resolution Image Synthesis with Latent Diffusion Models,
https://arxiv.org/abs/2112.10752
"""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from pydantic import Field

from hubkit import hub
from hubkit.values import RepoId, Settings

if TYPE_CHECKING:
    from diffusers import StableDiffusionPipeline

    from hubkit.families.stable_diffusion.diffuser import StableDiffusionDiffuser


class StableDiffusion(Settings):
    """A base of the Stable Diffusion family, taken from the Hub at one commit."""

    paper: ClassVar[str] = "https://arxiv.org/abs/2112.10752"
    beside: ClassVar[frozenset[str]] = frozenset({"license"})

    kind: Literal["stable-diffusion"]
    base: RepoId = Field(description="Model repo on the Hub, in diffusers' layout.")
    revision: str | None = Field(None, description="Branch, tag or commit; resolved to a commit SHA and locked.")
    allow_pickle: bool = Field(
        default=False,
        description="Accept a base that has pickled weights only. They are read with torch's weights-only unpickler.",
    )
    license: str | None = Field(None, description="Licence of the base, where its own card does not say it.")

    def pinned(self) -> Self:
        """The same, with the revision's commit SHA. Raises BaseModelError."""
        return self.model_copy(update={"revision": hub.resolve_model(self.base, self.revision).sha})

    def fetch(self) -> Path:
        """Download the base and check that it is what it should be. Raises BaseModelError."""
        from hubkit.families.stable_diffusion.base import fetch

        return fetch(self)

    def load(self, *, device: str = "cpu") -> "StableDiffusionDiffuser":
        """The base, ready to be trained, in float32 on `device`. Raises BaseModelError."""
        from hubkit.families.stable_diffusion.diffuser import StableDiffusionDiffuser

        return StableDiffusionDiffuser.load(self, device=device)

    def pipeline(self, folder: Path, *, device: str = "cpu") -> "StableDiffusionPipeline":
        """The diffusers pipeline of a folder this family has written or fetched, in float32 on `device`."""
        from hubkit.families.stable_diffusion.diffuser import pipeline_from

        return pipeline_from(folder, device)
