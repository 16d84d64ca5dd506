"""describe: what was made becomes a release, with a card whose every number and picture comes from the run.

A card is a tree of sections that render themselves; the templates hold words, not logic. Texts of recipes and captions
are strangers: they are escaped for the place where they stand, in YAML, Markdown and Python, and there is no HTML.
"""

from hubkit.card.describing import describe, draft, made
from hubkit.card.nearest import save_nearest

__all__ = ["describe", "draft", "made", "save_nearest"]
