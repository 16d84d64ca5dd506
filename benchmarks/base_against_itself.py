"""The quickstart's base against itself with other seeds: whatever differs is noise, and must be called so.

    python benchmarks/base_against_itself.py [PAIRS]

Draws the held-out captions of `recipes/quickstart.toml` with the base from two sets of seeds for each of PAIRS pairs
(default 1), and prints for each pair what hubkit's scores say of the difference, and how often they call it a change.
No two pairs share a picture; all share the captions and the real pictures.

Measured on 2026-11-26 with 20 pairs, 40 sets of 60 pictures: a change in 2 of 20 by kid, in 2 by fid, in 1 by
clip-score, in 1 by diversity, in 0 by sanity.
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
    from hubkit.scoring import Features, Metric

RECIPE = Path(__file__).parents[1] / "recipes" / "quickstart.toml"
OTHER_SEEDS = 100_000

Pictures = Sequence["Image"]


def main() -> None:
    """Draw, score, print."""
    recipe = load(RECIPE)
    settle(None, recipe.hub)
    from hubkit.data import pull
    from hubkit.pinning import pin
    from hubkit.scoring.searching import Searches

    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    with tempfile.TemporaryDirectory() as name:
        recipe = pin(recipe, Path(name))
        images = pull(recipe.data, Path(name))
        drawn = [by_the_base(recipe, images, again, Path(name)) for again in range(2 * pairs)]
        for metric in (one for one in recipe.metrics if not isinstance(one, Searches)):
            if metric.reads_captions:
                print(f"{metric.kind} of the held-out pictures themselves: {of_the_real(metric, images):.4g}")
            seen = [looked_at(metric, pictures, images) for pictures in drawn]
            real = looked_at(metric, held_out(images), images)
            two_by_two = zip(seen[::2], seen[1::2], strict=True)
            said = [judged(metric, *pair, real, prompts(recipe, images)) for pair in two_by_two]
            print(*said, sep="\n")
            print(f"{metric.kind}: {sum(line.endswith(' a change') for line in said)} of {pairs} called a change")


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
    real = looked_at(metric, held_out(images), images)
    return metric.value(real, real)


def held_out(images: "CaptionedImages") -> Pictures:
    """The real pictures."""
    from hubkit.data.transforms import square

    return [square(images.picture(row).open(), images.source, None) for row in images.holdout]


def prompts(recipe: Recipe, images: "CaptionedImages") -> list[str]:
    """The captions that are drawn."""
    return [images.captions[row] for row in images.holdout[: recipe.samples.holdout]]


def looked_at(metric: "Metric", pictures: Pictures, images: "CaptionedImages") -> "Features":
    """Features of pictures of held-out captions, and of the captions where the metric reads."""
    from hubkit.evaluation import seen
    from hubkit.scoring import Features

    extractor = metric.see()
    told = [images.captions[row] for row in images.holdout[: len(pictures)]]
    captions = extractor.captions(told) if metric.reads_captions else None
    return Features(seen(extractor, pictures, "picture"), captions, paired=True)


def judged(metric: "Metric", base: "Features", other: "Features", real: "Features", drawn_for: Sequence[str]) -> str:
    """The difference, its interval, and whether it is called a change."""
    from hubkit.scoring import spread

    difference = metric.value(other, real) - metric.value(base, real)
    interval = spread(metric, other, base, real, drawn_for).difference_interval
    if interval is None:
        return f"{metric.kind}: {difference:+.4g}: not tested"
    said = "no measurable change" if interval.low <= 0 <= interval.high else "a change"
    return f"{metric.kind}: {difference:+.4g}, between {interval.low:+.4g} and {interval.high:+.4g}: {said}"


if __name__ == "__main__":
    main()
