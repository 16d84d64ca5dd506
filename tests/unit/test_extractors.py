"""What the metrics look through is told apart, pinned, and honest about what it did not read."""

from pathlib import Path

import pytest

from hubkit import hub
from hubkit.errors import BaseModelError
from hubkit.extractors.clip import Clip
from hubkit.extractors.inception import find_weights
from hubkit.metrics.clip_score import ClipScore
from hubkit.metrics.kid import KernelDistance

pytestmark = pytest.mark.usefixtures("as_alice")

MINI_CLIP = Path(__file__).parents[2] / "hubkit" / "miniature" / "weights" / "mini-clip"
WEIGHTS = "alice/inception:weights/inception.pth"


@pytest.fixture
def clip() -> Clip:
    """The miniature CLIP, under another namespace."""
    files = {file.name: file for file in MINI_CLIP.iterdir()}
    hub.put_repo("alice/mini-clip", "model", files, "seed")
    return Clip("alice/mini-clip", None)


def test_two_models_of_one_name_are_told_apart(clip: Clip):
    """Short where the number is named, whole where it is looked up."""
    assert (clip.name, clip.source) == ("mini-clip", "alice/mini-clip")


def test_captions_that_were_cut_are_counted(clip: Clip):
    """Begin and end token included; a caption that just fits is not cut."""
    fits = " ".join(["a"] * (clip.length - 2))
    captions = ["a man", fits, f"{fits} a"]
    score = ClipScore.model_validate({"kind": "clip-score"})

    assert clip.truncated(captions) == 1
    assert score.notes(3, 64, clip.truncated(captions)) == (
        "1 of 3 captions are longer than the model reads and were cut",
    )
    assert score.notes(3, 64, 0) == ()


def test_weights_from_the_hub_are_pinned():
    """What is added to the repo later is not what this run looks through."""
    sha = hub.put_repo("alice/inception", "model", {"weights/inception.pth": b"1"}, "seed")
    pinned = KernelDistance.model_validate({"kind": "kid", "weights": WEIGHTS}).pinned()
    hub.put_repo("alice/inception", "model", {"weights/inception.pth": b"2"}, "other weights")

    assert pinned.revision == sha
    assert find_weights(pinned.weights, pinned.revision).read_bytes() == b"1"
    assert find_weights(pinned.weights, None).read_bytes() == b"2"
    assert pinned.pinned() == pinned
    assert not [*pinned.problems()]


def test_a_file_that_is_not_there_is_named():
    """Exit 4."""
    hub.put_repo("alice/inception", "model", {"a.txt": b"1"}, "seed")

    with pytest.raises(BaseModelError, match=r"no file 'weights/inception\.pth'"):
        find_weights(WEIGHTS, None)
