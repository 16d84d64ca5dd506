"""The only training loop."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Final

import torch
from accelerate import Accelerator

from hubkit import hub
from hubkit.data import CaptionedImages, Example
from hubkit.errors import MachineError, RecipeError, StoppedError
from hubkit.families import Diffuser, Family
from hubkit.progress import Steps, say
from hubkit.sampling import Samples, draw, study
from hubkit.training.checkpoint import latest_checkpoint, save_checkpoint
from hubkit.training.energy import energy, metered
from hubkit.training.facts import machine, mean, weight_hashes, whole
from hubkit.training.feed import Feed
from hubkit.training.journal import Journal, read_rows
from hubkit.training.latents import embeddings, posteriors, token_ids
from hubkit.training.learner import Learner, learning_rate
from hubkit.training.milestones import keep_milestones
from hubkit.training.settings import LOSSES_AVERAGED, Method, TrainedModel, Training
from hubkit.training.stopping import stoppable
from hubkit.values import fingerprint

FORMAT: Final = 1


def train(
    model: Family, method: Method, training: Training, samples: Samples, images: CaptionedImages, folder: Path
) -> TrainedModel:  # fmt: skip
    """Finetune `model` on `images`; go on from the newest checkpoint in `folder`, or return what is finished there
    already.
    """
    facts = hub.resolve_model(model.base, model.revision)
    now: dict[str, Any] = {
        "folder": folder / "model",
        "base_license": hub.agreed_license(model.base, facts.license, model.license),
        "base_license_name": facts.license_name,
        "base_license_link": facts.license_link,
    }
    seen = (images.source.essence(), images.revision, images.captions, images.train)
    made_from = fingerprint(FORMAT, model.essence(), method.essence(), training.essence(), seen)
    done = TrainedModel.load(folder / "model.json", made_from)
    if done and whole(done := done.model_copy(update=now)):
        return done
    accelerator = start_accelerator(training)
    diffuser = model.load(device=str(accelerator.device))
    remarks = told(method.remarks(images, diffuser), accelerator)
    examples = method.examples(images, diffuser, facts.sha, accelerator)
    remarks += told(truncated(examples, diffuser), accelerator)
    learns = method.trained(diffuser)
    learner = Learner(training, learns, diffuser, accelerator)
    feed = make_feed(examples, images, learner, facts.sha)

    try:
        with metered(folder) if accelerator.is_main_process else nullcontext():
            seconds = run_steps(learner, feed, samples, images.source.resolution, folder)
    except torch.OutOfMemoryError as error:
        raise MachineError(
            f"the device ran out of memory: {str(error).splitlines()[0]}",
            help="lower training.micro_batch (the batch stays as it is), or set training.gradient_checkpointing = true",
        ) from error
    weights = learner.weights()
    if accelerator.is_main_process:
        diffuser.save(folder / "model", weights)
    accelerator.wait_for_everyone()
    losses = [row["loss"] for row in read_rows(folder / "train.jsonl")]
    trained = TrainedModel(
        **now,
        base=model.base,
        base_revision=facts.sha,
        steps=training.steps,
        examples=training.steps * training.batch_size,
        first_loss=mean(losses[:LOSSES_AVERAGED]),
        final_loss=mean(losses[-LOSSES_AVERAGED:]),
        seconds=seconds,
        examples_per_second=training.steps * training.batch_size / seconds,
        processes=accelerator.num_processes,
        parameters_trained=sum(parameter.numel() for parameter in learner.parameters.values()),
        trained=tuple(sorted(learns)),
        weights=weight_hashes(folder / "model"),
        **energy(folder),
        remarks=remarks,
        **machine(),
    )
    if accelerator.is_main_process:
        trained.save(folder / "model.json", made_from)
    say(f"trained {training.steps} steps in {seconds:.0f} s: loss {trained.first_loss:.4f} -> {trained.final_loss:.4f}")
    return trained


def start_accelerator(training: Training) -> Accelerator:
    """The device or devices we were started on.

    Raises MachineError when they cannot do the recipe's precision, RecipeError when the batch cannot be dealt to them.
    """
    mixed = "no" if training.precision == "fp32" else training.precision
    torch.backends.cudnn.deterministic = True
    try:
        # Without `cpu`, accelerate leaves several processes on CPUs each to itself.
        accelerator = Accelerator(mixed_precision=mixed, cpu=not torch.cuda.is_available())
    except ValueError as error:
        raise MachineError(
            f"training.precision = {training.precision!r}: {error}", help="use fp32, or another device"
        ) from error
    each = training.pass_size(accelerator.num_processes)
    if training.batch_size % (each * accelerator.num_processes):
        raise RecipeError(
            f"training.batch_size = {training.batch_size} is not a multiple of {each} pictures "
            f"on {accelerator.num_processes} processes",
            help="change training.micro_batch or the number of processes",
        )
    return accelerator


def make_feed(
    examples: Sequence[tuple[Example, ...]], images: CaptionedImages, learner: Learner, base: str
) -> Feed:  # fmt: skip
    """Encode what is not in the cache yet: every picture, and every caption with the empty one. Captions of a text
    encoder that is trained are encoded in the loop.
    """
    training, diffuser, accelerator = learner.training, learner.diffuser, learner.accelerator
    pictures = {example.picture.identity: example.picture for members in examples for example in members}
    captions = sorted({example.caption for members in examples for example in members} | {""})
    words_learn = not diffuser.text_encoders.isdisjoint(learner.components)
    return Feed(
        examples,
        posteriors(list(pictures.values()), images.source, diffuser, base, training.seed, accelerator),
        token_ids(captions, diffuser) if words_learn else embeddings(captions, diffuser, base, accelerator),
        diffuser,
        training,
    )


def told(remarks: Iterable[str], accelerator: Accelerator) -> tuple[str, ...]:
    """The remarks, said by the first process."""
    remarks = tuple(remarks)
    for remark in remarks if accelerator.is_main_process else ():
        say(remark)
    return remarks


def truncated(examples: Sequence[tuple[Example, ...]], diffuser: Diffuser) -> Iterator[str]:
    """How many captions the text encoder does not read to their end."""
    captions = {example.caption for members in examples for example in members}
    room = diffuser.longest_caption - 2
    if cut := sorted(caption for caption in captions if len(diffuser.pieces(caption)) > room):
        yield f"{len(cut)} of {len(captions)} captions have more than {room} tokens and are cut: {cut[0][:60]!r}"


def run_steps(learner: Learner, feed: Feed, samples: Samples, resolution: int, folder: Path) -> float:
    """Take the steps that are left; returns the seconds all steps took. Raises StoppedError after a clean stop,
    DivergedError.
    """
    training, accelerator = learner.training, learner.accelerator

    # Where are we?
    checkpoint = latest_checkpoint(folder / "checkpoints")
    if checkpoint:
        learner.restore(checkpoint)
        say(f"going on after step {checkpoint.step}")
    done = checkpoint.step if checkpoint else 0
    del checkpoint  # its tensors are mapped from files that will be pruned
    before: float = sum(row["seconds"] for row in read_rows(folder / "train.jsonl") if row["step"] == done)
    journal = Journal(folder, done) if accelerator.is_main_process else None
    if journal and training.milestone_every:
        keep_milestones(folder, training)  # of a checkpoint that a kill left behind
    began = time.monotonic()

    with stoppable() as wish, Steps("training", training.steps, done) as bar:
        for step in range(done, training.steps):
            loss = learner.update(step, feed.passes(step, accelerator))
            last = step + 1 == training.steps
            seconds = time.monotonic() - began
            speed = (step + 1 - done) * training.batch_size / seconds
            stop = agreed(accelerator, wish.stop)
            bar.reached(step + 1, f"loss {loss:.4f}, {speed:.1f} examples/s")

            # Tell
            if journal:
                row = {"step": step + 1, "loss": loss, "learning_rate": learning_rate(training, step)}
                journal.write({**row, "examples_per_second": speed, "seconds": before + seconds})

            # Keep
            due = (step + 1) % training.checkpoint_every == 0 or training.is_milestone(step + 1)
            if journal and (last or stop or due):
                journal.flush()
                save_checkpoint(folder / "checkpoints", learner.checkpoint(step + 1), keep=training.keep_checkpoints)
                if training.milestone_every:
                    keep_milestones(folder, training)
            if stop and not last:
                raise StoppedError(
                    f"stopped after step {step + 1} of {training.steps}", help="run the same command to continue"
                )

            # Show
            if journal and samples.every and not last and (step + 1) % samples.every == 0:
                with learner.released():
                    place = folder / "samples" / f"{fingerprint(samples)[:8]}-step-{step + 1:08d}"
                    draw(learner.diffuser.pipeline(), study(samples), samples, resolution, place)
    return before + time.monotonic() - began


def agreed(accelerator: Accelerator, stop: bool) -> bool:  # noqa: FBT001 - a wish is a yes or a no
    """Whether any process was asked to stop: all stop after the same step, or one would wait for the others."""
    if accelerator.num_processes == 1:
        return stop
    return bool(accelerator.reduce(torch.tensor(float(stop), device=accelerator.device), "sum") > 0)
