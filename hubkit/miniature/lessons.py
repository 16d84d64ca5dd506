"""The loop that teaches each of the miniature models: one-cycle AdamW, resumable from its checkpoint."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from hubkit.miniature.drawing import dice

CHECKPOINT_SECONDS = 120.0
REPORT_STEPS = 50


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """What one model is taught with.

    Attributes:
        cycle: the steps of the learning rate's cycle, where the lesson ends before the cycle does.

    """

    name: str
    steps: int
    batch_size: int
    learning_rate: float
    weight_decay: float = 0.0
    ema_decay: float = 0.0
    cycle: int = 0
    seed: int = 0

    def generator(self, purpose: str, step: int) -> torch.Generator:
        """The generator of one draw: a function of the lesson, the purpose and the step."""
        return torch.Generator().manual_seed(dice(self.seed, f"{self.name}/{purpose}", step).getrandbits(62))

    def batch(self, step: int, count: int) -> Tensor:
        """Which of `count` items are looked at in this step."""
        return torch.randint(count, (self.batch_size,), generator=self.generator("batch", step))


def say(line: str) -> None:
    """One line of progress."""
    print(line, flush=True)  # noqa: T201


def learn(model: nn.Module, loss: Callable[[int], Tensor], lesson: Lesson, folder: Path) -> float:
    """Teach the model; the seconds it took. With an EMA, the model ends with the average."""
    optimizer = torch.optim.AdamW(
        model.parameters(), lesson.learning_rate, betas=(0.9, 0.99), weight_decay=lesson.weight_decay, fused=True
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        lesson.learning_rate,
        total_steps=(lesson.cycle or lesson.steps) + 1,
        pct_start=0.1,
        final_div_factor=1e2,
    )
    average = {name: value.detach().clone() for name, value in model.named_parameters()}
    state = {"model": model, "optimizer": optimizer, "schedule": schedule}
    path = folder / f"{lesson.name}.pt"
    step, seconds = _resume(path, state, average)
    saved = reported = time.perf_counter()
    running = 0.0
    while step < lesson.steps:
        error = loss(step)
        error.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
        _follow(average, model, min(lesson.ema_decay, (1 + step) / (10 + step)) if lesson.ema_decay else 0.0)
        running, step = running + error.item(), step + 1
        if step % REPORT_STEPS == 0:
            say(
                f"{lesson.name} {step}/{lesson.steps} loss {running / REPORT_STEPS:.4f}"
                f" {(time.perf_counter() - reported) / REPORT_STEPS:.3f} s/step"
            )
            running, reported = 0.0, time.perf_counter()
        if time.perf_counter() - saved > CHECKPOINT_SECONDS or step == lesson.steps:
            seconds, saved = seconds + time.perf_counter() - saved, time.perf_counter()
            _keep(path, state, average, step, seconds)
    model.load_state_dict(average, strict=False)
    return seconds


@torch.no_grad()
def _follow(average: dict[str, Tensor], model: nn.Module, decay: float) -> None:
    parameters = dict(model.named_parameters())
    torch._foreach_lerp_(list(average.values()), [parameters[name] for name in average], 1 - decay)


def _keep(path: Path, state: dict[str, object], average: dict[str, Tensor], step: int, seconds: float) -> None:
    values = {name: part.state_dict() for name, part in state.items()}  # type: ignore[attr-defined]
    torch.save({**values, "average": average, "step": step, "seconds": seconds}, path.with_suffix(".part"))
    path.with_suffix(".part").replace(path)


def _resume(path: Path, state: dict[str, object], average: dict[str, Tensor]) -> tuple[int, float]:
    if not path.exists():
        return 0, 0.0
    kept = torch.load(path, weights_only=True)
    for name, part in state.items():
        part.load_state_dict(kept[name])  # type: ignore[attr-defined]
    average.update(kept["average"])
    return kept["step"], kept["seconds"]
