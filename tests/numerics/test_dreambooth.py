"""The two-term loss of DreamBooth through the loop's own parts, and the pace of the text encoder."""

import math
from pathlib import Path

import pytest
import torch
from accelerate import Accelerator
from PIL import Image

from hubkit.data import CaptionedImages, Example, Picture, Source
from hubkit.data.transforms import pixels
from hubkit.families.stable_diffusion.diffuser import StableDiffusionDiffuser
from hubkit.methods.dreambooth import DreamBooth
from hubkit.randomness import generator, permutation
from hubkit.training import Trained, Training
from hubkit.training.feed import Feed
from hubkit.training.learner import Learner, learning_rate
from hubkit.training.loop import make_feed

MINI_SD = Path(__file__).parents[2] / "hubkit" / "miniature" / "weights" / "mini-sd"
INSTANCE, CLASS = "a woman, avatarart style", "a photo of a person"
GAMMA, SEED, SLOTS = 5.0, 3, 8


@pytest.fixture
def diffuser() -> StableDiffusionDiffuser:
    """The miniature base, fresh: it is trained here."""
    return StableDiffusionDiffuser(MINI_SD, "cpu")


def picture(colour: int) -> Picture:
    """A picture of one colour."""
    return Picture(str(colour), lambda: Image.new("RGB", (64, 64), (colour, 255 - colour, colour // 2)))


def pairs(prior_weight: float) -> list[tuple[Example, ...]]:
    """Slots of a photo and a class image."""
    return [
        (Example(picture(20 * slot), INSTANCE, 1.0), Example(picture(20 * slot + 9), CLASS, prior_weight))
        for slot in range(SLOTS)
    ]


def started(
    diffuser: StableDiffusionDiffuser, prior_weight: float = 1.0, *, batch_size: int = 2, micro_batch: int = 2,
    **changes: object,
) -> tuple[Learner, Feed]:  # fmt: skip
    """A training of a few steps with Min-SNR, in the loop's own parts."""
    training = Training(
        steps=4, batch_size=batch_size, micro_batch=micro_batch, learning_rate=1e-3, seed=SEED, min_snr_gamma=GAMMA
    )
    method = DreamBooth.model_validate({
        "kind": "dreambooth", "token": "avatarart style", "instance_prompt": INSTANCE, "class_prompt": CLASS, **changes,
    })  # fmt: skip
    source = Source(repo="someone/cats", resolution=64, crop="center", variants=0)
    images = CaptionedImages(
        source=source, revision="", license=None, captions=(), sizes=(), train=(), holdout=(), skipped=()
    )
    learner = Learner(training, method.trained(diffuser), diffuser, Accelerator(cpu=True))
    return learner, make_feed(pairs(prior_weight), images, learner, "a commit")


@torch.no_grad()
def error(diffuser: StableDiffusionDiffuser, example: Example, slot: int, member: int) -> float:
    """One picture's part of the first step's loss, by hand: v-prediction (Salimans and Ho, 2022, appendix D) weighted
    by Min-SNR (Hang et al., 2023, section 3.4).
    """
    drawn = generator(SEED, "example", 0, slot, member)
    posterior = diffuser.encode_images(pixels(example.picture.open())[None])
    clean = posterior.mean + posterior.std * torch.randn(posterior.mean.shape[1:], generator=drawn)
    step = torch.randint(0, 1000, (1,), generator=drawn)
    noise = torch.randn(clean.shape[1:], generator=drawn)
    signal = diffuser.scheduler.alphas_cumprod[step].item()
    noisy = math.sqrt(signal) * clean + math.sqrt(1 - signal) * noise
    velocity = math.sqrt(signal) * noise - math.sqrt(1 - signal) * clean
    words = diffuser.tokenizer(example.caption, padding="max_length", max_length=77, return_tensors="pt").input_ids
    prediction = diffuser.denoiser.unet(noisy, step, diffuser.text_encoder(words).last_hidden_state).sample
    snr = signal / (1 - signal)
    return min(snr, GAMMA) / (snr + 1) * (prediction - velocity).double().square().mean().item()


@pytest.mark.parametrize(("batch_size", "micro_batch"), [(1, 1), (2, 2), (2, 1), (4, 2)])
@pytest.mark.parametrize(("prior_weight", "text_encoder"), [(1.0, False), (0.7, True)])
def test_the_loss_is_the_sum_of_the_two_terms(diffuser, batch_size, micro_batch, prior_weight, text_encoder):
    """Equation 2 of the paper, with Min-SNR: the mean over the photos, and lambda times that over the class images;
    at batch sizes 1, 2 and 4, in one pass or two, whether the text encoder learns or not.
    """
    slots = [pairs(prior_weight)[place] for place in permutation(SEED, "order", 0, SLOTS)[:batch_size]]
    of_photos, of_class = (
        sum(error(diffuser, members[member], slot, member) for slot, members in enumerate(slots)) / batch_size
        for member in (0, 1)
    )
    learner, feed = started(
        diffuser, prior_weight, batch_size=batch_size, micro_batch=micro_batch, train_text_encoder=text_encoder
    )
    loss = learner.update(0, feed.passes(0, learner.accelerator))

    assert of_photos + prior_weight * of_class == pytest.approx(loss, abs=1e-6)


def test_a_frozen_text_encoder_stays_as_it_is_and_its_captions_are_encoded_once(diffuser):
    """What comes to the denoiser are embeddings, and no weight of the text encoder moves."""
    before = {name: tensor.clone() for name, tensor in diffuser.text_encoder.state_dict().items()}
    learner, feed = started(diffuser)
    batch = next(feed.passes(0, learner.accelerator))
    learner.update(0, [batch])

    assert batch.captions.shape == (4, 77, 128)
    assert all(torch.equal(before[name], tensor) for name, tensor in diffuser.text_encoder.state_dict().items())


def test_the_denoiser_encodes_token_ids_as_the_text_encoder_does(diffuser):
    """The same prediction from ids and from the embeddings of the same captions."""
    latents = torch.randn(2, 6, 16, 16, generator=torch.Generator().manual_seed(0))
    steps = torch.tensor([10, 900])
    with torch.no_grad():
        from_ids = diffuser.denoiser(latents, steps, diffuser.tokenize([INSTANCE, CLASS]))
        from_words = diffuser.denoiser(latents, steps, diffuser.encode_captions([INSTANCE, CLASS]).embeddings)

    assert torch.equal(from_ids, from_words)


def test_after_its_last_step_the_text_encoder_rests_while_the_denoiser_goes_on(diffuser):
    """Its learning rate is 0, its parameters stay in the graph."""
    learner, feed = started(diffuser, train_text_encoder=True, text_encoder_last_step=2)
    moved = []
    for step in range(3):
        before = {name: tensor.detach().clone() for name, tensor in learner.parameters.items()}
        batch = next(feed.passes(step, learner.accelerator))
        learner.update(step, [batch])
        changed = {name for name, tensor in learner.parameters.items() if not torch.equal(before[name], tensor)}
        moved.append({name.split(".")[0] for name in changed})

    assert moved == [{"unet", "text_encoder"}, {"unet", "text_encoder"}, {"unet"}]
    assert batch.captions.dtype == torch.int64
    assert all(parameter.requires_grad for parameter in learner.parameters.values())


def test_a_component_has_its_own_pace():
    """Its own peak under the common schedule, then nothing."""
    training = Training(steps=10, batch_size=1, learning_rate=1.0, schedule="linear", warmup_steps=2)
    own = Trained(torch.nn.Identity(), learning_rate=0.1, last_step=6)
    rates = [learning_rate(training, step, own) for step in (0, 2, 5, 6, 9)]

    assert rates == pytest.approx([0.05, 0.1, 0.1 * 5 / 8, 0.0, 0.0])
    assert learning_rate(training, 2, Trained(torch.nn.Identity())) == 1.0
