"""The quickstart's base against itself with other seeds: whatever differs is noise, and must be called so.

    python benchmarks/base_against_itself.py [PAIRS]

Draws the held-out captions of `recipes/quickstart.toml` with the base from one set of seeds and from PAIRS others
(default 1), and prints for each pair what hubkit's scores say of the difference.
"""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hubkit.endpoint import settle
from hubkit.recipe import Recipe, load

if TYPE_CHECKING:
    from PIL.Image import Image

    from hubkit.data import CaptionedImages
    from hubkit.scoring import Metric

RECIPE = Path(__file__).parents[1] / "recipes" / "quickstart.toml"
OTHER_SEEDS = 100_000

Pictures = Sequence["Image"]


def main() -> None:
    """Draw, score, print."""
    recipe = load(RECIPE)
    settle(None, recipe.hub)
    from hubkit.data import pull
    from hubkit.pinning import pin

    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    with tempfile.TemporaryDirectory() as name:
        recipe = pin(recipe, Path(name))
        images = pull(recipe.data, Path(name))
        drawn = [by_the_base(recipe, images, again, Path(name)) for again in range(pairs + 1)]
        for metric in recipe.metrics:
            if metric.reads_captions:
                print(f"{metric.kind} of the held-out pictures themselves: {of_the_real(metric, images):.4g}")
            for other in drawn[1:]:
                print(judged(metric, drawn[0], other, images))


def by_the_base(recipe: Recipe, images: "CaptionedImages", again: int, folder: Path) -> Pictures:
    """The held-out captions, drawn from the seeds number `again`."""
    from hubkit.devices import device
    from hubkit.sampling import Shot, draw
    from hubkit.scoring import HOLDOUT_SEEDS, opened

    first = HOLDOUT_SEEDS + OTHER_SEEDS * again
    rows = images.holdout[: recipe.samples.holdout]
    shots = [Shot(images.captions[row], first + number) for number, row in enumerate(rows)]
    pipeline = recipe.model.pipeline(recipe.model.fetch(), device=device())
    files = draw(pipeline, shots, recipe.samples, images.source.resolution, folder / f"seeds-{again}")
    return [opened(file) for file in files]


def of_the_real(metric: "Metric", images: "CaptionedImages") -> float:
    """What a metric that reads captions gives the real held-out pictures."""
    from hubkit.data.transforms import square
    from hubkit.scoring import Features

    extractor = metric.see()
    pictures = [square(images.picture(row).open(), images.source, None) for row in images.holdout]
    captions = extractor.captions([images.captions[row] for row in images.holdout])
    real = Features(extractor.images(pictures), captions)
    return metric.value(real, real)


def judged(metric: "Metric", base: Pictures, other: Pictures, images: "CaptionedImages") -> str:
    """The difference, its standard error, and whether it is called a change."""
    from hubkit.data.transforms import square
    from hubkit.scoring import Features, spread

    extractor = metric.see()
    prompts = [images.captions[row] for row in images.holdout[: len(base)]]
    captions = extractor.captions(prompts) if metric.reads_captions else None
    held_out = [square(images.picture(row).open(), images.source, None) for row in images.holdout]
    real = Features(extractor.images(held_out), captions, paired=True)
    one, two = (Features(extractor.images(part), captions) for part in (base, other))
    difference = metric.value(two, real) - metric.value(one, real)
    interval = spread(metric, two, one, real, prompts).difference_interval
    if interval is None:
        return f"{metric.kind}: {difference:+.4g}: not tested"
    said = "no measurable change" if interval.low <= 0 <= interval.high else "a change"
    return f"{metric.kind}: {difference:+.4g}, between {interval.low:+.4g} and {interval.high:+.4g}: {said}"


if __name__ == "__main__":
    main()
