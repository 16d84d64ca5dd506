"""The extractor that a repo of the Hub is, as its own config says."""

import json
from typing import Final

from hubkit import hub
from hubkit.errors import BaseModelError
from hubkit.extractors import Extractor

DINO: Final = frozenset({"vit", "dinov2", "dinov2_with_registers", "dinov3_vit"})
"""Model types that are seen through their class token."""


def named(repo: str, revision: str | None) -> Extractor:
    """CLIP, or a vision transformer such as DINO. Raises BaseModelError for anything else."""
    from hubkit.extractors.clip import Clip
    from hubkit.extractors.dino import Dino

    facts = hub.resolve_model(repo, revision)
    if "config.json" not in facts.files:
        raise BaseModelError(f"{repo} has no config.json: it is no model of transformers")
    config = json.loads((hub.snapshot(repo, facts.sha, allow=["config.json"]) / "config.json").read_bytes())
    kind = config.get("model_type")
    if kind == "clip":
        return Clip(repo, facts.sha)
    if kind in DINO:
        return Dino(repo, facts.sha)
    raise BaseModelError(
        f"{repo} is a {str(kind)[:60]}, and pictures are looked at through CLIP or DINO",
        help="such as openai/clip-vit-large-patch14, facebook/dino-vits16 or facebook/dinov2-small",
    )
