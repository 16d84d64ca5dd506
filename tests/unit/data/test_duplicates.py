"""Copies are found whatever was done to their bytes, distinct pictures are told apart, and no split parts a group."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from hubkit.data import CaptionedImages, Source, pull
from hubkit.data.duplicates import LEVELS, RADIUS, Trace, groups, root_mean_square, trace
from hubkit.errors import DatasetError
from hubkit.miniature.drawing import portrait
from hubkit.values import fingerprint


def picture(number: int, side: int = 128) -> Image.Image:
    """A portrait of the miniature world."""
    return portrait(number, "portraits", purpose="duplicates", size=(side, side))[0]


def jpeg(image: Image.Image) -> Image.Image:
    """Saved and read again."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=70)
    return Image.open(file).convert("RGB")


COPIES = {
    "the same bytes": lambda image: image,
    "saved as JPEG": jpeg,
    "mirrored": ImageOps.mirror,
    "mirrored and saved as JPEG": lambda image: jpeg(ImageOps.mirror(image)),
    "of half the size": lambda image: image.resize((64, 64), Image.Resampling.BICUBIC),
    "a shade lighter": lambda image: image.point(lambda level: min(255, round(level * 1.02))),
}


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_is_found_among_pictures_that_differ(name):
    """And nothing else is taken for one."""
    pictures = [picture(number) for number in range(24)]
    found = groups([trace(one) for one in [*pictures, COPIES[name](pictures[5])]])

    assert found == [*range(24), 5]


def test_equal_outlines_in_other_colours_are_no_copies():
    """The hash sees no colours: it alone would hold out one shirt with all the others."""
    red, blue = Image.new("RGB", (64, 64), (220, 40, 40)), Image.new("RGB", (64, 64), (40, 40, 220))

    assert trace(red).hash == trace(blue).hash
    assert groups([trace(red), trace(blue), trace(red)]) == [0, 1, 0]


def test_near_duplicates_of_near_duplicates_belong_together():
    """A chain: its ends are further apart than two neighbours may be."""
    shades = [Image.new("RGB", (32, 32), (100 + 7 * step,) * 3) for step in range(5)]

    assert groups([trace(one) for one in shades]) == [0, 0, 0, 0, 0]
    assert groups([trace(shades[0]), trace(shades[4])]) == [0, 1]


def test_no_pair_within_the_radius_is_missed():
    """Bands find what comparing all with all finds."""
    draws = np.random.default_rng(0)
    start = [int(one) for one in draws.integers(0, 2**63, 40)]
    flips = [sum(1 << int(bit) for bit in draws.choice(64, draws.integers(0, 12), replace=False)) for _ in range(120)]
    hashes = [*start, *(start[number % 40] ^ flip for number, flip in enumerate(flips))]
    grey = bytes(16 * 16 * 3)
    traces = [Trace(one, 0 if one % 2 else one, grey) for one in hashes]

    def alike(one: Trace, other: Trace) -> bool:
        return min((one.hash ^ other.hash).bit_count(), (one.hash ^ other.mirrored_hash).bit_count()) <= RADIUS

    expected = list(range(len(traces)))
    for _ in range(20):  # until nothing changes: the smallest number spreads through each group
        for a, one in enumerate(traces):
            for b in range(a):
                if alike(traces[b], one):
                    expected[a] = expected[b] = min(expected[a], expected[b])
    assert groups(traces) == expected
    assert len(set(expected)) < len(set(hashes))


def test_colours_are_compared_by_their_root_mean_square():
    """In grey levels, without overflow."""
    colours = np.array([[0, 0, 0, 0], [255, 255, 255, 255], [8, 8, 8, 8]], dtype=np.uint8)

    assert root_mean_square(colours, np.array([0, 0]), np.array([1, 2])).tolist() == [255.0, 8.0]
    assert LEVELS == 8.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Thirty pictures, of which ten are copies in pairs."""
    place = tmp_path / "mine"
    place.mkdir()
    for number in range(30):
        image = picture(number % 25)
        (image if number < 25 else jpeg(ImageOps.mirror(image))).save(place / f"{number:02d}.png")
        (place / f"{number:02d}.txt").write_text(f"picture {number}")
    return place


def pulled(folder: Path, run: Path, **changes: object) -> CaptionedImages:
    """Pull with a small resolution."""
    return pull(Source(**{"folder": str(folder), "resolution": 32, **changes}), run)


@pytest.mark.parametrize("seed", range(6))
def test_no_split_parts_copies(folder, tmp_path, seed):
    """Whatever the seed; and as many rows are held out as were asked for."""
    images = pulled(folder, tmp_path / "run", holdout=8, seed=seed)
    held = set(images.holdout)

    assert len(held) == 8
    assert all((number in held) is (number + 25 in held) for number in range(5))
    assert (images.groups, images.near_duplicates) == (25, 10)


def test_pictures_that_are_all_alike_cannot_be_held_out(tmp_path):
    """Said, rather than scored against what was trained on."""
    (tmp_path / "mine").mkdir()
    for number in range(10):
        picture(0, 60 + number).save(tmp_path / "mine" / f"{number}.png")
        (tmp_path / "mine" / f"{number}.txt").write_text(f"picture {number}")

    with pytest.raises(DatasetError, match="each is a near-duplicate"):
        pulled(tmp_path / "mine", tmp_path / "run")
    assert pulled(tmp_path / "mine", tmp_path / "run", holdout=0).groups == 1


def test_a_started_run_keeps_its_split(folder, tmp_path):
    """Its training has seen that split: another one would hold out what was trained on."""
    now = pulled(folder, tmp_path / "run", holdout=8)
    before = now.model_copy(update={"train": now.train[3:], "holdout": now.train[:3], "groups": None})
    before.save(tmp_path / "run" / "images.json", fingerprint(1, now.source, now.revision, now.license))

    assert pulled(folder, tmp_path / "run", holdout=8) == before
    assert pulled(folder, tmp_path / "other", holdout=8) == now
    assert now.split != before.split
