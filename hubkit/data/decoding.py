"""Bytes of a stranger become an upright RGB picture, or a reason why not."""

import io
import warnings
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_BYTES: Final = 64 * 2**20
MAX_PIXELS: Final = 64 * 10**6
FORMATS: Final = ("PNG", "JPEG", "WEBP", "BMP", "TIFF")
"""What is parsed at all. Pillow knows fifty formats more, and every parser is a door."""


class UnreadableError(ValueError):
    """This picture cannot be used; the message says why."""


def decode(encoded: bytes) -> "Image":
    """Decode, turn upright by its EXIF orientation, and convert to RGB: transparency over white, 16 bits scaled to 8.

    Raises UnreadableError for anything that is no picture, is damaged, or is larger than 64 MiB or 64 megapixels.
    """
    from PIL import Image, ImageOps

    if len(encoded) > MAX_BYTES:
        raise UnreadableError(f"{len(encoded) / 2**20:.0f} MiB is more than 64 MiB")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image: Image.Image = Image.open(io.BytesIO(encoded), formats=FORMATS)
            if image.width * image.height <= MAX_PIXELS:
                image.load()
                return to_rgb(ImageOps.exif_transpose(image))
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise UnreadableError(f"{type(error).__name__}: {error}") from error
    raise UnreadableError(f"{image.width} x {image.height} is more than 64 megapixels")


def to_rgb(image: "Image") -> "Image":
    """Any mode of Pillow's as RGB: what is transparent becomes white, what has 16 bits or floats keeps its range."""
    from PIL import Image

    if image.mode.startswith("I") or image.mode == "F":
        import numpy as np

        values = np.asarray(image, dtype=np.float64)
        scale = 65535.0 if values.max(initial=0) > 255 else 255.0  # noqa: PLR2004 - the ranges of 8 and 16 bits
        return Image.fromarray((np.clip(values / scale, 0, 1) * 255 + 0.5).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        picture = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    return image.convert("RGB")
