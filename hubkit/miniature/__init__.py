"""The world in small: drawn portraits, a tiny Stable Diffusion, a tiny CLIP, and a Hub seeded with them."""

from hubkit.miniature.worlds import NAMESPACE, WEIGHTS, WORLDS, Door, World, seed_hub

__all__ = ["NAMESPACE", "WEIGHTS", "WORLDS", "Door", "World", "seed_hub"]
