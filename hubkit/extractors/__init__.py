"""What looks at a picture or a caption and gives a vector of it: the eyes of the metrics."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor


class Extractor(Protocol):
    """A frozen network at one revision. Pictures arrive as 8-bit RGB, never as floats: a range is not guessed."""

    name: str
    """Short, as in `fd[name]`."""
    source: str
    """Whole, as on the card: its repo, or 'inception'. Two repos may have the same short name."""
    revision: str
    """Commit SHA of its repo, or sha256 of its weights."""
    preprocessing: str
    """How a picture is resized before it is looked at, in words."""

    def images(self, images: "Sequence[Image]") -> "Tensor":
        """Features of pictures, (N, D), float32."""
        ...

    def captions(self, captions: Sequence[str]) -> "Tensor":
        """Features of captions, (N, D), float32, in the same space as the pictures'."""
        ...

    def truncated(self, captions: Sequence[str]) -> int:
        """How many captions are longer than it reads."""
        ...
