"""What DreamBooth measures, against loops and cases whose answer is known."""

import json
import math

import pytest
import torch
from PIL import Image
from safetensors import safe_open
from torch.nn.functional import cosine_similarity

from hubkit.metrics.clip_t import PromptFidelity
from hubkit.metrics.diversity import ClassDiversity, Diversity
from hubkit.metrics.fidelity import ClipFidelity, DinoFidelity
from hubkit.metrics.prior import Leak, PriorPreservation
from hubkit.scoring import Features
from hubkit.scoring.features import Look, Shelf
from hubkit.scoring.keeping import FEATURES, WIDEST, Looked, write_features
from hubkit.scoring.likeness import coordinates, cosines

DINO = DinoFidelity(kind="dino")
CLIP_T = PromptFidelity(kind="clip-t")
PRES = PriorPreservation(kind="pres")
LEAK = Leak(kind="leak")
DIV = ClassDiversity(kind="div")
DIV_OF_FEATURES = ClassDiversity(kind="div", extractor="someone/clip")


class Lengths:
    """Sees a picture's width, in very many numbers."""

    name, source, revision, preprocessing = "lengths", "alice/lengths", "c" * 40, "none"

    def __init__(self, features: int) -> None:
        self.axes = torch.randn(8, features, generator=torch.Generator().manual_seed(3))

    def images(self, images):
        """Combinations of eight directions."""
        return torch.stack([self.axes[: image.width].sum(dim=0) for image in images])


def points(count: int, features: int = 8, *, seed: int) -> torch.Tensor:
    """Draws of a standard normal distribution."""
    return torch.randn(count, features, generator=torch.Generator().manual_seed(seed))


def along(*axes: int) -> Features:
    """Unit vectors along axes of a space of eight."""
    return Features(torch.eye(8)[list(axes)] * 3)


@pytest.mark.parametrize("metric", [DINO, ClipFidelity(kind="clip-i"), PRES])
def test_a_likeness_is_the_mean_cosine_over_all_pairs(metric):
    """As a double loop has it; lengths do not matter."""
    drawn, real = points(5, seed=1).double(), points(3, seed=2).double()
    loop = [cosine_similarity(a[None], b[None]).item() for a in drawn for b in real]

    assert metric.value(Features(drawn), Features(real * 7)) == pytest.approx(sum(loop) / 15, abs=1e-12)
    assert metric.value(along(0, 0), along(0)) == pytest.approx(1.0)
    assert metric.value(along(0, 1), along(2, 3)) == pytest.approx(0.0)


def test_the_ceiling_leaves_each_picture_out_of_its_own_comparison():
    """Two alike and one apart: each of the two has one like it among the other two, the third has none."""
    assert DINO.among(along(0, 0, 1), None) == pytest.approx((0.5 + 0.5 + 0.0) / 3)
    assert DINO.among(along(0), None) is None


def test_prompt_fidelity_holds_each_picture_against_its_own_prompt():
    """Not against the others': swapped prompts score nothing."""
    own, other = torch.eye(8)[:2], torch.eye(8)[[1, 0]]

    assert CLIP_T.value(Features(own, own * 5), along(0)) == pytest.approx(1.0)
    assert CLIP_T.value(Features(own, other), along(0)) == pytest.approx(0.0)


def test_a_model_that_draws_one_picture_is_less_diverse_than_the_held_out_ones():
    """Half of the pairs alike: half of what pictures reach that have nothing in common; those of the hold-out do."""
    metric = Diversity(kind="diversity", extractor="someone/clip")

    assert metric.value(along(0, 0, 1, 1), along(0)) == pytest.approx(2 / 3)
    assert metric.among(along(0, 1, 2, 3), None) == pytest.approx(1.0)
    assert metric.among(along(0), None) is None


def test_diversity_of_features_is_one_minus_their_mean_cosine():
    """0 for one picture again and again, 1 for pictures that have nothing in common; nan for one alone."""
    assert DIV_OF_FEATURES.value(along(0, 0, 0), along(0)) == pytest.approx(0.0)
    assert DIV_OF_FEATURES.value(along(0, 1, 2), along(0)) == pytest.approx(1.0)
    assert math.isnan(DIV_OF_FEATURES.value(along(0), along(0)))


def test_diversity_by_lpips_is_the_mean_squared_distance_of_pairs():
    """Its features are made so that their squared distance is LPIPS."""
    drawn = points(6, seed=3)
    pairs = [(a - b).square().sum().item() for i, a in enumerate(drawn) for j, b in enumerate(drawn) if i != j]

    assert DIV.value(Features(drawn), along(0)) == pytest.approx(sum(pairs) / 30, rel=1e-6)


def test_the_leak_test_counts_planted_copies():
    """Seven training pictures among twenty others: seven in twenty-seven."""
    centre = torch.zeros(64)
    centre[0] = 10.0
    real = points(40, 64, seed=4) * 0.5 + centre
    others = points(20, 64, seed=5)

    assert LEAK.value(Features(torch.cat([real[:7], others])), Features(real)) == pytest.approx(7 / 27)
    assert LEAK.value(Features(others), Features(real)) == 0.0
    assert math.isnan(LEAK.value(Features(others), Features(real[:1])))


def test_nineteen_in_twenty_training_pictures_pass_their_own_test():
    """What the threshold means."""
    real = points(200, 16, seed=6) + 1.0

    assert LEAK.value(Features(real), Features(real)) == pytest.approx(0.95, abs=0.02)


def test_coordinates_keep_every_distance():
    """Of many features, some of them of one another, as few numbers as there are pictures."""
    features = torch.randn(12, 100_000, generator=torch.Generator().manual_seed(1))
    features[3] = features[4]
    kept = coordinates(features)

    assert kept.shape == (12, 12)
    assert DIV.value(Features(kept), along(0)) == pytest.approx(DIV.value(Features(features), along(0)), rel=1e-12)
    assert torch.allclose(cosines(kept, kept), cosines(features, features), atol=1e-12)


def test_features_that_are_too_many_are_kept_as_coordinates(tmp_path):
    """Written, and read back as every number is computed from them: no pair is another distance apart."""
    many = Lengths(WIDEST + 1)
    pictures = [
        Look(f"{number:064d}", f"{number}.png", lambda n=number: Image.new("RGB", (n + 1, 1))) for number in range(6)
    ]
    seen = Shelf(tmp_path).images(many, pictures)
    write_features(tmp_path / FEATURES, Shelf(tmp_path), [Looked(many, pictures)])
    with safe_open(tmp_path / FEATURES, framework="pt") as file:
        (about,) = json.loads(file.metadata()["hubkit"])
        kept = file.get_tensor(about["tensor"])

    assert about["rows"] == [look.identity for look in pictures]
    assert kept.shape == (6, 6)
    assert DIV.value(Features(kept), along(0)) == pytest.approx(DIV.value(Features(seen), along(0)), rel=1e-9)
