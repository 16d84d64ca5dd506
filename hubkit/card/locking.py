"""The lock of a release, from the facts of its run."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from hubkit.card.facts import Facts
from hubkit.publishing import Lock, Parent, hashes, interface_of
from hubkit.publishing.lock import (
    LockedBase,
    LockedData,
    LockedDial,
    LockedPicture,
    LockedRecipe,
    LockedScore,
    LockedStudy,
    LockedTraining,
)
from hubkit.recipe import dump
from hubkit.scoring import Dial, Study

ELSEWHERE: Final = {
    "folder", "base", "base_revision", "base_license", "base_license_name", "base_license_link", "weights",
}  # fmt: skip
"""What the lock says of the base and of the weights, and not of the training."""


@dataclass(frozen=True)
class Written:
    """What hubkit wrote of a card, so that what people write later is told apart."""

    sections: Mapping[str, str]
    """Hash of each section by its title."""
    tags: tuple[str, ...]
    metadata: Mapping[str, str]
    """Hash of each key of the metadata."""


UNWRITTEN: Final = Written({}, (), {})


def locked(making: Path, facts: Facts, proof: str, made_from: str, written: Written = UNWRITTEN) -> Lock:
    """The lock of a release that lies in `making`; over every file of it once the card is written, over none before."""
    model, images, recipe = facts.model, facts.images, facts.recipe
    tables = recipe.model_dump(mode="json", exclude_none=True)
    return Lock(
        name=recipe.name,
        model_id=facts.model_id,
        version=recipe.publish.version,
        made_from=made_from,
        recipe=LockedRecipe(sha256=recipe_hash(facts), tables=tables),
        base=LockedBase(
            repo=model.base,
            revision=model.base_revision,
            license=model.base_license,
            license_name=model.base_license_name,
            license_link=model.base_license_link,
        ),
        data=LockedData(
            repo=images.name,
            revision=images.revision,
            license=images.license,
            rows=len(images.train),
            held_out=len(images.holdout),
        ),
        extractors={score.extractor: score.extractor_revision for score in facts.scores.scores if score.extractor},
        training=LockedTraining.model_validate(model.model_dump(mode="json", exclude=ELSEWHERE)),
        weights=model.weights,
        interface=interface_of(
            making,
            resolution=images.source.resolution,
            trigger=facts.recipe.method.trigger,
            license=facts.licence.id,
        ),
        scores=tuple(LockedScore.model_validate(score.model_dump(mode="json")) for score in facts.scores.scores),
        study=facts.scores.study and locked_study(facts.scores.study),
        dial=facts.scores.dial and locked_dial(facts.scores.dial),
        sampling=facts.scores.sampling,
        proof=LockedPicture(path=proof, prompt=facts.proof.prompt, seed=facts.proof.seed),
        pictures=tuple(
            LockedPicture(path=path, prompt=sample.prompt, seed=sample.seed) for sample, path in facts.gallery
        ),
        card=dict(written.sections),
        tags=written.tags,
        metadata=dict(written.metadata),
        accepted=facts.accepted,
        source=facts.source,
        parent=Parent(commit=facts.before.commit, tag=facts.before.tag) if facts.before else None,
        size_bytes=sum(file.stat().st_size for file in making.rglob("*") if file.is_file()),
        files=hashes(making) if written is not UNWRITTEN else {},
    )


def recipe_hash(facts: Facts) -> str:
    """The sha256 of the release's `recipe.toml`."""
    return sha256(dump(facts.recipe).encode()).hexdigest()


def locked_study(study: Study) -> LockedStudy:
    """Every number of it; of the pictures the hashes stand elsewhere."""
    said: dict[str, Any] = study.model_dump(mode="json", exclude={"finetuned", "base"})
    return LockedStudy.model_validate({"winner": study.winner, **said})


def locked_dial(dial: Dial) -> LockedDial:
    """Every number of it."""
    said: dict[str, Any] = dial.model_dump(mode="json")
    return LockedDial.model_validate(said)
