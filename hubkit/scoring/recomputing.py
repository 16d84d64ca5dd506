"""Every number again, from what lies beside it, without drawing and without looking at a picture."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel

from hubkit.errors import IntegrityError
from hubkit.sampling import Shot
from hubkit.scoring.keeping import Kept, Remembered
from hubkit.scoring.measuring import numbers, view
from hubkit.scoring.metric import Metric
from hubkit.scoring.searching import Searches
from hubkit.scoring.study import CARD, FURTHER, Seen, Sheet, studied
from hubkit.scoring.values import Sample, Score, Study

RELATIVE: Final = 1e-6
ABSOLUTE: Final = 1e-9
"""Another machine sums in another order."""


@dataclass(frozen=True)
class Again:
    """A score or a template, and which of its numbers came out otherwise."""

    name: str
    compared: int
    """Numbers; 0 where it was withheld, or what it sees is too much to be kept."""
    differing: tuple[str, ...]
    """Each in words."""


def recompute(kept: Kept, metrics: Sequence[Metric]) -> Iterator[Again]:
    """All scores, and the prompt study. Raises IntegrityError where something is not there to compute them from."""
    by_kind = {metric.kind: metric for metric in metrics}
    for score in kept.scores.scores:
        if score.kind not in by_kind:
            raise IntegrityError(f"{score.metric} is scored, and the recipe beside it has no such metric")
        metric = by_kind[score.kind]
        extractor = kept.extractors.get((score.extractor, score.extractor_revision))
        computed = extractor is not None and not score.withheld and not isinstance(metric, Searches)
        yield _score(score, metric, kept, extractor) if extractor and computed else Again(score.metric, 0, ())
    if kept.scores.study:
        yield from _study(kept.scores.study, kept)


def _score(score: Score, metric: Metric, kept: Kept, extractor: Remembered) -> Again:
    found = numbers(view(metric, kept.laid(score.panel), extractor))
    said = {key: getattr(score, key) for key in found}
    return compared(score.metric, said, found)


def _study(study: Study, kept: Kept) -> Iterator[Again]:
    again = {one.template: one for one in studied(_seen(study, kept)).templates}
    for one in study.templates:
        yield compared(f"prompt study, {one.template!r}", one.model_dump(), again[one.template].model_dump())


def _seen(study: Study, kept: Kept) -> Seen:
    """What the study was computed from."""
    extractor = kept.extractors.get((study.extractor, study.extractor_revision))
    if extractor is None:
        raise IntegrityError(f"nothing is kept of what the prompt study saw through {study.extractor}")
    laid = [kept.laid(name) for name in (CARD, FURTHER) if name in kept.about]
    first = min(shot.seed for one in laid for shot in one.panel.shots)
    sheet = Sheet(study.subjects, study.columns, study.seeds, first)
    known = {
        who: {shot: look for one in laid for shot, look in zip(one.panel.shots, getattr(one, who), strict=True)}
        for who in ("base", "finetuned")
    }
    base, finetuned = ([known[who][shot] for shot in sheet.shots] for who in ("base", "finetuned"))
    texts = kept.about[CARD]["subjects"]
    return Seen(
        sheet,
        extractor,
        _samples(sheet.shots),
        _samples(sheet.shots),
        base_ND=extractor.see(extractor, base),
        finetuned_ND=extractor.see(extractor, finetuned),
        texts_SD=extractor.read(extractor, texts),
        real_RD=extractor.see(extractor, laid[0].real),
        reference=study.reference,
        notes=study.notes,
    )


def _samples(shots: Sequence[Shot]) -> list[Sample]:
    """Pictures whose files nobody needs."""
    return [Sample(prompt=shot.prompt, seed=shot.seed, file="", sha256="") for shot in shots]


def compared(name: str, said: Any, found: Any) -> Again:
    """Number by number."""
    pairs = list(zip(_numbers(said), _numbers(found), strict=False))
    differing = [f"{key} = {one!r}, computed again {two!r}" for (key, one), (_, two) in pairs if not _alike(one, two)]
    if len(list(_numbers(said))) != len(list(_numbers(found))):
        differing.append("some numbers are there only once")
    return Again(name, len(pairs), tuple(differing))


def _numbers(value: Any, key: str = "") -> Iterator[tuple[str, float]]:
    """The numbers within a value, by where they stand."""
    if isinstance(value, BaseModel):
        value = value.model_dump()
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _numbers(part, f"{key}.{name}" if key else name)
    elif isinstance(value, int | float):
        yield key, float(value)


def _alike(one: float, two: float) -> bool:
    both_nan = math.isnan(one) and math.isnan(two)
    return both_nan or math.isclose(one, two, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
