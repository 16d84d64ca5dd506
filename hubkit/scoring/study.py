"""The prompt study: which words around a subject draw it best in what was learnt, and what do they cost?

Subjects x templates x initial latents, drawn by the base and by the finetuned alike. How the templates are ranked
stands in `hubkit.scoring.ranking`.

Legend: S subjects, L initial latents of each, T templates, R real pictures, D features.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Final, Self

from pydantic import Field

from hubkit import hub
from hubkit.data import CaptionedImages
from hubkit.extractors import Extractor
from hubkit.sampling import Samples, Shot
from hubkit.sampling import study as card_shots
from hubkit.scoring import ranking
from hubkit.scoring.bench import Bench, Drawn
from hubkit.scoring.features import Look
from hubkit.scoring.likeness import cosines
from hubkit.scoring.panels import Laid, Panel, Shows, real_pictures
from hubkit.scoring.ranking import Cells, Scales
from hubkit.scoring.values import BARE, Measured, Sample, Study, Template
from hubkit.values import RepoId, Settings

if TYPE_CHECKING:
    from torch import Tensor

    from hubkit.scoring.ranking import Array

CARD: Final = "study"
"""The set of the card's pictures: those of the first latents, without the bare subject where the recipe lacks it."""
FURTHER: Final = "prompts"
"""The set of all the others."""
MOST_REAL: Final = 1000
FEW_SUBJECTS: Final = 6
PERCENT: Final = 100
STABLE_DIFFUSION_1_READS: Final = "openai/clip-vit-large-patch14"
"""Its text tower is the text encoder of Stable Diffusion 1."""


class PromptStudy(Settings):
    """Every template of `[samples]` with every subject, from the same initial latents."""

    extractor: RepoId = Field(
        "openai/clip-vit-large-patch14", description="CLIP model on the Hub that looks at the pictures."
    )
    revision: str | None = Field(None, description="Of the CLIP model; resolved to a commit SHA and locked.")
    seeds: int = Field(
        4, ge=1, le=64, description="Initial latents of each subject; the first are those of the card's pictures."
    )

    def pinned(self) -> Self:
        """The same, with the revision's commit SHA."""
        return self.model_copy(update={"revision": hub.resolve_model(self.extractor, self.revision).sha})

    def see(self) -> Extractor:
        """The CLIP model."""
        from hubkit.extractors.clip import Clip

        return Clip(self.extractor, self.revision)


@dataclass(frozen=True)
class Sheet:
    """What is drawn, S x L x T: a block of each subject, in it a row of each latents, in it a picture of each template.

    Equal latents everywhere in a row, and in both models.
    """

    subjects: tuple[str, ...]
    templates: tuple[str, ...]
    seeds: int
    first_seed: int

    @classmethod
    def of(cls, study: PromptStudy, samples: Samples) -> Self:
        """The recipe's templates; the bare subject before them where it is none of them."""
        bare = () if BARE in samples.templates else (BARE,)
        return cls(samples.subjects, (*bare, *samples.templates), study.seeds, samples.seed)

    @property
    def shape(self) -> tuple[int, int, int]:
        """S, L, T."""
        return len(self.subjects), self.seeds, len(self.templates)

    @property
    def shots(self) -> list[Shot]:
        """Every cell. The first latents of a subject are those of the card's pictures."""
        return [
            Shot(template.replace(BARE, subject), self.first_seed + turn * len(self.subjects) + row)
            for (row, subject), turn, template in product(
                enumerate(self.subjects), range(self.seeds), self.templates
            )
        ]  # fmt: skip

    def gathered(self, drawn: Drawn) -> list[Sample]:
        """The pictures of one model, cell by cell, from the card's and the further ones."""
        known = {(one.prompt, one.seed): one for name in (CARD, FURTHER) for one in drawn[name]}
        return [known[shot.prompt, shot.seed] for shot in self.shots]


@dataclass(frozen=True)
class Seen:
    """All that the study is computed from: what was drawn, and the features of it."""

    sheet: Sheet
    extractor: Extractor
    base: Sequence[Sample]
    finetuned: Sequence[Sample]
    base_ND: "Tensor"
    finetuned_ND: "Tensor"
    texts_SD: "Tensor"
    """Of the bare subjects."""
    real_RD: "Tensor"
    reference: dict[str, str | int]
    notes: tuple[str, ...]
    texts: Sequence[str] = ()
    real: Sequence[Look] = ()


def shots_of_study(study: PromptStudy | None, samples: Samples) -> dict[str, list[Shot]]:
    """The card's pictures and, where there is a study, what it draws beyond them."""
    shown = card_shots(samples)
    known = set(shown)
    return {CARD: shown} | (
        {FURTHER: [shot for shot in Sheet.of(study, samples).shots if shot not in known]} if study else {}
    )


def see(
    study: PromptStudy, samples: Samples, method: Shows, bench: Bench, drawn: tuple[Drawn, Drawn],
    images: CaptionedImages,
) -> Seen:  # fmt: skip
    """Look at what the base and the finetuned have `drawn`. All processes must call it alike."""
    sheet, extractor = Sheet.of(study, samples), study.see()
    base, finetuned = (sheet.gathered(of_one) for of_one in drawn)
    texts = [method.plain(subject) or subject for subject in sheet.subjects]
    rows = (images.holdout if len(images.holdout) > 1 else images.train)[:MOST_REAL]
    real = real_pictures(images, rows)
    return Seen(
        sheet,
        extractor,
        base,
        finetuned,
        base_ND=bench.see(extractor, bench.looks(base)),
        finetuned_ND=bench.see(extractor, bench.looks(finetuned)),
        texts_SD=bench.read(extractor, texts),
        real_RD=bench.see(extractor, real),
        reference=reference(rows, images),
        notes=tuple(_notes(sheet, extractor, texts)),
        texts=texts,
        real=real,
    )


def lay_drawn(name: str, base: Drawn, finetuned: Drawn, bench: Bench, seen: Seen | None) -> Laid:
    """The card's or the study's pictures of both models, for the record; with the real ones they were held against."""
    shots = tuple(Shot(one.prompt, one.seed) for one in finetuned[name])
    panel = Panel(name, "subjects in templates", shots, tuple(shot.prompt for shot in shots), rows=(), paired=False)
    real = seen.real if seen and name == CARD else ()
    return Laid(panel, bench.looks(base[name]), bench.looks(finetuned[name]), real)


def studied(seen: Seen) -> Study:
    """The templates, best first, and whether one is needed."""
    sheet, bare = seen.sheet, seen.sheet.templates.index(BARE)
    finetuned, base = cells(seen.finetuned_ND, seen), cells(seen.base_ND, seen)
    real_identity_RS, real_style_R = _array(cosines(seen.real_RD, seen.texts_SD)), _array(among(seen.real_RD))
    axes = ranking.scales(base, bare, real_identity_RS, real_style_R)
    rows = ranking.ranked(sheet.templates, finetuned, base, axes)
    needed = ranking.needed(sheet.templates, finetuned, axes, rows[0].template)
    first = [number for number, (_, turn, _) in enumerate(product(*map(range, sheet.shape))) if not turn]
    return Study(
        templates=rows,
        needed=needed,
        verdict=verdict(rows[0], axes, needed=needed),
        subjects=sheet.subjects,
        seeds=sheet.seeds,
        counted=tuple(name for name, axis in (("identity", axes.identity), ("style", axes.style)) if axis.counts),
        anchors=anchors(axes),
        intervals_by="Student's t over the subjects",
        extractor=seen.extractor.source,
        extractor_revision=seen.extractor.revision,
        reference=seen.reference,
        notes=seen.notes,
        columns=sheet.templates,
        base=tuple(seen.base[number] for number in first),
        finetuned=tuple(seen.finetuned[number] for number in first),
    )


def cells(features_ND: "Tensor", seen: Seen) -> Cells:
    """One model's pictures, cell by cell: identity to the subject's own text, style to the mean of the real ones."""
    from torch.nn.functional import normalize

    subjects, seeds, templates = seen.sheet.shape
    own_NS = cosines(features_ND, seen.texts_SD).reshape(subjects, seeds, templates, subjects)
    mean_1D = normalize(seen.real_RD.double(), dim=1).mean(dim=0, keepdim=True)
    style = cosines(features_ND, mean_1D).reshape(subjects, seeds, templates)
    return Cells(_array(own_NS.diagonal(dim1=0, dim2=3).permute(2, 0, 1)), _array(style))


def among(real_RD: "Tensor") -> "Tensor":
    """The cosine of each real picture to the mean of all the others, (R,): the ceiling of style."""
    from torch.nn.functional import cosine_similarity, normalize

    unit_RD = normalize(real_RD.double(), dim=1)
    cosine: Tensor = cosine_similarity(unit_RD, unit_RD.sum(dim=0, keepdim=True) - unit_RD, dim=1)
    return cosine


def _array(cosine: "Tensor") -> "Array":
    """In points."""
    array: Array = PERCENT * cosine.cpu().numpy()
    return array


def anchors(axes: Scales) -> dict[str, float]:
    """Where the scales begin and end, in words."""
    return {
        "identity of real pictures": axes.identity.zero,
        "identity of the base": axes.identity.one,
        "style of the base": axes.style.zero,
        "style of real pictures": axes.style.one,
    }


def verdict(first: Template, axes: Scales, *, needed: bool) -> str:
    """Is a template needed, what does it add, what does it cost?"""
    if not (axes.identity.counts or axes.style.counts):
        return "cannot tell: the base's pictures do not differ measurably from the real ones"
    if not needed and first.template == BARE:
        return "no template is needed: the bare subject came first"
    if not needed:
        return (
            f"no template is needed: “{first.template}” came first, but is not measurably better than the bare subject"
        )
    assert first.added  # noqa: S101 - it is not the bare one
    assert first.cost  # noqa: S101
    style = change(first.added, "style")
    identity = change(first.cost.negated, "identity")
    return f"a template is needed: “{first.template}” {style} and {identity}"


def change(measured: Measured, what: str) -> str:
    """A difference in words: 'adds 3.1 (2.0 to 4.2) points of style'."""
    said, verb = (measured, "adds") if measured.value > 0 else (measured.negated, "costs")
    if said.interval is None or said.interval.low <= 0:
        return f"leaves {what} without measurable change"
    return f"{verb} {said.value:.1f} ({said.interval.low:.1f} to {said.interval.high:.1f}) points of {what}"


def reference(rows: Sequence[int], images: CaptionedImages) -> dict[str, str | int]:
    """The real pictures, and whether they were held out."""
    of_training = not set(rows) <= set(images.holdout)
    return {
        "dataset": images.name,
        "revision": images.revision,
        "split": f"{images.source.split}, {'trained on' if of_training else 'held out by seed'}",
        "rows": len(rows),
    }


def _notes(sheet: Sheet, extractor: Extractor, texts: Sequence[str]) -> Iterator[str]:
    """What a reader must know."""
    if len(sheet.subjects) == 1:
        yield "one subject says nothing of others"
    elif len(sheet.subjects) < FEW_SUBJECTS:
        yield f"with {len(sheet.subjects)} subjects only large differences can be seen"
    if extractor.source == STABLE_DIFFUSION_1_READS:
        yield "identity is read by the very text encoder that Stable Diffusion 1 draws with"
    if len(sheet.templates) > 2:  # noqa: PLR2004 - of the bare subject and one more nothing is picked
        yield (
            "the numbers of the first template come from the pictures it was picked by, and flatter it a little;"
            " whether one is needed was judged with allowance for that"
        )
    if cut := extractor.truncated(texts):
        yield f"{cut} of {len(texts)} subjects are longer than the extractor reads and were cut"
