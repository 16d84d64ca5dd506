"""What the loop looks at in each step: a pure function of the seed, the step and the slot."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from accelerate import Accelerator
from torch import Tensor

from hubkit.data import Example
from hubkit.families import Diffuser, Noised
from hubkit.randomness import dice, generator, permutation
from hubkit.training.latents import Posteriors
from hubkit.training.settings import Training


@dataclass(frozen=True)
class Batch:
    """One forward pass: noised latents, embeddings (BTD), and the weight of each picture (B)."""

    noised: Noised
    embeddings: Tensor
    weights: Tensor


@dataclass(frozen=True)
class Feed:
    """Examples, dealt to slots. The whole batch of a step has `batch_size` slots, whatever the number of processes
    and passes.
    """

    examples: Sequence[tuple[Example, ...]]
    posteriors: Posteriors
    embeddings: Callable[[str], Tensor]
    diffuser: Diffuser
    training: Training

    def passes(self, step: int, accelerator: Accelerator) -> Iterator[Batch]:
        """The forward passes of this process in `step`, counted from 0."""
        width = self.training.pass_size
        stride = width * accelerator.num_processes
        for start in range(accelerator.process_index * width, self.training.batch_size, stride):
            yield self._batch(step, range(start, start + width), accelerator.device)

    def _batch(self, step: int, slots: range, device: torch.device) -> Batch:
        places = [(slot, member, example) for slot in slots for member, example in enumerate(self._slot(step, slot))]
        generators = [generator(self.training.seed, "example", step, slot, member) for slot, member, _ in places]
        latents = torch.stack([
            self._latents(example, step, slot, member, drawn)
            for (slot, member, example), drawn in zip(places, generators, strict=True)
        ])  # fmt: skip
        noised = self.diffuser.noise(latents, generators)
        embeddings = torch.stack(
            [self.embeddings(self._caption(example, step, slot, member)) for slot, member, example in places]
        )
        weights = torch.tensor([example.weight for *_, example in places])
        return Batch(
            Noised(*(tensor.to(device) for tensor in (noised.latents, noised.timesteps, noised.target, noised.snr))),
            embeddings.to(device),
            weights.to(device),
        )

    def _slot(self, step: int, slot: int) -> tuple[Example, ...]:
        """Every example once per epoch, in the epoch's own order."""
        epoch, place = divmod(step * self.training.batch_size + slot, len(self.examples))
        return self.examples[permutation(self.training.seed, "order", epoch, len(self.examples))[place]]

    def _latents(self, example: Example, step: int, slot: int, member: int, drawn: torch.Generator) -> Tensor:
        """A sample of the posterior."""
        mean, std = self.posteriors(example.picture, step, slot, member)
        return mean + std * torch.randn(mean.shape, generator=drawn)

    def _caption(self, example: Example, step: int, slot: int, member: int) -> str:
        """The caption, or the empty one that guidance is measured against (Ho and Salimans, 2022, algorithm 1)."""
        dropped = dice(self.training.seed, "dropout", step, slot, member).random() < self.training.caption_dropout
        return "" if dropped else example.caption
