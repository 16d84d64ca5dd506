"""The recipe's `[training]` table, what a method must offer, and what the training leaves behind."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal, Protocol

from pydantic import Field

from hubkit.data import CaptionedImages, Example
from hubkit.families import Diffuser
from hubkit.values import Record, Settings

if TYPE_CHECKING:
    from accelerate import Accelerator
    from torch import nn

LOSSES_AVERAGED: Final = 50
"""Steps over which the first and the last loss of a training are means."""


class Ema(Settings):
    """An exponential moving average of the weights that starts from the base and has a constant decay from the first
    step on.
    """

    decay: float = Field(
        ge=0,
        lt=1,
        description="Share of the old average kept at each step. 0.9999 suits 30,000 steps, 0.99 some hundred.",
    )


class Training(Settings):
    """How long, how fast, how exactly."""

    beside: ClassVar[frozenset[str]] = frozenset({"checkpoint_every", "keep_checkpoints", "milestone_every"})

    steps: int = Field(ge=1, description="Optimizer steps.")
    batch_size: int = Field(
        ge=1,
        description="Pictures per optimizer step, whatever the number of devices. Class images come on top.",
    )
    micro_batch: int | None = Field(
        None,
        ge=1,
        description="Pictures per device and pass; the default: an equal share of the batch.",
    )
    learning_rate: Annotated[float, Field(gt=0, le=1)] = Field(description="Of AdamW (Loshchilov and Hutter, 2019).")
    schedule: Literal["constant", "linear", "cosine"] = Field(
        "constant", description="Of the learning rate, after the warm-up."
    )
    warmup_steps: int = Field(0, ge=0, description="Steps in which the learning rate rises from 0.")
    weight_decay: float = Field(0.01, ge=0, le=1)
    max_grad_norm: float = Field(
        1.0, ge=0, description="The gradient is scaled down to this norm; 0 leaves it as it is."
    )
    precision: Literal["fp32", "fp16", "bf16"] = Field(
        "fp32", description="Of the forward and backward pass; the weights stay float32."
    )
    gradient_checkpointing: bool = Field(default=False, description="Less memory for about a third more time.")
    ema: Ema | None = Field(None, description="The published weights are the average when it is on.")
    caption_dropout: float = Field(
        0.0, ge=0, le=1, description="Share of pictures trained with the empty caption, for guidance."
    )
    min_snr_gamma: float | None = Field(
        None, gt=0, description="Weigh timesteps by min(SNR, gamma) (Hang et al., 2023); 5 is usual."
    )
    seed: int = Field(0, ge=0)
    checkpoint_every: int = Field(500, ge=1, description="Steps between checkpoints.")
    keep_checkpoints: int = Field(2, ge=2, description="Checkpoints kept.")
    milestone_every: int | None = Field(
        None, ge=1, description="Keep the weights of every so many steps, and of the last, for `[dial]` to choose from."
    )

    def problems(self) -> Iterator[tuple[str, str]]:
        """What is wrong between the keys of this table."""
        if self.batch_size % self.pass_size(1):
            yield "micro_batch", f"must divide batch_size = {self.batch_size}"
        if self.warmup_steps > self.steps:
            yield "warmup_steps", f"must not be more than steps = {self.steps}"

    def is_milestone(self, step: int) -> bool:
        """Whether the weights after `step` steps are worth keeping; those of the last always are."""
        return step == self.steps or (self.milestone_every is not None and step % self.milestone_every == 0)

    def pass_size(self, processes: int) -> int:
        """Slots per device and forward pass: `micro_batch`, or an equal share of the batch for each process."""
        return self.micro_batch or max(1, self.batch_size // processes)


@dataclass(frozen=True)
class Trained:
    """A component whose weights may change; how fast and how long where it differs from `[training]`."""

    module: "nn.Module"
    learning_rate: float | None = None
    last_step: int | None = None
    """After so many steps its learning rate is 0. Its parameters stay in the graph: with several processes, all must
    agree on what has gradients.
    """


class Method(Protocol):
    """What the loop asks of a way of finetuning."""

    @property
    def reads_captions(self) -> bool:
        """Whether it wants the dataset's captions; where it does not, a dataset without any will do."""
        ...

    def essence(self) -> dict[str, Any]:
        """The keys that decide what is made."""
        ...

    def remarks(self, images: CaptionedImages, model: Diffuser) -> Iterator[str]:
        """What a person should know of these captions on this base: said before the training, and kept with it."""
        ...

    def examples(
        self, images: CaptionedImages, model: Diffuser, base: str, processes: "Accelerator"
    ) -> Sequence[tuple[Example, ...]]:
        """What the loop looks at: one tuple per slot of a batch (a picture, or a picture and its class image).

        `model` still holds the base's weights, which are those of the commit `base`; what is drawn with them is dealt
        to the `processes`.
        """
        ...

    def trained(self, model: Diffuser) -> Mapping[str, Trained]:
        """The components whose weights may change, by their names in the pipeline."""
        ...


class TrainedModel(Record):
    """A finished training: where the diffusers folder lies, and the facts of how it came about."""

    folder: Path
    base: str
    base_revision: str
    base_license: str | None
    base_license_name: str | None
    base_license_link: str | None
    steps: int
    examples: int
    first_loss: float
    final_loss: float
    seconds: float
    examples_per_second: float
    peak_memory_bytes: int
    device: str
    processes: int
    parameters_trained: int
    trained: tuple[str, ...] = Field((), description="The components that learnt, by their names in the pipeline.")
    versions: dict[str, str]
    energy_kwh: float | None = Field(None, description="Of the machine during the steps, where it was metered.")
    energy_seconds: float | None = Field(None, description="Seconds it was metered; less than all after a kill.")
    weights: dict[str, str] = Field(description="sha256 of each weight file, by its path in the folder.")
    taken: str | None = Field(
        None, description="Which weights these are, where the style dial took others than the training left."
    )
    remarks: tuple[str, ...] = Field((), description="What was said of the captions before the training.")
