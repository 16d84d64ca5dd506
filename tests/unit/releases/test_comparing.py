"""Two releases side by side: their locks' changelog, and what both drew from the same seeds."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from hubkit.ci.summaries import since_the_last
from hubkit.errors import IntegrityError, RecipeError
from hubkit.publishing import Publication, Release
from hubkit.releases import compare

from .conftest import REPO, Publish, spoil

PICTURES = [
    {"path": "images/sample-0.png", "prompt": "a ninja", "seed": 0},
    {"path": "images/sample-1.png", "prompt": "a <b>cat</b>", "seed": 1},
]


def png(colour: str) -> bytes:
    file = BytesIO()
    Image.new("RGB", (32, 32), colour).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def two(publish: Publish, release: Release) -> None:
    """Two versions whose samples are of one colour each."""
    for tag, colour in (("v1.0.0", "red"), ("v1.1.0", "blue")):
        for picture in PICTURES:
            (release.folder / str(picture["path"])).write_bytes(png(colour))
        publish(tag, pictures=PICTURES)


@pytest.mark.usefixtures("two")
def test_the_newest_is_held_against_the_one_it_followed(tmp_path: Path):
    """Old left, new right, under the prompt; the text names the picture, and its words are harmless."""
    compared = compare(REPO)
    text, grid = compared.save(tmp_path / "out")

    assert compared.names == ("v1.0.0", "v1.1.0")
    assert text.read_text().endswith("“a \\<b\\>cat\\</b\\>”](side-by-side.webp)\n")
    with Image.open(grid) as picture:
        width, height = picture.size
        half = width // 2
        left, right = (picture.convert("RGB").getpixel((x, height // 2)) for x in (half // 4, half * 3 // 4))
    assert left[0] > 200 > left[2]
    assert right[2] > 200 > right[0]


def test_the_page_of_a_workflows_run_tells_it_too(publish: Publish, release: Release):
    """What changed since the release before; nothing of a first one."""
    at = {"url": "", "repo": REPO, "created": True, "verified": ()}
    first = Publication(commit=publish("v1.0.0"), revision="v1.0.0", tag="v1.0.0", **at)
    assert since_the_last(first, release.lock) == ""
    training = {"steps": 2, "device": "CPU", "versions": {"hubkit-publisher": "0.2.0"}}
    second = Publication(commit=publish("v1.0.1", training=training), revision="v1.0.1", tag="v1.0.1", **at)

    said = since_the_last(second, release.lock)

    assert said.startswith("#### v1.0.1 after v1.0.0\n")
    assert "| `hubkit-publisher` | 0.1.0 | 0.2.0 |" in said


@pytest.mark.usefixtures("two")
def test_any_two_can_be_compared(tmp_path: Path):
    """By tag or commit, backwards too."""
    assert compare(REPO, "v1.1.0", "v1.0.0").names == ("v1.1.0", "v1.0.0")
    with pytest.raises(RecipeError, match="it followed none"):
        compare(REPO, None, "v1.0.0")
    with pytest.raises(RecipeError, match="has no 'v9"):
        compare(REPO, "v9.0.0")


@pytest.mark.parametrize(
    "said",
    [
        {"sampling": {"steps": 9, "guidance_scale": 2.0, "scheduler": "DDIMScheduler", "resolution": 32}},
        {"pictures": [{**PICTURES[0], "seed": 7}]},
    ],
    ids=["other sampling", "other seeds"],
)
@pytest.mark.usefixtures("two")
def test_only_what_was_drawn_alike_is_shown_side_by_side(publish: Publish, tmp_path: Path, said: dict[str, Any]):
    """Otherwise the difference would not be the model's."""
    publish("v1.2.0", **{"pictures": PICTURES, **said})

    assert [path.name for path in compare(REPO).save(tmp_path)] == ["changelog.md"]


@pytest.mark.usefixtures("two")
def test_a_picture_that_is_not_the_locks_is_not_shown(tmp_path: Path):
    """Exit 10, with its name."""
    spoilt = spoil({"images/sample-0.png": png("green")})

    with pytest.raises(IntegrityError, match=r"sample-0.png' of .* is another file"):
        compare(REPO, "v1.0.0", spoilt).save(tmp_path)


def test_a_bomb_is_not_opened(publish: Publish, release: Release, tmp_path: Path):
    """What claims more pixels than any card needs is not decoded."""
    for tag in ("v1.0.0", "v1.1.0"):
        Image.new("1", (12000, 12000)).save(release.folder / "images" / "sample-0.png")
        publish(tag, pictures=PICTURES[:1])

    with pytest.raises(IntegrityError, match="64 megapixels"):
        compare(REPO).save(tmp_path)
