"""The weights that learn, with their optimizer and their average: one update, and everything a checkpoint must hold
of them.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext

import torch
from accelerate import Accelerator
from diffusers.training_utils import EMAModel
from torch import Tensor, nn

from hubkit.errors import DivergedError
from hubkit.families import Diffuser
from hubkit.training.checkpoint import Checkpoint
from hubkit.training.feed import Batch
from hubkit.training.objective import min_snr_weights, weighted_loss
from hubkit.training.settings import Trained, Training

MOMENTS = ("step", "exp_avg", "exp_avg_sq")
"""What AdamW remembers of each parameter."""


class Learner:
    """Trains the components it is given, through the one prepared `denoiser`."""

    def __init__(
        self, training: Training, components: Mapping[str, Trained], diffuser: Diffuser, accelerator: Accelerator
    ) -> None:
        """`components` are what may change, by their names in the pipeline."""
        self.training, self.components, self.diffuser, self.accelerator = training, components, diffuser, accelerator
        for component in components.values():
            component.module.requires_grad_(True).train()
        if training.gradient_checkpointing:
            diffuser.save_memory()
        self.parameters: dict[str, nn.Parameter] = {
            f"{name}.{key}": parameter
            for name, component in components.items()
            for key, parameter in component.module.named_parameters()
        }  # fmt: skip
        groups = [{"params": list(component.module.parameters())} for component in components.values()]
        self.adamw = torch.optim.AdamW(
            groups, lr=training.learning_rate, weight_decay=training.weight_decay, fused=True
        )
        self.denoiser, self.optimizer = accelerator.prepare(diffuser.denoiser, self.adamw)
        self.ema = constant_ema(self.parameters.values(), training.ema.decay) if training.ema else None

    def update(self, step: int, batches: Iterable[Batch]) -> float:
        """One optimizer step over the passes of this process; the loss over all of them. Raises DivergedError when it
        is not finite.
        """
        batches = list(batches)
        total = torch.zeros((), device=self.accelerator.device)
        for number, batch in enumerate(batches, 1):
            waiting = number < len(batches)
            with self.accelerator.no_sync(self.denoiser) if waiting else nullcontext():
                loss = self._loss(batch)
                # The processes' gradients are averaged; the loss is a sum over all slots.
                self.accelerator.backward(loss * self.accelerator.num_processes)
            total += loss.detach()
        value = float(self.accelerator.reduce(total, "sum"))
        if not math.isfinite(value):
            raise diverged(step, f"the loss is {value}")
        self._step(step)
        return value

    def _loss(self, batch: Batch) -> Tensor:
        prediction = self.denoiser(batch.noised.latents, batch.noised.timesteps, batch.captions)
        weights = batch.weights
        if self.training.min_snr_gamma is not None:
            weights = weights * min_snr_weights(
                batch.noised, self.training.min_snr_gamma, self.diffuser.prediction_type
            )
        return weighted_loss(prediction, batch.noised, weights, slots=self.training.batch_size)

    def _step(self, step: int) -> None:
        for group, component in zip(self.adamw.param_groups, self.components.values(), strict=True):
            group["lr"] = learning_rate(self.training, step, component)
        if self.training.max_grad_norm:
            moving = [weight for group in self.adamw.param_groups if group["lr"] for weight in group["params"]]
            norm = float(self.accelerator.clip_grad_norm_(moving, self.training.max_grad_norm))
            # Under fp16 the scaler passes over a step whose gradient overflowed; otherwise it is the end.
            if not math.isfinite(norm) and self.training.precision != "fp16":
                raise diverged(step, f"the gradient's norm is {norm}")
        self.optimizer.step()
        self.optimizer.zero_grad()
        if self.ema:
            self.ema.step(self.parameters.values())

    @contextmanager
    def released(self) -> Iterator[None]:
        """Within it the modules hold the weights that would be published now."""
        if self.ema:
            self.ema.store(self.parameters.values())
            self.ema.copy_to(self.parameters.values())
        try:
            yield
        finally:
            if self.ema:
                self.ema.restore(self.parameters.values())

    def weights(self) -> dict[str, dict[str, Tensor]]:
        """The weights to publish, by component: the average when it is on. Raises DivergedError when one is not
        finite.
        """
        with self.released():
            states = {
                name: {
                    key: tensor.detach().to("cpu", copy=True) for key, tensor in component.module.state_dict().items()
                }
                for name, component in self.components.items()
            }  # fmt: skip
        for name, tensors in states.items():
            for key, tensor in tensors.items():
                if not torch.isfinite(tensor).all():
                    raise diverged(self.training.steps, f"{name}.{key} holds a number that is not finite")
        return states

    def checkpoint(self, step: int) -> Checkpoint:
        """All that a training needs to go on after `step` steps."""
        names = list(self.parameters)
        tensors: dict[str, dict[str, Tensor]] = {"weights": dict(self.parameters)}
        for moment in MOMENTS:
            tensors[moment] = {name: self.adamw.state[self.parameters[name]][moment] for name in names}
        if self.ema:
            tensors["ema"] = dict(zip(names, self.ema.shadow_params, strict=True))
        scaler = self.accelerator.scaler
        return Checkpoint(step, tensors, {"scaler": scaler.state_dict() if scaler else None})

    @torch.no_grad()
    def restore(self, checkpoint: Checkpoint) -> None:
        """Take up the state of a checkpoint; tensors keep the memory layout they have in a run that was never
        stopped.
        """
        for name, parameter in self.parameters.items():
            parameter.copy_(checkpoint.tensors["weights"][name])
            self.adamw.state[parameter] = {
                "step": checkpoint.tensors["step"][name].to(parameter.device),
                **{
                    moment: torch.empty_like(parameter).copy_(checkpoint.tensors[moment][name])
                    for moment in MOMENTS[1:]
                },
            }
        if self.ema:
            self.ema.optimization_step = checkpoint.step
            for name, average in zip(self.parameters, self.ema.shadow_params, strict=True):
                average.copy_(checkpoint.tensors["ema"][name])
        if self.accelerator.scaler and checkpoint.state["scaler"]:
            self.accelerator.scaler.load_state_dict(checkpoint.state["scaler"])


def constant_ema(parameters: Iterable[nn.Parameter], decay: float) -> EMAModel:
    """An average that starts from the base's weights: `average = decay * average + (1 - decay) * weight` from the
    first step on.

    diffusers' defaults give the first update a decay of 0, which throws the base away; with `update_after_step=-1`
    and `min_decay` the decay is
    constant. After n steps the base's share of the average is `decay ** n`.
    """
    return EMAModel(parameters, decay=decay, min_decay=decay, update_after_step=-1, foreach=True)


def learning_rate(training: Training, step: int, component: Trained | None = None) -> float:
    """The learning rate of `step`, counted from 0: a linear warm-up, then constant, or falling to 0 in a line or half
    a cosine. A component may have its own peak, and a last step.
    """
    if component and component.last_step is not None and step >= component.last_step:
        return 0.0
    peak = (component and component.learning_rate) or training.learning_rate
    if step < training.warmup_steps:
        return peak * (step + 1) / training.warmup_steps
    progress = (step - training.warmup_steps) / max(1, training.steps - training.warmup_steps)
    factors = {"constant": 1.0, "linear": 1 - progress, "cosine": (1 + math.cos(math.pi * progress)) / 2}
    return peak * factors[training.schedule]


def diverged(step: int, what: str) -> DivergedError:
    """The error of a training whose numbers ran away."""
    return DivergedError(
        f"training diverged at step {step + 1}: {what}",
        help="lower training.learning_rate, or set training.max_grad_norm; the last checkpoint is kept",
    )
