"""hubkit's metrics through the API of `evaluate`, as other people's code calls it."""

from pathlib import Path

import evaluate
import numpy as np
import pytest
from PIL import Image

from hubkit import hub
from hubkit.errors import RecipeError
from hubkit.evaluation import Scored, load
from hubkit.miniature.drawing import portrait

MINI_CLIP = Path(__file__).parents[2] / "hubkit" / "miniature" / "weights" / "mini-clip"


@pytest.fixture(autouse=True)
def clip(as_alice) -> None:
    """The miniature CLIP on the Hub."""
    hub.put_repo("alice/mini-clip", "model", {file.name: file for file in MINI_CLIP.iterdir()}, "seed")


@pytest.fixture(scope="module")
def portraits() -> list[tuple[Image.Image, str]]:
    """Forty-eight plain ones, with their captions."""
    return [portrait(number, "portraits", purpose="evaluation", size=(64, 64)) for number in range(48)]


@pytest.fixture(scope="module")
def ninja() -> list[Image.Image]:
    """As many of another style."""
    return [portrait(number, "ninja", purpose="evaluation", size=(64, 64))[0] for number in range(48)]


def loaded(kind: str, cache: Path, **settings: object) -> Scored:
    """A metric that keeps its rows in the test's own folder."""
    metric = load(kind, **settings)
    return Scored(metric.metric, cache_dir=str(cache))


def test_pictures_against_pictures(tmp_path, portraits, ninja):
    """Another style is far, with an interval that excludes what half of the style is from the other half."""
    kid = loaded("kid", tmp_path, extractor="alice/mini-clip")
    plain = [image for image, _ in portraits]
    far = kid.compute(predictions=ninja, references=plain)
    near = kid.compute(predictions=plain[:24], references=plain[24:])

    assert (far["name"], far["n"]) == ("kid[mini-clip]", 48)
    assert far["interval"][0] < far["value"] < far["interval"][1]
    assert near["value"] < far["interval"][0]


def test_pictures_with_texts(tmp_path, portraits):
    """Their own captions fit better than those of others."""
    score = loaded("clip-score", tmp_path, model="alice/mini-clip")
    pictures, captions = [image for image, _ in portraits], [caption for _, caption in portraits]
    own = score.compute(predictions=pictures, references=captions)
    others = score.compute(predictions=pictures, references=captions[1:] + captions[:1])

    assert own["interval"][0] > others["interval"][1]
    assert own["name"] == "clip-score[mini-clip]"


def test_copies_of_the_training_are_found(tmp_path, portraits):
    """The training's pictures are a third set, beside the held-out ones."""
    memorisation = loaded("memorisation", tmp_path, extractor="alice/mini-clip")
    training, held_out = [[image for image, _ in portraits[start : start + 24]] for start in (0, 24)]
    found = memorisation.compute(predictions=training[:12] + held_out[:12], references=held_out, training=training)

    assert found["value"] == 0.5
    assert found["interval"][0] < 0.5 < found["interval"][1]


def test_batches_paths_and_arrays_are_the_same_pictures(tmp_path, portraits, ninja):
    """Whatever form they come in, and however many at once."""
    kid = loaded("kid", tmp_path, extractor="alice/mini-clip")
    plain = [image for image, _ in portraits]
    files = [tmp_path / f"{number}.png" for number in range(48)]
    for file, image in zip(files, ninja, strict=True):
        image.save(file)
    for start in range(0, 48, 20):
        part = slice(start, start + 20)
        kid.add_batch(
            predictions=[str(file) for file in files[part]], references=[np.asarray(image) for image in plain[part]]
        )

    assert kid.compute() == kid.compute(predictions=ninja, references=plain)


def test_several_at_once(tmp_path, portraits, ninja):
    """`evaluate.combine` tells their numbers apart by the kind."""
    both = evaluate.combine([loaded(kind, tmp_path, extractor="alice/mini-clip") for kind in ("kid", "fid")])
    found = both.compute(predictions=ninja[:4], references=[image for image, _ in portraits[:4]])

    assert {"kid_value", "fid_value", "kid_interval", "fid_name"} <= set(found)
    assert found["fid_name"] == "fd[mini-clip]@4"
    assert found["kid_interval"] is None  # of four pictures


def test_a_picture_whose_range_would_have_to_be_guessed_is_refused(tmp_path, portraits):
    """Grey as well as floats: nothing is converted in silence."""
    kid = loaded("kid", tmp_path, extractor="alice/mini-clip")
    grey = [image.convert("L") for image, _ in portraits[:2]]

    with pytest.raises(TypeError, match="prediction 0 has the mode L"):
        kid.compute(predictions=grey, references=[image for image, _ in portraits[:2]])


@pytest.mark.parametrize(
    ("kind", "settings", "says"),
    [
        ("psnr", {}, "no metric 'psnr'"),
        ("kid", {"extractor": "nothing"}, "extractor"),
        ("kid", {"extractors": "alice/mini-clip"}, "extractors"),
        ("fid", {"extractor": "alice/mini-clip", "weights": "alice/inception:x.pth"}, "weights would be ignored"),
    ],
)
def test_what_a_recipe_may_not_say_is_refused_here_too(kind, settings, says):
    """At once, by the key's name."""
    with pytest.raises(RecipeError, match=says):
        load(kind, **settings)
