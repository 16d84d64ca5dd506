"""What was kept of a scoring, read back: pictures by their hashes, features of pictures that need not be there."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from hubkit.errors import IntegrityError
from hubkit.extractors import Extractor
from hubkit.sampling import Shot
from hubkit.scoring.features import Look, Nearest, caption_identity
from hubkit.scoring.keeping import FEATURES, PICTURES, WHO, Row, Who
from hubkit.scoring.metric import Metric
from hubkit.scoring.panels import Laid, Panel
from hubkit.values import sha256_of

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor


@dataclass
class Remembered:
    """An extractor that has looked already, and the eyes of whoever looks through it again: it sees nothing new."""

    name: str
    source: str
    revision: str
    preprocessing: str
    known: "Mapping[str, Tensor]"

    def through(self, metric: Metric) -> Extractor:
        """Itself."""
        return self

    def see(self, extractor: Extractor, looks: Sequence[Look]) -> "Tensor":
        """Features of pictures, (N, D). Raises IntegrityError where one was never seen."""
        return self._rows([look.identity for look in looks])

    def read(self, extractor: Extractor, captions: Sequence[str]) -> "Tensor":
        """Features of captions, (N, D). Raises IntegrityError where one was never read."""
        return self._rows([caption_identity(caption) for caption in captions])

    def images(self, images: "Sequence[Image]") -> "Tensor":
        """Nothing new is looked at."""
        raise IntegrityError(f"{self.name} is only remembered: it cannot look at {len(images)} pictures")

    def captions(self, captions: Sequence[str]) -> "Tensor":
        """Nothing new is read."""
        raise IntegrityError(f"{self.name} is only remembered: it cannot read {len(captions)} captions")

    def truncated(self, captions: Sequence[str]) -> int:
        """The notes of a score say it, and are not made again."""
        return 0

    def _rows(self, identities: Sequence[str]) -> "Tensor":
        import torch

        if lacking := [identity for identity in identities if identity not in self.known]:
            raise IntegrityError(f"{len(lacking)} pictures or captions were never seen through {self.name}")
        return torch.stack([self.known[identity] for identity in identities]) if identities else torch.zeros(0, 0)


@dataclass(frozen=True)
class Kept:
    """What two files beside a `scores.json` hold: enough to compute numbers again."""

    rows: Sequence[Row]
    about: Mapping[str, Mapping[str, Any]]
    """Words of each panel."""
    extractors: Mapping[tuple[str, str], "Remembered"]
    """By source and revision."""

    @classmethod
    def read(cls, folder: Path, measurements: Mapping[str, str], names: tuple[str, str] = (PICTURES, FEATURES)) -> Self:
        """From a folder. Raises IntegrityError where a file is missing, or has another hash than in `measurements`."""
        import pyarrow.parquet as pq
        from safetensors import safe_open

        for name in names:
            if not (folder / name).is_file() or sha256_of(folder / name) != measurements.get(name):
                raise IntegrityError(f"{folder / name} is not what the scores were computed from")
        pictures, features = names
        table = pq.read_table(folder / pictures)
        if lacking := sorted(Row.model_fields.keys() - set(table.column_names)):
            raise IntegrityError(
                f"{folder / pictures} has no {lacking[0]!r}: another version of hubkit kept it",
                help="compute them again with that version",
            )
        rows = [Row.model_validate(row) for row in table.select(list(Row.model_fields)).to_pylist()]
        about = json.loads((table.schema.metadata or {})[b"hubkit"])
        with safe_open(folder / features, framework="pt") as file:
            remembered = [_remembered(one, file) for one in json.loads(file.metadata()["hubkit"])]
        return cls(rows, about, {(one.source, one.revision): one for one in remembered})

    def laid(self, name: str) -> Laid:
        """A panel with the pictures it was made of."""
        base, finetuned, real, others = (self._of(name, who) for who in WHO)
        panel = Panel(
            name, self.about[name]["words"], shots=_shots(finetuned), base_shots=_shots(base),
            texts=tuple(str(row.text) for row in finetuned), rows=tuple(int(row.row or 0) for row in real),
            paired=self.about[name]["paired"],
        )  # fmt: skip
        looks = [list(map(_look, rows)) for rows in (base, finetuned, real, others)]
        return Laid(panel, looks[0], looks[1], looks[2], looks[3])

    def nearest(self, panel: str, who: Who) -> Nearest:
        """The nearest of the training's pictures, as they were found."""
        import torch

        rows = self._of(panel, who)
        far = [math.nan if row.nearest is None else row.nearest for row in rows]
        return Nearest(
            torch.tensor(far, dtype=torch.float64),
            [-1 if row.nearest_row is None else row.nearest_row for row in rows],
            [bool(row.nearest_mirrored) for row in rows],
        )

    def _of(self, panel: str, who: Who) -> list[Row]:
        return [row for row in self.rows if row.panel == panel and row.model == who]


def _remembered(about: Mapping[str, Any], file: Any) -> Remembered:
    features = file.get_tensor(about["tensor"])
    known = dict(zip(about["rows"], features, strict=True))
    return Remembered(about["name"], about["source"], about["revision"], about["preprocessing"], known)


def _shots(rows: Sequence[Row]) -> tuple[Shot, ...]:
    return tuple(Shot(str(row.prompt), int(row.seed or 0)) for row in rows)


def _look(row: Row) -> Look:
    def gone() -> "Image":
        raise IntegrityError(f"{row.file} is only remembered")

    return Look(row.sha256, row.file, gone)
