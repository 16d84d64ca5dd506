"""CLIP-score: how well a picture fits its prompt.

Paper: Hessel et al. (2021), CLIPScore, https://arxiv.org/abs/2104.08718
"""

from typing import ClassVar, Literal

from pydantic import Field

from hubkit.scoring import Gate
from hubkit.values import RepoId, Settings


class ClipScore(Settings):
    """100 x the cosine between a picture and its prompt, averaged over the held-out captions."""

    paper: ClassVar[str] = "https://arxiv.org/abs/2104.08718"

    kind: Literal["clip-score"]
    model: RepoId = Field("openai/clip-vit-large-patch14", description="CLIP model on the Hub.")
    revision: str | None = Field(None, description="Branch, tag or commit; resolved to a commit SHA and locked.")
    gate: Gate | None = Field(None, description="What the model must meet to be published.")
