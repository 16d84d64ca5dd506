"""Features are extracted once per picture, whatever sets it belongs to."""

from pathlib import Path

import pytest
import torch
from PIL import Image

from hubkit.errors import IntegrityError
from hubkit.scoring.features import AT_ONCE, Look, Shelf, seen_by


class Colours:
    """Sees the colour of a picture's first pixel and the length of a caption, and counts how often it looks."""

    name, source, revision, preprocessing = "colours", "alice/colours", "c" * 40, "none"

    def __init__(self) -> None:
        self.batches: list[int] = []

    def images(self, images):
        """Three numbers."""
        self.batches.append(len(images))
        return torch.tensor([image.getpixel((0, 0)) for image in images], dtype=torch.float32)

    def captions(self, captions):
        """One number."""
        self.batches.append(len(captions))
        return torch.tensor([[float(len(caption))] for caption in captions])

    def truncated(self, captions):
        """None."""
        return 0


def looks(*reds: int) -> list[Look]:
    """Pictures of one colour each."""
    return [Look(f"{red:064d}", f"{red}.png", lambda red=red: Image.new("RGB", (2, 2), (red, 0, 0))) for red in reds]


def test_a_set_that_overlaps_another_extracts_only_the_new(tmp_path: Path):
    """Also for another shelf on the same folder, as in a resumed run; rows come in the order they are asked for."""
    first, second = Colours(), Colours()
    Shelf(tmp_path).images(first, looks(*range(20)))
    again = Shelf(tmp_path).images(second, looks(19, 3, 30, 3))

    assert first.batches == [AT_ONCE, AT_ONCE]
    assert second.batches == [AT_ONCE]  # the one new picture, in a batch as long as any
    assert again[:, 0].tolist() == [19, 3, 30, 3]


def test_only_what_is_asked_for_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The features of one picture may take megabytes: files without any that is asked for are not read."""
    eyes = Colours()
    Shelf(tmp_path).images(eyes, looks(*range(3 * AT_ONCE)))
    wanted = looks(5, 40)
    for file in (tmp_path / seen_by(eyes)).iterdir():
        if b'0017"' in file.read_bytes().replace(b"\\", b""):
            file.write_bytes(file.read_bytes()[:-1])

    assert Shelf(tmp_path).kept(eyes, [look.identity for look in wanted]).keys() == {look.identity for look in wanted}


@pytest.mark.parametrize("change", ["revision", "preprocessing", "source"])
def test_who_looked_is_part_of_the_key(tmp_path: Path, change: str):
    """Another revision sees for itself."""
    first, second = Colours(), Colours()
    setattr(second, change, "other")
    Shelf(tmp_path).images(first, looks(1))
    Shelf(tmp_path).images(second, looks(1))

    assert second.batches


def test_captions_are_kept_too(tmp_path: Path):
    """By their text."""
    eyes = Colours()
    for _ in range(2):
        seen = Shelf(tmp_path).captions(eyes, ["ab", "abc", "ab"])

    assert (len(eyes.batches), seen[:, 0].tolist()) == (1, [2, 3, 2])


@pytest.mark.parametrize(
    "damage",
    [lambda data: data[:-3], lambda data: data[:-1] + b"\x7f", lambda _: b""],
    ids=["cut off", "a byte changed", "empty"],
)
def test_a_damaged_file_is_extracted_anew(tmp_path: Path, damage):
    """It is as if nobody had looked yet."""
    before = Shelf(tmp_path).images(Colours(), looks(1, 2))
    (file,) = (tmp_path / seen_by(Colours())).iterdir()
    file.write_bytes(damage(file.read_bytes()))
    eyes = Colours()
    after = Shelf(tmp_path).images(eyes, looks(1, 2))

    assert eyes.batches == [AT_ONCE]
    assert torch.equal(before, after)


def test_a_feature_that_is_not_finite_names_its_picture(tmp_path: Path):
    """And is not kept."""

    class Blind(Colours):
        """Sees nothing in the dark."""

        def images(self, images) -> torch.Tensor:
            """The logarithm."""
            return super().images(images).log()

    with pytest.raises(IntegrityError, match=r"'0\.png'"):
        Shelf(tmp_path).images(Blind(), looks(0))
    assert not list(tmp_path.rglob("*.safetensors"))


@pytest.mark.parametrize("mode", ["F", "L", "RGBA", "I;16"])
def test_only_eight_bit_rgb_is_looked_at(tmp_path: Path, mode: str):
    """Whether 1.0 is white or nearly black would have to be guessed."""
    with pytest.raises(TypeError, match="one\\.png"):
        Shelf(tmp_path).images(Colours(), [Look("1", "one.png", lambda: Image.new(mode, (2, 2)))])
