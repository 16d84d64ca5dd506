"""Every number again, from what lies beside it, without drawing and without looking at a picture."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from hubkit.errors import IntegrityError
from hubkit.sampling import Shot
from hubkit.scoring.features import Features, Nearest
from hubkit.scoring.keeping import HELD_OUT, OF_DIAL, of_candidate
from hubkit.scoring.measuring import Sight, view
from hubkit.scoring.metric import Metric
from hubkit.scoring.picking import Merits, front
from hubkit.scoring.remembering import Kept
from hubkit.scoring.searching import Searches, nearest_pairs
from hubkit.scoring.study import CARD, FURTHER, Seen, Sheet, studied
from hubkit.scoring.values import Candidate, Dial, Sample, Score, Scores, Study, upwards

RELATIVE: Final = 1e-6
ABSOLUTE: Final = 1e-9
"""Another machine sums in another order."""


@dataclass(frozen=True)
class Again:
    """A score or a template, and which of its numbers came out otherwise."""

    name: str
    compared: int
    """Numbers; 0 where it was withheld."""
    differing: tuple[str, ...]
    """Each in words."""


def recompute(folder: Path, metrics: Sequence[Metric]) -> Iterator[Again]:
    """All scores in a folder, the prompt study and the style dial. Raises IntegrityError where something is not there
    to compute them from.
    """
    scores = Scores.load(folder / "scores.json")
    if scores is None or not scores.measurements:
        raise IntegrityError(f"{folder} holds no scores with what they were computed from")
    by_kind = {metric.kind: metric for metric in metrics}
    for score in scores.scores:
        if score.kind not in by_kind:
            raise IntegrityError(f"{score.metric} is scored, and the recipe beside it has no such metric")
    kept = Kept.read(folder, scores.measurements)
    for score in scores.scores:
        yield _score(score, by_kind[score.kind], kept)
    if scores.study:
        yield from _study(scores.study, kept)
    if scores.dial:
        yield from _dial(scores.dial, scores, by_kind, Kept.read(folder, scores.dial.measurements, OF_DIAL))


def _score(score: Score, metric: Metric, kept: Kept) -> Again:
    if score.withheld:
        return Again(score.metric, 0, ())
    seen = sight(metric, kept, score.panel, score)
    found = seen.numbers()
    said = {key: getattr(score, key) for key in found}
    if score.nearest and seen.finetuned.nearest and seen.real.nearest:
        files = [look.name for look in kept.laid(score.panel).finetuned]
        said["nearest"] = score.nearest
        found["nearest"] = nearest_pairs(files, seen.finetuned.nearest, seen.real.nearest)
    return compared(score.metric, said, found)


def sight(metric: Metric, kept: Kept, panel: str, score: Score) -> Sight:
    """What a metric saw of a panel, through the extractor of a score. Raises IntegrityError where it is not kept."""
    laid = kept.laid(panel)
    if isinstance(metric, Searches):
        base, finetuned, real = (_distances(kept.nearest(panel, who)) for who in ("base", "finetuned", HELD_OUT))
        return Sight(metric, laid.panel.texts, base, finetuned, real, others=None)
    extractor = kept.extractors.get((score.extractor, score.extractor_revision))
    if extractor is None:
        raise IntegrityError(f"nothing is kept of what {score.metric} saw through {score.extractor}")
    return view(metric, laid, extractor)


def _distances(found: Nearest) -> Features:
    """Pictures of which nothing is known but what is nearest to them."""
    import torch

    return Features(torch.zeros(len(found.rows), 0), nearest=found)


def _study(study: Study, kept: Kept) -> Iterator[Again]:
    again = {one.template: one for one in studied(_seen(study, kept)).templates}
    for one in study.templates:
        yield compared(f"prompt study, {one.template!r}", one.model_dump(), again[one.template].model_dump())


def _dial(dial: Dial, scores: Scores, metrics: Mapping[str, Metric], kept: Kept) -> Iterator[Again]:
    """Every candidate, and whether another is better in both."""
    known = {one.kind: one for one in reversed(scores.scores)}
    found = [
        {kind: _of_candidate(one, metrics[kind], known[kind], kept) for kind in one.values} for one in dial.candidates
    ]
    merits = [
        Merits(
            upwards(of_one[dial.style][0], metrics[dial.style].better),
            upwards(of_one[dial.prompt][0], metrics[dial.prompt].better),
        )
        for of_one in found
    ]
    for one, numbers, is_on in zip(dial.candidates, found, front(merits), strict=True):
        said = {kind: (value, one.errors[kind]) for kind, value in one.values.items()}
        yield compared(f"style dial, {one.name}", {"front": one.front, **said}, {"front": is_on, **numbers})


def _of_candidate(one: Candidate, metric: Metric, score: Score, kept: Kept) -> tuple[float, float | None]:
    """One number of a candidate, nan where it was withheld, and the error of its difference."""
    seen = sight(metric, kept, of_candidate(one.name, metric.panels[0]), score)
    if len(seen.texts) < metric.fewest:
        return math.nan, None
    numbers = seen.numbers()
    return numbers["value"], numbers["difference_error"]


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
    elif isinstance(value, tuple | list):
        for number, part in enumerate(value):
            yield from _numbers(part, f"{key}.{number}")
    elif isinstance(value, int | float):
        yield key, float(value)


def _alike(one: float, two: float) -> bool:
    both_nan = math.isnan(one) and math.isnan(two)
    return both_nan or math.isclose(one, two, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
