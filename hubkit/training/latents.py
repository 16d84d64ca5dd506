"""Pictures and captions, encoded once and kept on disk.

What is kept of a picture is the posterior's mean and standard deviation; a fresh sample is drawn at every step, so
training from the cache
sees the same distribution as encoding in the loop. Items are encoded on a fixed grid, batch k holding items kB to
kB+B-1, and whole batches are
dealt to the processes: a convolution's result may depend on the size of its batch, so the grid must not depend on the
number of processes.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any, Final, Protocol

import torch
from accelerate import Accelerator
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor

from hubkit import hub
from hubkit.data import Picture, Source
from hubkit.data.transforms import PREPROCESSING, pixels, square
from hubkit.families import Diffuser, Posterior
from hubkit.progress import track
from hubkit.randomness import dice
from hubkit.values import fingerprint, write_atomically

GRID: Final = 8
"""Items encoded at once."""

READERS: Final = 8
"""Pictures decoded side by side where they are encoded in the loop."""

FORMAT: Final = 1

Tensors = Mapping[str, Tensor]


@dataclass(frozen=True)
class Place:
    """Where a picture is looked at: the step, the slot in the whole batch, and the member of the slot."""

    step: int
    slot: int
    member: int


Looks = Sequence[tuple[Picture, Place]]


class Posteriors(Protocol):
    """Mean and standard deviation of pictures' latents (BCHW), as one crop and flip of each has them."""

    def __call__(self, looks: Looks) -> Posterior:
        """The draws of one forward pass."""
        ...


@dataclass(frozen=True)
class Grid:
    """A folder of safetensors files, each with one batch of encoded items."""

    folder: Path
    items: int

    def fill(self, encode: Callable[[range], Tensors], what: str, accelerator: Accelerator) -> None:
        """Encode the batches that are missing, those of this process; return when all processes are done."""
        batches = range(accelerator.process_index, -(-self.items // GRID), accelerator.num_processes)
        missing = [batch for batch in batches if not self._file(batch).is_file()]
        for batch in track(missing, what, len(missing)):
            tensors = encode(range(batch * GRID, min(self.items, (batch + 1) * GRID)))
            write_atomically(self._file(batch), save({name: tensor.contiguous() for name, tensor in tensors.items()}))
        accelerator.wait_for_everyone()

    def read(self, item: int, *names: str) -> tuple[Tensor, ...]:
        """The tensors of one item."""
        file = open_tensors(self._file(item // GRID))
        return tuple(file.get_slice(name)[item % GRID] for name in names)

    def _file(self, batch: int) -> Path:
        return self.folder / f"{batch:06d}.safetensors"


@lru_cache(maxsize=256)
def open_tensors(path: Path) -> Any:
    """A memory-mapped safetensors file, kept open."""
    return safe_open(path, framework="pt")


@dataclass(frozen=True)
class CachedPosteriors:
    """`variants` crops and flips of each picture, drawn and encoded once; each place in each step picks one."""

    grid: Grid
    numbers: Mapping[str, int]
    variants: int
    seed: int

    def __call__(self, looks: Looks) -> Posterior:
        """Read one variant of each."""
        means, stds = zip(*(self._variant(picture, place) for picture, place in looks), strict=True)
        return Posterior(torch.stack(means), torch.stack(stds))

    def _variant(self, picture: Picture, place: Place) -> tuple[Tensor, ...]:
        variant = dice(self.seed, "variant", place.step, place.slot, place.member).randrange(self.variants)
        return self.grid.read(self.numbers[picture.identity] * self.variants + variant, "mean", "std")


@dataclass(frozen=True)
class FreshPosteriors:
    """Every place in every step has its own crop and flip, encoded on the spot; files are read side by side."""

    diffuser: Diffuser
    source: Source
    seed: int
    readers: ThreadPoolExecutor

    def __call__(self, looks: Looks) -> Posterior:
        """Encode the pictures of one pass together."""
        return self.diffuser.encode_images(torch.stack(list(self.readers.map(self._pixels, looks))))

    def _pixels(self, look: tuple[Picture, Place]) -> Tensor:
        picture, place = look
        return pixels(
            square(picture.open(), self.source, dice(self.seed, "crop", place.step, place.slot, place.member))
        )


def posteriors(
    pictures: Sequence[Picture], source: Source, diffuser: Diffuser, base: str, seed: int, accelerator: Accelerator
) -> Posteriors:
    """The latents of `pictures`, from the cache under the key of what they were made from; `base` is the base's
    commit SHA.
    """
    if source.variants == 0:
        return FreshPosteriors(diffuser, source, seed, ThreadPoolExecutor(READERS))
    preparation = source.model_dump(include={"resolution", "crop", "horizontal_flip", "variants"})
    key = fingerprint(
        FORMAT, PREPROCESSING, preparation, base, accelerator.device.type, seed, [one.identity for one in pictures]
    )
    items = list(product(pictures, range(source.variants)))
    grid = Grid(hub.cache_folder() / "latents" / key, len(items))

    def encode(numbers: range) -> Tensors:
        cuts = [square(items[number][0].open(), source, dice(seed, "crop", number)) for number in numbers]
        posterior = diffuser.encode_images(torch.stack([pixels(cut) for cut in cuts]))
        return {"mean": posterior.mean, "std": posterior.std}

    grid.fill(encode, "encoding pictures", accelerator)
    return CachedPosteriors(grid, {one.identity: number for number, one in enumerate(pictures)}, source.variants, seed)


def token_ids(captions: Sequence[str], diffuser: Diffuser) -> Callable[[str], Tensor]:
    """The token ids (T) of each caption, for a text encoder that is itself being trained."""
    rows = dict(zip(captions, diffuser.tokenize(captions), strict=True))
    return rows.__getitem__


def embeddings(
    captions: Sequence[str], diffuser: Diffuser, base: str, accelerator: Accelerator
) -> Callable[[str], Tensor]:
    """The text encoder's embeddings (TD) of each caption, from the cache."""
    key = fingerprint(FORMAT, base, accelerator.device.type, list(captions))
    grid = Grid(hub.cache_folder() / "captions" / key, len(captions))
    grid.fill(
        lambda numbers: {"embeddings": diffuser.encode_captions([captions[number] for number in numbers]).embeddings},
        "encoding captions",
        accelerator,
    )
    numbers = {caption: number for number, caption in enumerate(captions)}
    return lambda caption: grid.read(numbers[caption], "embeddings")[0]
