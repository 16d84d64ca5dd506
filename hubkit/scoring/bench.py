"""The bench: everything that is scored is drawn and looked at here, once for metrics, prompt study and dial.

Several processes (`torchrun`, `accelerate launch`) share the work: each draws and looks at every n-th batch of a fixed
grid, and what it made lies in the run folder under the number of its shot and the hash of its picture, where all find
it. Nothing is padded and nothing comes twice.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hubkit.devices import device, free
from hubkit.errors import IntegrityError
from hubkit.extractors import Extractor
from hubkit.families import Family
from hubkit.processes import meet, turn
from hubkit.sampling import Sampler, Shot, draw, files_of
from hubkit.scoring.features import Look, Shelf, opened
from hubkit.scoring.metric import Metric
from hubkit.scoring.values import Sample
from hubkit.training import TrainedModel
from hubkit.values import fingerprint, sha256_of

if TYPE_CHECKING:
    from torch import Tensor

Drawn = Mapping[str, Sequence[Sample]]
"""One model's pictures, by the name of their set."""


@dataclass(frozen=True)
class Weights:
    """A model that draws: the base, the finetuned, or a candidate beside them."""

    name: str
    """Of the folder its pictures lie in: 'base', 'finetuned'."""
    folder: Path
    """In diffusers' format."""
    identity: str
    """Equal for equal weights: a commit, or a hash of hashes."""

    @classmethod
    def of_base(cls, model: Family) -> "Weights":
        """Those that the training began with."""
        return cls("base", model.fetch(), fingerprint(model.essence()))

    @classmethod
    def of_trained(cls, trained: TrainedModel) -> "Weights":
        """Those that it ended with."""
        return cls("finetuned", trained.folder, fingerprint(sorted(trained.weights.items())))


@dataclass(frozen=True)
class Bench:
    """Draws pictures and looks at them; what was drawn or seen before is found in the run folder."""

    model: Family
    sampler: Sampler
    resolution: int
    """Side of every picture in pixels."""
    folder: Path
    """Of the run."""

    def draw(self, weights: Weights, wanted: Mapping[str, Sequence[Shot]]) -> Drawn:
        """The pictures of one model for every named list of shots, in the order of the shots; the model is loaded once,
        and only where a picture is missing. All processes must call it alike.
        """
        places = {name: self._place(weights, name, shots) for name, shots in wanted.items()}
        with self._pipeline(weights, needed=any(lacks(places[name], shots) for name, shots in wanted.items())) as pipe:
            files = {
                name: draw(pipe, shots, self.sampler, self.resolution, places[name], turn=turn())
                for name, shots in wanted.items()
            }
        meet()
        return {name: self._recorded(shots, files[name]) for name, shots in wanted.items()}

    def through(self, metric: Metric) -> Extractor:
        """What a metric looks through."""
        return metric.see()

    def see(self, extractor: Extractor, looks: Sequence[Look]) -> "Tensor":
        """Features of pictures, (N, D), float32. Raises IntegrityError where one is not finite. All processes must call
        it alike.
        """
        return self.shelf.images(extractor, looks)

    def read(self, extractor: Extractor, captions: Sequence[str]) -> "Tensor":
        """Features of captions, (N, D), float32. All processes must call it alike."""
        return self.shelf.captions(extractor, captions)

    def looks(self, samples: Sequence[Sample]) -> list[Look]:
        """What was drawn, as it is looked at: the saved PNGs, each known by its hash."""
        return [Look(one.sha256, one.file, partial(opened, self.folder / one.file)) for one in samples]

    @property
    def shelf(self) -> Shelf:
        """Where features are kept."""
        return Shelf.of(self.folder)

    def _place(self, weights: Weights, name: str, shots: Sequence[Shot]) -> Path:
        how = self.sampler.facts(self.resolution)
        key = fingerprint(weights.identity, how, [(shot.prompt, shot.seed) for shot in shots])[:12]
        return self.folder / "samples" / weights.name / key / name

    @contextmanager
    def _pipeline(self, weights: Weights, *, needed: bool) -> Iterator[Any]:
        """The model, while it draws; None where there is nothing to draw."""
        if not needed:
            yield None
            return
        pipeline = self.model.pipeline(weights.folder, device=device())
        try:
            yield pipeline
        finally:
            del pipeline
            free()

    def _recorded(self, shots: Sequence[Shot], files: Sequence[Path]) -> tuple[Sample, ...]:
        """The pictures with their prompts, seeds and hashes: as many as were planned."""
        if len(set(files)) != len(shots) or not all(file.is_file() for file in files):
            raise IntegrityError(f"not all of the {len(shots)} pictures planned are in {files[0].parent}")
        names = [file.relative_to(self.folder).as_posix() for file in files]
        return tuple(
            Sample(prompt=shot.prompt, seed=shot.seed, file=name, sha256=sha256_of(self.folder / name))
            for shot, name in zip(shots, names, strict=True)
        )


def lacks(place: Path, shots: Sequence[Shot]) -> bool:
    """Whether there is anything left to draw."""
    return not all(file.is_file() for file in files_of(shots, place))
