"""A run that has been scored, with the tiny model: what describe takes."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hubkit.card import describe
from hubkit.data import CaptionedImages
from hubkit.publishing import Present, Release
from hubkit.recipe import Recipe
from hubkit.scoring import Interval, Sample, Score, Scores
from hubkit.training import TrainedModel

SUBJECTS = ("Yoda", "a cute bunny rabbit")
TEMPLATES = ("{subject}", "{subject} ninja portrait")


@dataclass(frozen=True)
class Scored:
    """What the stages before describe left, and where."""

    recipe: Recipe
    images: CaptionedImages
    model: TrainedModel
    scores: Scores
    folder: Path

    def describe(self, now: Present | None = None) -> Release:
        return describe(self.recipe, self.images, self.model, self.scores, self.folder, now)

    def but(self, **parts: Any) -> "Scored":
        """The same run with some parts replaced."""
        return Scored(**{**self.__dict__, **parts})


def recipe_of(
    subjects: Sequence[str] = SUBJECTS,
    templates: Sequence[str] = TEMPLATES,
    data: dict[str, Any] | None = None,
    metrics: Sequence[dict[str, Any]] = ({"kind": "kid", "extractor": "alice/clip", "gate": {"better_than": "base"}},),
    **publish: Any,
) -> Recipe:
    return Recipe.model_validate(
        {
            "name": "sd-tiny",
            "hub": "local",
            "model": {"kind": "stable-diffusion", "base": "alice/base", "revision": "b" * 40},
            "data": data or {"repo": "alice/ninjas", "revision": "d" * 40, "resolution": 32},
            "method": {"kind": "full"},
            "training": {"steps": 20, "batch_size": 4, "learning_rate": 1e-4, "ema": {"decay": 0.9}},
            "samples": {"subjects": list(subjects), "templates": list(templates), "steps": 2},
            "metrics": list(metrics),
            "publish": {"kind": "hub", "repo": "alice/sd-tiny", **publish},
        }
    )


def samples_of(recipe: Recipe, who: str, folder: Path) -> tuple[Sample, ...]:
    """A picture of one colour for each prompt, another for each model."""
    from PIL import Image

    samples = []
    for number, (row, subject, template) in enumerate(
        (row, subject, template)
        for row, subject in enumerate(recipe.samples.subjects)
        for template in recipe.samples.templates
    ):
        place = folder / "samples" / f"{who}-{number}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (32, 32), (40 * row, 80 if who == "base" else 200, 30 * number % 256)).save(place)
        samples.append(
            Sample(
                prompt=template.replace("{subject}", subject),
                seed=row,
                file=f"samples/{place.name}",
                sha256=hashlib.sha256(place.read_bytes()).hexdigest(),
            )
        )
    return tuple(samples)


def scored(tiny_model: Path, folder: Path, recipe: Recipe) -> Scored:
    images = CaptionedImages(
        source=recipe.data,
        revision="d" * 40,
        license="cc-by-sa-4.0",
        captions=tuple(f"a ninja {number}" for number in range(12)),
        sizes=tuple((32 + number, 48) for number in range(12)),
        train=tuple(range(10)),
        holdout=(10, 11),
        skipped=(),
    )
    model = TrainedModel(
        folder=tiny_model,
        base="alice/base",
        base_revision="b" * 40,
        base_license="creativeml-openrail-m",
        base_license_name=None,
        base_license_link=None,
        steps=20,
        examples=80,
        first_loss=1.0,
        final_loss=0.5,
        seconds=83.2,
        examples_per_second=0.96,
        peak_memory_bytes=512 * 2**20,
        device="CPU (x86_64, 2 threads)",
        processes=1,
        parameters_trained=1234,
        versions={"hubkit-publisher": "0.1.0", "torch": "2.14.1"},
        weights={},
    )
    score = Score(
        metric="kid[mini-clip]",
        kind="kid",
        value=0.01,
        base=0.2,
        difference_interval=Interval(low=-0.198, high=-0.182),
        difference_error=0.004,
        better="lower",
        n=2,
        scale="squared maximum mean discrepancy",
        extractor="alice/clip",
        extractor_revision="c" * 40,
        settings={"steps": 2, "guidance_scale": 7.5},
        reference={"dataset": images.name, "revision": images.revision, "rows": 2},
        gate="better than the base",
        gate_met=True,
    )
    scores = Scores(
        finetuned=samples_of(recipe, "finetuned", folder),
        base=samples_of(recipe, "base", folder),
        templates=recipe.samples.templates,
        subjects=recipe.samples.subjects,
        scores=(score,),
        sampling=recipe.samples.facts(32),
    )
    return Scored(recipe, images, model, scores, folder)


@pytest.fixture
def run(tiny_model: Path, tmp_path: Path) -> Scored:
    """A run whose texts are harmless."""
    return scored(tiny_model, tmp_path / "run", recipe_of())


@pytest.fixture(scope="session")
def described(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Release:
    """The release of such a run, for tests that only read it."""
    return scored(tiny_model, tmp_path_factory.mktemp("described"), recipe_of()).describe()


@pytest.fixture
def run_of(tiny_model: Path, tmp_path: Path) -> Callable[..., Scored]:
    """A run with other subjects, templates or data."""
    return lambda **texts: scored(tiny_model, tmp_path / "run", recipe_of(**texts))
