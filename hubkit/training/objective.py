"""The loss of every method: a weighted mean of squared errors."""

from typing import TYPE_CHECKING

from hubkit.families import Noised

if TYPE_CHECKING:
    from torch import Tensor


def weighted_loss(prediction: "Tensor", noised: Noised, weights_B: "Tensor", *, slots: int) -> "Tensor":
    """`(weight_B * error_B).sum() / slots`, in float32 (Ho et al., 2020, equation 14, with a weight for each picture).

    Full finetuning weighs every picture 1. Prior preservation (Ruiz et al., 2023, equation 2) puts a photo of weight
    1 and a class picture of
    weight lambda in each slot, so the sum over both divided by the number of slots is the paper's sum of two means.
    `slots` is the number of slots of the whole update; parts of it add up to the loss of the update.
    """
    error_B = (prediction.float() - noised.target.float()).square().mean(dim=(1, 2, 3))
    return (weights_B * error_B).sum() / slots


def min_snr_weights(noised: Noised, gamma: float, prediction_type: str) -> "Tensor":
    """Weights of the timesteps, shape (B,): min(SNR, gamma) / SNR for noise, min(SNR, gamma) / (SNR + 1) for velocity.

    Hang et al. (2023), Efficient Diffusion Training via Min-SNR Weighting Strategy, section 3.4,
    https://arxiv.org/abs/2303.09556
    """
    divisor = noised.snr + 1 if prediction_type == "v_prediction" else noised.snr
    return noised.snr.clamp(max=gamma) / divisor
