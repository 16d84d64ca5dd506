"""hubkit's metrics for other people's code, as metrics of the `evaluate` library.

    kid = hubkit.evaluation.load("kid", extractor="openai/clip-vit-large-patch14")
    kid.compute(predictions=drawn, references=real)

The answer has the keys `value`, `interval` (low and high, or None), `n` and `name`.

Pictures are PIL images, paths, or arrays of 8-bit RGB; `references` are real pictures, or texts where the metric reads.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import datasets
import evaluate
from pydantic import ValidationError

from hubkit.errors import RecipeError
from hubkit.extractors import Extractor
from hubkit.metrics import METRICS
from hubkit.scoring import Features, Metric
from hubkit.scoring.features import AT_ONCE, Look, check_finite, eight_bit
from hubkit.scoring.intervals import spread
from hubkit.scoring.searching import Searches, nearest

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

USAGE: Final = """
Args:
    predictions: drawn pictures.
    references: {references}, as many.
    training: pictures of the training, for memorisation; `references` are then held-out ones.
Returns:
    value: the number. {scale}; {better} is better.
    interval: where it would lie had other pictures been drawn, in 95 of 100 cases; None of too few.
    n: how many pictures.
    name: with its protocol. Numbers of different names do not compare.
"""


class Scored(evaluate.Metric):  # type: ignore[misc]  # evaluate has no types
    """One of hubkit's metrics; its extractor is found when it is first needed, on the Hub or in the cache."""

    def __init__(self, metric: Metric, **options: Any) -> None:
        """`options` are those of `evaluate.Metric`: where rows are kept, how many processes add some."""
        self.metric = metric
        super().__init__(**options)
        self._module_info.module_name = metric.kind  # by which evaluate.combine tells its numbers apart

    def _info(self) -> evaluate.MetricInfo:
        """What goes in and what comes out."""
        metric = self.metric
        references = "texts" if metric.reads_captions else "real pictures"
        return evaluate.MetricInfo(
            description=metric.meaning,
            citation=getattr(metric, "paper", ""),
            inputs_description=USAGE.format(references=references, scale=metric.scale, better=metric.better),
            features=datasets.Features(
                predictions=datasets.Image(),
                references=datasets.Value("string") if metric.reads_captions else datasets.Image(),
            ),
        )

    def _compute(
        self, predictions: "Sequence[Image]", references: Sequence[Any], training: "Sequence[Image]" = ()
    ) -> dict[str, Any]:  # fmt: skip
        """The number, how sure it is, over how many, and what to call it. `training` is for memorisation, whose
        `references` are held-out pictures.
        """
        extractor = self.metric.see()
        drawn = seen(extractor, predictions, "prediction")
        if self.metric.reads_captions:
            samples = reference = Features(drawn, extractor.captions(references))
        else:
            real = seen(extractor, references, "reference")
            samples, reference = Features(drawn), Features(real)
        if training and not isinstance(self.metric, Searches):
            raise RecipeError(f"{self.metric.kind} looks for no training pictures: leave `training` out")
        if training:
            searched = seen(extractor, training, "training picture")
            samples, reference = (
                replace(one, nearest=nearest(one.images, searched, range(len(training))))
                for one in (samples, reference)
            )
        prompts = references if self.metric.reads_captions else range(len(predictions))
        interval = spread(self.metric, samples, samples, reference, prompts).interval
        return {
            "value": self.metric.value(samples, reference),
            "interval": interval and (interval.low, interval.high),
            "n": len(predictions),
            "name": self.metric.name(extractor, len(predictions)),
        }


def seen(extractor: Extractor, images: "Sequence[Image]", name: str) -> "Tensor":
    """Features of pictures, (N, D), float32. Raises TypeError for one that is not 8-bit RGB, IntegrityError where one
    gives features that are not finite.
    """
    import torch

    looks = [Look("", f"{name} {number}", image.copy) for number, image in enumerate(images)]
    pictures = [eight_bit(look) for look in looks]
    parts = [extractor.images(pictures[start : start + AT_ONCE]) for start in range(0, len(pictures), AT_ONCE)]
    features = torch.cat(parts).float().cpu()
    check_finite(extractor, [look.name for look in looks], features)
    return features


def load(kind: str, **settings: Any) -> Scored:
    """A metric by its kind in a recipe's `[[metrics]]`, with the keys of that table. Raises RecipeError.

    `revision` pins the extractor; without it the newest is taken.
    """
    if kind not in METRICS:
        raise RecipeError(f"there is no metric {kind!r}", help=f"hubkit has {', '.join(METRICS)}")
    try:
        table: Any = METRICS[kind]
        metric = table.model_validate({"kind": kind, **settings})
    except ValidationError as error:
        first = error.errors()[0]
        raise RecipeError(f"{kind}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    if faults := list(metric.problems()):
        raise RecipeError(f"{kind}: {faults[0][0]} {faults[0][1]}")
    return Scored(metric)
