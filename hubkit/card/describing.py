"""Assemble the release: the model's files, the card and its pictures, the pinned recipe and the lock; nothing else."""

import json
import shutil
from collections.abc import Mapping, Sequence
from importlib import metadata as distributions
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from hubkit import hub
from hubkit.card.edits import (
    Kept,
    edited,
    keep_edits,
    keep_metadata,
    metadata_hashes,
    overwritten,
    section_hashes,
    split,
)
from hubkit.card.emissions import grams
from hubkit.card.facts import FACTS, Facts
from hubkit.card.illustrations import Shown, illustrations
from hubkit.card.locking import Written, locked
from hubkit.card.log import logged
from hubkit.card.metadata import Licence, hub_address, metadata, of_release
from hubkit.card.pictures import chosen, save_sample
from hubkit.card.writing import body, front
from hubkit.data import CaptionedImages
from hubkit.errors import BaseModelError
from hubkit.escaping import front_matter, inline
from hubkit.progress import say
from hubkit.publishing import (
    ACCEPTED,
    CARD,
    HALF,
    LOCK,
    Accepted,
    BlankError,
    Present,
    Release,
    changes,
    draw,
    hashes,
    source_code,
    usage,
)
from hubkit.recipe import Recipe, dump, shared
from hubkit.scoring import TOOK, Sample, Score, Scores, Took
from hubkit.training import TrainedModel
from hubkit.training.journal import read_rows
from hubkit.values import fingerprint, link_or_copy

FORMAT: Final = 2
PROOF: Final = "images/usage.png"
INDEX: Final = "model_index.json"
MEASURED: Final = "scores"


def describe(
    recipe: Recipe, images: CaptionedImages, model: TrainedModel, scores: Scores, folder: Path,
    now: Present | None = None,
) -> Release:  # fmt: skip
    """The release of a run, in `folder/release`, for where `now` is what stands there. It is made once: from the same
    inputs come the same bytes.

    Raises IntegrityError when the model does not draw by the card's own code.
    """
    model_id = recipe.publish.model_id(recipe.name)
    accepted = Accepted.load(folder / ACCEPTED, fingerprint(scores))
    made_from = fingerprint(
        FORMAT, _words(), dump(recipe), images, model.model_dump(exclude={"folder"}), scores, model_id, accepted
    )
    before = now.before(made_from) if now else None
    standing = now.standing_card if now else None
    inputs = fingerprint(made_from, before and [before.commit, before.tag], standing and edited(standing))
    on = now.commit if now else None
    place = folder / "release"
    if done := made(folder, inputs):
        return done.model_copy(update={"on": on})
    making = folder / ".release.making"
    shutil.rmtree(making, ignore_errors=True)
    link_model(model.folder, making)
    if recipe.publish.fp16:
        halve(making)
    older = made(folder)
    shown = chosen(scores, recipe.card.pictures)
    samples = [one.finetuned for one in shown]
    gallery = _illustrate(making, folder, samples)
    known = _proven(older, making, model, samples)
    proof = known or _prove(making, samples, scores)
    if recipe.publish.fp16 and not (known and older and any(HALF in name for name in older.manifest)):
        _try_half(making, proof, scores)
    facts = Facts(
        recipe=shared(recipe),
        images=images.model_copy(update={"source": shared(recipe).data}),
        model=model.model_copy(update={"folder": Path("model")}),
        scores=scores,
        model_id=model_id,
        snippet=usage(model_id, proof.prompt, proof.seed, scores.sampling, recipe.publish.version),
        proof=proof,
        gallery=tuple(gallery),
        safety_checker=has_safety_checker(making),
        accepted=accepted.reason if accepted else None,
        source=(older.lock.source if older else None) or source_code(),
        before=before,
        plots=dict(illustrations(folder, scores, shown, making, _training(recipe, images, older, model))),
        scoring=Took.load(folder / TOOK),
        weights_bytes=sum(file.stat().st_size for file in making.glob("*/*.safetensors") if HALF not in file.name),
        log=logged(read_rows(folder / "train.jsonl")),
        hub=hub_address(),
        thumbnail=recipe.publish.address_of(recipe.name, gallery[0][1]) if gallery else None,
        co2_grams=grams(recipe.card.country, model.energy_kwh),
    )
    facts = _compared(making, facts, made_from)
    facts.save(folder / FACTS, inputs)
    if recipe.data.repo:
        keep_measurements(folder, scores, making / MEASURED)
    _write(making, facts, now, made_from)
    shutil.rmtree(place, ignore_errors=True)
    making.rename(place)
    release = _release(facts, place).model_copy(update={"on": on})
    release.save(folder / "release.json", inputs)
    return release


def made(folder: Path, made_from: str | None = None) -> Release | None:
    """The release that a run has made already, if it is whole, and if it was made from the same."""
    known = Release.load(folder / "release.json", made_from)
    release = known and known.model_copy(update={"folder": folder / "release"})
    return release if release and _is_whole(release) else None


def draft(recipe: Recipe) -> str:
    """The card as far as it is known before the training: real names and licences, made-up scores.

    Asks the Hub for the base. Raises BaseModelError, also where neither its card nor the recipe states a licence;
    RecipeError where they differ; AuthorisationError, StoppedError.
    """
    base = hub.resolve_model(recipe.model.base, recipe.model.revision)
    stated = hub.agreed_license(base.repo, base.license, recipe.model.license)
    if not stated:
        raise BaseModelError(
            f"{base.repo} states no licence, so nobody could tell what they may do with a model made from it",
            help="look for its terms, then set model.license, such as --set 'model.license=\"creativeml-openrail-m\"'",
            code="HK410",
        )
    made_up = [
        Score(
            metric=metric.kind, kind=metric.kind, value=0.0, base=0.0, better="lower", n=0, scale="", extractor="",
            extractor_revision="", settings={}, reference={},
        )
        for metric in recipe.metrics
    ]  # fmt: skip
    licence = of_release(Licence(stated, base.license_name, base.license_link), recipe.data.license)
    sample = "images/sample-0.png"
    shown = recipe.publish.address_of(recipe.name, sample)
    said = metadata(recipe, licence, made_up, "main", [("a prompt", sample)], hub_address(), {"thumbnail": shown})
    return f"{front_matter(said)}\n# {inline(recipe.name)}\n"


def link_model(source: Path, place: Path) -> None:
    """The files of a pipeline in another folder, without a second copy on disk where the file system allows.

    `source` may be an older release of the same model: what was put beside the pipeline there is left out.
    """
    components = [name for name in json.loads((source / INDEX).read_bytes()) if not name.startswith("_")]
    inside = (file for name in components for file in sorted((source / name).rglob("*")))
    for file in (source / INDEX, *inside):
        if file.is_dir() or HALF in file.name:
            continue
        there = place / file.relative_to(source)
        there.parent.mkdir(parents=True, exist_ok=True)
        link_or_copy(file, there)


def keep_measurements(run: Path, scores: Scores, place: Path) -> None:
    """The scores with what they were computed from, for `hubkit score --from`. Pictures of one's own stay at home: the
    rows hold their captions, and features say something of what they show.
    """
    of_dial = scores.dial.measurements if scores.dial else {}
    for name in ("scores.json", *scores.measurements, *of_dial) if scores.measurements else ():
        place.mkdir(exist_ok=True)
        carried = run / "release" / MEASURED / name  # all that another machine is given of them
        link_or_copy(run / name if (run / name).is_file() else carried, place / name)


def halve(folder: Path) -> None:
    """A half-precision copy beside every file of weights, under the name diffusers loads for `variant="fp16"`.

    A number too large for it becomes infinite, and such a release is refused before it is published.
    """
    import torch
    from safetensors.torch import load_file, save_file

    for file in sorted(folder.glob("*/*.safetensors")):
        weights = {
            name: tensor.to(torch.float16) if tensor.is_floating_point() else tensor
            for name, tensor in load_file(file).items()
        }
        save_file(weights, file.with_suffix(f"{HALF}safetensors"), metadata={"format": "pt"})


def _illustrate(making: Path, run: Path, shown: Sequence[Sample]) -> list[tuple[Sample, str]]:
    """Save the samples; with their paths."""
    (making / "images").mkdir(parents=True)
    gallery = [(sample, f"images/sample-{number}.png") for number, sample in enumerate(shown)]
    for sample, path in gallery:
        save_sample(run, sample, making / path)
    return gallery


def _training(recipe: Recipe, images: CaptionedImages, older: Release | None, model: TrainedModel) -> Shown | None:
    """What may be shown of the training's pictures: they themselves, or the sheet that an older describing of the same
    weights made of them. Whoever publishes a finished run may not have them at hand.
    """
    if not recipe.card.training_pictures:
        return None
    return Shown(images, older.folder if older and older.lock.weights == model.weights else None)


def _proven(older: Release | None, making: Path, model: TrainedModel, shown: Sequence[Sample]) -> Sample | None:
    """The proof of an older describing, where the same weights drew it from what is still a sample. It is kept: new
    words on the card need no new picture.
    """
    if older is None or older.lock.weights != model.weights:
        return None
    proof = older.lock.proof
    sample = next((one for one in shown if (one.prompt, one.seed) == (proof.prompt, proof.seed)), None)
    if sample:
        shutil.copyfile(older.folder / proof.path, making / PROOF)
    return sample


def _prove(making: Path, shown: Sequence[Sample], scores: Scores) -> Sample:
    """Draw the proof by the card's own code: the first of the samples whose picture shows something.

    The code takes the pipeline as it is published, with its base's safety checker, which may black a picture out.
    Raises BlankError when it does so to all of them.
    """
    for sample in shown:
        try:
            draw(usage(str(making.resolve()), sample.prompt, sample.seed, scores.sampling), making / PROOF)
        except BlankError:
            say(f"the card's own code draws {sample.prompt!r} in one colour; another sample is tried")
        else:
            return sample
    checker = "its safety checker may object to all of them" if has_safety_checker(making) else "it has learnt nothing"
    raise BlankError(
        f"by the card's own code the model draws every sample in one colour: {checker}",
        help="change samples.subjects; nothing is trained anew",
    )


def _try_half(making: Path, proof: Sample, scores: Scores) -> None:
    """Execute what the card says of half precision; its picture is nobody's proof. Raises BlankError."""
    code = usage(str(making.resolve()), proof.prompt, proof.seed, scores.sampling, half=True)
    with TemporaryDirectory(prefix="hubkit-half-") as desk:
        try:
            draw(code, Path(desk, "half.png"))
        except BlankError as error:
            raise BlankError(
                f"in half precision the model draws {proof.prompt[:80]!r} in one colour, in full precision it does not",
                help="leave publish.fp16 out; nothing is trained anew",
            ) from error


def has_safety_checker(folder: Path) -> bool:
    """Whether a pipeline brings a checker that blacks out pictures it objects to."""
    _library, name = json.loads((folder / "model_index.json").read_bytes()).get("safety_checker") or (None, None)
    return name is not None


def _compared(making: Path, facts: Facts, made_from: str) -> Facts:
    """The facts with what has changed since the release before, where hubkit made that."""
    if facts.before is None or facts.before.lock is None:
        return facts
    found = changes(facts.before.lock, locked(making, facts, PROOF, made_from))
    return facts.model_copy(update={"changes": found})


def _write(making: Path, facts: Facts, now: Present | None, made_from: str) -> None:
    """The card with what people edited in the one that stands, the recipe and, last, the lock over all of them."""
    said, words = front(facts), body(facts)
    standing = now.standing_card if now else None
    kept = keep_edits(words, split(standing.text)[1], standing.lock.card) if standing else Kept(words)
    if now and now.card and not (standing and standing.lock.card):
        say("the card that stands there is not known to be one of hubkit's: it is replaced, and its text is not kept")
    _tell(kept, overwritten(said, standing) if standing else ())
    metadata_kept = keep_metadata(said, standing) if standing else said
    (making / CARD).write_text(f"{front_matter(metadata_kept)}\n{kept.body}", encoding="utf-8")
    by_us = Written(section_hashes(words), tuple(said["tags"]), metadata_hashes(split(front_matter(said))[0]))
    (making / "recipe.toml").write_text(dump(facts.recipe), encoding="utf-8")
    (making / LOCK).write_text(locked(making, facts, PROOF, made_from, by_us).text(), encoding="utf-8")


def _tell(kept: Kept, overwritten: Sequence[str]) -> None:
    """What of people's edits does not stand in the new card as they left it."""
    for title in kept.conflicts:
        say(f"{title!r} of the card was edited by hand, and its facts have changed: both stand in the new card")
    for title in kept.missed:
        say(f"{title!r} of the card was taken out by hand: it stands in the new card again")
    for key in overwritten:
        say(f"{key!r} of the card's metadata was changed by hand: hubkit writes this key, and the change is not kept")


def _release(facts: Facts, place: Path) -> Release:
    manifest = hashes(place)
    return Release(
        name=facts.recipe.name,
        model_id=facts.model_id,
        folder=place,
        manifest=manifest,
        sizes={path: (place / path).stat().st_size for path in manifest},
        message=f"{facts.recipe.name}: {facts.model.steps} steps on {facts.images.name}",
    )


def _is_whole(release: Release) -> bool:
    """Whether the folder still holds exactly the manifest."""
    return release.folder.is_dir() and hashes(release.folder) == release.manifest


def _words() -> Mapping[str, str]:
    """What else a card is made of: the templates and hubkit itself. Another wording is another card."""
    templates = resources.files("hubkit.card") / "templates"
    return {
        "hubkit": distributions.version("hubkit-publisher"),
        **{file.name: file.read_text(encoding="utf-8") for file in templates.iterdir()},
    }
