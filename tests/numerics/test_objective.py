"""The loss, its weights, the average and the learning rate, each against a computation by hand."""

import math

import pytest
import torch

from hubkit.families import Noised
from hubkit.training import Ema, Training
from hubkit.training.learner import constant_ema, learning_rate
from hubkit.training.objective import min_snr_weights, weighted_loss


def noised(snr: list[float], shape: tuple[int, ...] = (3, 4, 4)) -> Noised:
    """A batch with given signal-to-noise ratios."""
    count = len(snr)
    generator = torch.Generator().manual_seed(1)
    return Noised(
        torch.randn(count, *shape, generator=generator),
        torch.zeros(count, dtype=torch.long),
        torch.randn(count, *shape, generator=generator),
        torch.tensor(snr),
    )


def test_equal_weights_give_the_mean_squared_error():
    """Full finetuning is the ordinary loss of diffusion models."""
    batch = noised([1.0] * 6)
    prediction = torch.zeros_like(batch.target)

    assert weighted_loss(prediction, batch, torch.ones(6), slots=6).item() == pytest.approx(
        torch.nn.functional.mse_loss(prediction, batch.target).item(), rel=1e-6
    )


def test_two_passes_add_up_to_the_loss_of_the_whole_batch():
    """Accumulation changes nothing."""
    batch = noised([1.0] * 4)
    prediction = torch.zeros_like(batch.target)
    halves = []
    for part in (slice(0, 2), slice(2, 4)):
        half = Noised(batch.latents[part], batch.timesteps[part], batch.target[part], batch.snr[part])
        halves.append(weighted_loss(prediction[part], half, torch.ones(2), slots=4))

    assert sum(half.item() for half in halves) == pytest.approx(
        weighted_loss(prediction, batch, torch.ones(4), slots=4).item(), rel=1e-6
    )


@pytest.mark.parametrize("gamma", [1.0, 5.0])
@pytest.mark.parametrize("prior_weight", [0.3, 1.0])
def test_a_pair_in_a_slot_is_the_two_term_loss_of_prior_preservation(prior_weight, gamma):
    """mean over photos + prior_weight * mean over class pictures, with Min-SNR on both."""
    batch = noised([0.5, 2.0, 20.0, 7.0])  # photo, class, photo, class
    prediction = torch.zeros_like(batch.target)
    per_picture = [
        min(snr, gamma) / snr * batch.target[row].square().mean().item() for row, snr in enumerate(batch.snr.tolist())
    ]
    by_hand = (per_picture[0] + per_picture[2]) / 2 + prior_weight * (per_picture[1] + per_picture[3]) / 2
    weights = torch.tensor([1.0, prior_weight, 1.0, prior_weight]) * min_snr_weights(batch, gamma, "epsilon")

    assert weighted_loss(prediction, batch, weights, slots=2).item() == pytest.approx(by_hand, rel=1e-6)


def test_min_snr_weights_of_a_velocity_divide_by_snr_plus_one():
    """Hang et al. (2023), appendix."""
    weights = min_snr_weights(noised([0.5, 5.0, 50.0]), 5.0, "v_prediction")

    assert weights.tolist() == pytest.approx([0.5 / 1.5, 5 / 6, 5 / 51])


def test_the_average_starts_from_the_base_and_has_a_constant_decay():
    """After n equal steps the base's share is decay ** n: what diffusers' defaults lose in the first update."""
    weight = torch.nn.Parameter(torch.zeros(3))
    average = constant_ema([weight], 0.9)
    with torch.no_grad():
        weight.fill_(1.0)
    for _ in range(7):
        average.step([weight])

    assert average.shadow_params[0].tolist() == pytest.approx([1 - 0.9**7] * 3, rel=1e-5)


def test_a_resumed_average_goes_on_with_the_same_decay():
    """The count of steps is what diffusers derives its decay from; at any count it is ours."""
    average = constant_ema([torch.nn.Parameter(torch.zeros(1))], 0.97)

    assert {average.get_decay(step) for step in (1, 2, 10, 10_000)} == {0.97}


def training(**changes: object) -> Training:
    """Settings with a learning rate of 1."""
    return Training(**{"steps": 10, "batch_size": 2, "learning_rate": 1.0, **changes})


def test_the_learning_rate_is_a_function_of_the_step():
    """Warm-up in a line to the full rate, then half a cosine."""
    cosine = training(schedule="cosine", warmup_steps=2)

    assert [learning_rate(cosine, step) for step in (0, 1, 2, 6)] == pytest.approx([0.5, 1.0, 1.0, 0.5])
    assert learning_rate(cosine, 9) == pytest.approx((1 + math.cos(math.pi * 7 / 8)) / 2)
    assert learning_rate(training(schedule="linear"), 5) == pytest.approx(0.5)
    assert {learning_rate(training(), step) for step in range(10)} == {1.0}


def test_an_average_is_asked_for_by_its_decay():
    """`ema = { decay = ... }` in a recipe."""
    assert training(ema=Ema(decay=0.99)).ema == Ema(decay=0.99)
