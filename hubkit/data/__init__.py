"""pull: a captioned dataset, from the Hub or a folder, pinned, audited and split.

`Source` is the recipe's `[data]` table; `CaptionedImages` is what the later stages see.
"""

from hubkit.data.images import CaptionedImages, Example, Picture
from hubkit.data.pull import pull
from hubkit.data.source import Source

__all__ = ["CaptionedImages", "Example", "Picture", "Source", "pull"]
