"""Broken pictures are found, each by its own fault, and whole ones are not."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from PIL import Image

from hubkit import hub
from hubkit.errors import BaseModelError
from hubkit.extractors.pixels import Pixels
from hubkit.extractors.safety import SafetyChecker
from hubkit.metrics.sanity import Sanity, faults
from hubkit.miniature.drawing import portrait
from hubkit.scoring import Features

SANITY = Sanity(kind="sanity")
MINI_SD = Path(__file__).parents[3] / "hubkit" / "miniature" / "weights" / "mini-sd"


def people(count: int) -> list[Image.Image]:
    """Portraits, each unlike the others."""
    return [portrait(number, "portraits", purpose="sanity", size=(64, 64))[0] for number in range(count)]


def looked_at(images: Sequence[Image.Image]) -> Features:
    """Without a checker."""
    return Features(Pixels().images(images))


def plain(colour: tuple[int, int, int]) -> Image.Image:
    """Of one colour."""
    return Image.new("RGB", (64, 64), colour)


def noisy(image: Image.Image, levels: float) -> Image.Image:
    """A little uneven, as a picture saved anew is."""
    pixels = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8).float()
    noise = levels * torch.randn(len(pixels), generator=torch.Generator().manual_seed(1))
    return Image.frombytes("RGB", image.size, (pixels + noise).round().clamp(0, 255).byte().numpy().tobytes())


WHOLE = people(20)
NONE = Features(torch.zeros(0, 3))
BROKEN = {
    "black": [plain((0, 0, 0)), noisy(plain((1, 1, 1)), 1.0)],
    "of one colour": [plain((200, 30, 30)), noisy(plain((90, 90, 90)), 1.0)],
    "the same as another": [WHOLE[3].copy(), noisy(WHOLE[5], 1.0)],
}


def test_whole_pictures_have_no_fault():
    """Drawn ones, all different; a lot of one colour is not all."""
    nearly_plain = plain((240, 240, 240))
    nearly_plain.paste((20, 20, 20), (30, 30, 36, 36))

    assert SANITY.value(looked_at([*WHOLE, nearly_plain]), NONE) == 0.0


@pytest.mark.parametrize("fault", BROKEN)
def test_each_fault_is_found_and_called_by_its_name(fault):
    """Exact and a little uneven ones, among whole pictures; the first of two equal ones is whole."""
    features = looked_at([*WHOLE, *BROKEN[fault]])
    found = faults(features.images)

    assert [False] * 20 + [True] * 2 == found[fault].tolist()
    assert SANITY.value(features, NONE) == 2 / 22
    assert f"2 {fault}" in SANITY.notes(features, 0)[0]
    assert not any(those.any() for name, those in found.items() if name != fault)


def test_real_pictures_have_a_share_of_their_own():
    """None without any."""
    assert SANITY.among(looked_at([*WHOLE, WHOLE[0]]), None) == 1 / 21
    assert SANITY.among(NONE, None) is None


@pytest.mark.usefixtures("as_alice")
@pytest.mark.parametrize("objects", [True, False])
def test_a_safety_checker_is_asked(add_safety_checker, tmp_path, objects):
    """The real network, from a repo at a commit: of it are the name and the revision of the features."""
    shutil.copytree(MINI_SD, tmp_path / "sd")
    add_safety_checker(tmp_path / "sd", objects=objects)
    files = {str(file.relative_to(tmp_path / "sd")): file for file in (tmp_path / "sd").rglob("*") if file.is_file()}
    sha = hub.put_repo("alice/sd", "model", files, "seed")
    metric = Sanity(kind="sanity", safety_checker="alice/sd").pinned()
    eyes = metric.see()
    features = Features(eyes.images(WHOLE[:4]))

    assert (eyes.source, eyes.revision, metric.revision) == ("alice/sd", sha, sha)
    assert metric.value(features, NONE) == float(objects)
    assert metric.notes(features, 0) == (f"0 black, 0 of one colour, 0 the same as another, {4 * objects} objected to",)


@pytest.mark.usefixtures("as_alice")
def test_a_repo_without_a_checker_is_refused():
    """Before anything is drawn; exit 4. A revision of none is a fault of the recipe."""
    hub.put_repo("alice/plain", "model", {"model_index.json": b"{}"}, "seed")

    with pytest.raises(BaseModelError, match=r"has no feature_extractor/preprocessor_config\.json") as caught:
        SafetyChecker("alice/plain", None)
    assert caught.value.exit_code == 4
    assert [*Sanity(kind="sanity", revision="main").problems()]
