"""Whatever a stranger's file holds, it becomes upright RGB or a reason why not."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from hubkit.data.decoding import UnreadableError, decode
from hubkit.data.source import Source
from hubkit.data.transforms import pixels, square
from hubkit.randomness import dice


def encoded(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    """An image as a file's bytes."""
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def test_transparency_becomes_white():
    """Not black, and not whatever colour lies under it."""
    assert decode(encoded(Image.new("RGBA", (4, 4), (255, 0, 0, 0)))).getpixel((0, 0)) == (255, 255, 255)


def test_half_transparency_is_mixed_with_white():
    """Drawn over a white page."""
    assert decode(encoded(Image.new("RGBA", (4, 4), (0, 0, 0, 128)))).getpixel((0, 0)) == (127, 127, 127)


def test_a_palette_with_transparency():
    """As GIF-like PNGs have it."""
    image = Image.new("P", (4, 4), 0)
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.putpixel((1, 0), 1)

    assert decode(encoded(image, transparency=0)).getpixel((0, 0)) == (255, 255, 255)
    assert decode(encoded(image, transparency=0)).getpixel((1, 0)) == (40, 50, 60)


def test_cmyk():
    """A scanner's JPEG."""
    red, green, blue = decode(encoded(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG", quality=95)).getpixel((4, 4))

    assert red > 200
    assert green < 60
    assert blue < 60


def test_sixteen_bits_keep_their_range():
    """Pillow's own conversion would clip everything above 255 to white."""
    ramp = Image.fromarray(np.array([[0, 32768, 65535]], dtype=np.uint16))

    assert [decode(encoded(ramp)).getpixel((x, 0))[0] for x in range(3)] == [0, 128, 255]


def test_a_rotated_photo_stands_upright():
    """EXIF orientation 6: the camera was turned."""
    exif = Image.Exif()
    exif[0x0112] = 6

    assert decode(encoded(Image.new("RGB", (40, 20)), "JPEG", exif=exif)).size == (20, 40)


def chunk(name: bytes, content: bytes) -> bytes:
    """A PNG chunk."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def bomb(side: int) -> bytes:
    """A small PNG that says it is enormous."""
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(b"\x00" * 1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a picture",
        encoded(Image.new("RGB", (50, 50), "red"))[:-40],
        encoded(Image.effect_noise((50, 50), 50).convert("RGB"), "JPEG")[:300],
        b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
        bomb(12_000),
        bomb(20_000),
    ],
    ids=["empty", "text", "cut png", "cut jpeg", "svg", "eps", "144 megapixels", "400 megapixels"],
)
def test_what_is_no_good_is_refused(content):
    """With a reason, never with another exception."""
    with pytest.raises(UnreadableError):
        decode(content)


def source(**changes: object) -> Source:
    """A `[data]` table."""
    return Source(**{"repo": "a/b", "resolution": 32, **changes})


@pytest.mark.parametrize("size", [(32, 32), (64, 32), (100, 333), (31, 400), (5, 5)])
def test_any_picture_becomes_a_square(size):
    """Small ones are enlarged."""
    assert square(Image.new("RGB", size), source(), dice(0, "test")).size == (32, 32)


def test_the_centre_is_the_centre():
    """Without dice, and whatever `crop` says."""
    image = Image.new("RGB", (96, 32), "red")
    image.paste("blue", (32, 0, 64, 32))

    assert square(image, source(), None).getcolors() == [(1024, (0, 0, 255))]


def test_crops_and_flips_are_a_function_of_their_dice():
    """The same dice cut the same square, others another one."""
    image = Image.effect_noise((64, 48), 80).convert("RGB")
    flips = source(horizontal_flip=True)
    cuts = [square(image, flips, dice(0, "crop", number)).tobytes() for number in range(20)]

    assert cuts == [square(image, flips, dice(0, "crop", number)).tobytes() for number in range(20)]
    assert len(set(cuts)) > 10


def test_pixels_reach_from_minus_one_to_one():
    """Black and white."""
    image = Image.new("RGB", (2, 1))
    image.putpixel((1, 0), (255, 255, 255))

    assert pixels(image)[:, 0].tolist() == [[-1.0, 1.0]] * 3
