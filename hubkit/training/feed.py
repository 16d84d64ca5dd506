"""What the loop looks at in each step: a pure function of the seed, the step and the slot."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from accelerate import Accelerator
from torch import Tensor

from hubkit.data import Example
from hubkit.families import Diffuser, Noised
from hubkit.randomness import dice, generator, permutation
from hubkit.training.latents import Place, Posteriors
from hubkit.training.settings import Training


@dataclass(frozen=True)
class Batch:
    """One forward pass: noised latents, captions (embeddings, BTD, or token ids, BT), and each picture's weight (B)."""

    noised: Noised
    captions: Tensor
    weights: Tensor


@dataclass(frozen=True)
class Feed:
    """Examples, dealt to slots. The whole batch of a step has `batch_size` slots, whatever the number of processes
    and passes.
    """

    examples: Sequence[tuple[Example, ...]]
    posteriors: Posteriors
    captions: Callable[[str], Tensor]
    diffuser: Diffuser
    training: Training

    def passes(self, step: int, accelerator: Accelerator) -> Iterator[Batch]:
        """The forward passes of this process in `step`, counted from 0."""
        width = self.training.pass_size(accelerator.num_processes)
        stride = width * accelerator.num_processes
        for start in range(accelerator.process_index * width, self.training.batch_size, stride):
            yield self._batch(step, range(start, start + width), accelerator.device)

    def _batch(self, step: int, slots: range, device: torch.device) -> Batch:
        looks = [
            (example, Place(step, slot, member))
            for slot in slots
            for member, example in enumerate(self._slot(step, slot))
        ]
        drawn = [generator(self.training.seed, "example", step, place.slot, place.member) for _, place in looks]
        posterior = self.posteriors([(example.picture, place) for example, place in looks])
        fresh = torch.stack([torch.randn(posterior.mean.shape[1:], generator=one) for one in drawn])
        noised = self.diffuser.noise(posterior.mean + posterior.std * fresh, drawn)
        return Batch(
            Noised(*(tensor.to(device) for tensor in (noised.latents, noised.timesteps, noised.target, noised.snr))),
            torch.stack([self.captions(self._caption(example, place)) for example, place in looks]).to(device),
            torch.tensor([example.weight for example, _ in looks], device=device),
        )

    def _slot(self, step: int, slot: int) -> tuple[Example, ...]:
        """Every example once per epoch, in the epoch's own order."""
        epoch, position = divmod(step * self.training.batch_size + slot, len(self.examples))
        return self.examples[permutation(self.training.seed, "order", epoch, len(self.examples))[position]]

    def _caption(self, example: Example, place: Place) -> str:
        """The caption, or the empty one that guidance is measured against (Ho and Salimans, 2022, algorithm 1)."""
        chance = dice(self.training.seed, "dropout", place.step, place.slot, place.member).random()
        return "" if chance < self.training.caption_dropout else example.caption
