"""What is kept of a scoring, so that every number can be computed again without drawing: a row for each picture,
and the features of all of them.

The rows say which pictures a panel was made of, in their order, by their hashes; the features are found by hash. Both
lie beside `scores.json`, which holds the hashes of the two files.
"""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Self

from hubkit.errors import IntegrityError
from hubkit.extractors import Extractor
from hubkit.sampling import Shot
from hubkit.scoring.features import Look, Shelf, caption_identity, seen_by
from hubkit.scoring.measuring import View
from hubkit.scoring.metric import Metric
from hubkit.scoring.panels import Laid, Panel
from hubkit.scoring.study import CARD, FURTHER, Seen
from hubkit.scoring.values import Scores
from hubkit.values import Record, sha256_of, write_atomically

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

PICTURES: Final = "pictures.parquet"
FEATURES: Final = "features.safetensors"
OF_STUDY: Final = (CARD, FURTHER)
WIDEST: Final = 8192
"""Numbers per picture that are kept: LPIPS has millions of them, Inception 2,048."""

Who = Literal["base", "finetuned", "real", "others"]
WHO: Final = ("base", "finetuned", "real", "others")
"""Both models; the real pictures they are held against, and others of the dataset."""


class Row(Record):
    """One picture of a panel."""

    panel: str
    model: Who
    number: int
    """In the panel, from 0: equal numbers were drawn from the same latents."""
    prompt: str | None = None
    seed: int | None = None
    text: str | None = None
    """What it ought to show: the prompt, with a learnt token in the words it stands for."""
    row: int | None = None
    """In the dataset, of a real picture."""
    file: str
    """In the run folder; of a real picture, where it comes from."""
    sha256: str
    """Of the PNG; of a real picture, of the pixels that are looked at."""
    blank: bool = False
    """Whether all its pixels have one colour."""
    repeated: bool = False
    """Whether an earlier number of the panel is the same picture, from another prompt or seed."""


Values = Mapping[str, Mapping[tuple[str, str], Sequence[float]]]
"""What metrics say of each picture: by the name of a score, and by panel and model."""


@dataclass(frozen=True)
class Looked:
    """What one extractor saw: pictures, and captions."""

    extractor: Extractor
    looks: Sequence[Look]
    captions: Sequence[str] = ()

    @property
    def identities(self) -> list[str]:
        """The hashes of all of it."""
        return [*(look.identity for look in self.looks), *map(caption_identity, self.captions)]


def keep(laid: Sequence[Laid], views: Sequence[View], study: Seen | None, folder: Path) -> list[Row]:
    """Write both files, from what was seen and lies on the bench's shelf; the rows."""
    seen = [Looked(one.extractor, pictures_of(one), texts_of(one)) for one in views if not one.laid.training]
    if study:
        own = [look for one in laid if one.panel.name in OF_STUDY for look in (*one.base, *one.finetuned, *one.real)]
        seen.append(Looked(study.extractor, own, study.texts))
    write_features(folder / FEATURES, Shelf.of(folder), seen)
    return write_pictures(folder / PICTURES, laid, values_of(views), study.texts if study else ())


def pictures_of(seen: View) -> list[Look]:
    """All that was looked at for a score."""
    others = seen.laid.others if seen.others is not None else ()
    return [*seen.laid.base, *seen.laid.finetuned, *seen.laid.real, *others]


def texts_of(seen: View) -> Sequence[str]:
    """All that was read for a score."""
    return seen.panel.texts if seen.metric.reads_captions else ()


def values_of(views: Sequence[View]) -> Values:
    """What the metrics say of each picture, those that are means over pictures."""
    found: dict[str, dict[tuple[str, str], Sequence[float]]] = {}
    for seen in views:
        if seen.metric.compares_sets or len(seen.panel.shots) < seen.metric.fewest:
            continue
        for who, features in (("base", seen.base), ("finetuned", seen.finetuned)):
            parts = seen.metric.parts(features, seen.real)
            if not callable(parts):
                found.setdefault(seen.metric.kind, {})[seen.panel.name, who] = parts.tolist()
    return found


def rows_of(laid: Laid) -> Iterator[Row]:
    """Every picture of a panel."""
    panel = laid.panel
    for model, looks, shots in (
        ("base", laid.base, panel.shots_of_base), ("finetuned", laid.finetuned, panel.shots),
    ):  # fmt: skip
        known: set[str] = set()
        for number, (look, shot, text) in enumerate(zip(looks, shots, panel.texts, strict=True)):
            yield Row(
                panel=panel.name, model=model, number=number, prompt=shot.prompt, seed=shot.seed, text=text,
                file=look.name, sha256=look.identity, blank=is_blank(look), repeated=look.identity in known,
            )  # fmt: skip
            known.add(look.identity)
    rows = panel.rows or (None,) * len(laid.real)
    for number, (look, row) in enumerate(zip(laid.real, rows, strict=True)):
        yield Row(panel=panel.name, model="real", number=number, row=row, file=look.name, sha256=look.identity)
    for number, look in enumerate(laid.others):
        yield Row(panel=panel.name, model="others", number=number, file=look.name, sha256=look.identity)


def is_blank(look: Look) -> bool:
    """Whether a picture has but one colour, as a safety checker leaves it."""
    return look.open().getcolors(1) is not None


def write_pictures(path: Path, laid: Sequence[Laid], values: Values, subjects: Sequence[str]) -> list[Row]:
    """The table: a row for each picture, and `values` as further columns. Equal tables are equal bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [row for one in laid for row in rows_of(one)]
    types = {"number": pa.int32(), "seed": pa.int64(), "row": pa.int64(), "blank": pa.bool_(), "repeated": pa.bool_()}
    columns = {
        key: pa.array([getattr(row, key) for row in rows], types.get(key, pa.string())) for key in Row.model_fields
    }
    for name, numbers in values.items():
        columns[name] = pa.array(list(_column(rows, numbers)), pa.float64())
    about: dict[str, Any] = {one.panel.name: {"words": one.panel.words, "paired": one.panel.paired} for one in laid}
    about[CARD]["subjects"] = list(subjects)
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns).replace_schema_metadata({"hubkit": json.dumps(about)}), buffer)
    write_atomically(path, buffer.getvalue())
    return rows


def _column(rows: Sequence[Row], numbers: Mapping[tuple[str, str], Sequence[float]]) -> Iterator[float | None]:
    """The numbers of some panels and models, at their rows."""
    for row in rows:
        of_panel = numbers.get((row.panel, row.model))
        yield None if of_panel is None else of_panel[row.number]


def write_features(path: Path, shelf: Shelf, seen: Sequence[Looked]) -> None:
    """The features of everything that was seen, extractor by extractor, each row once; but of no extractor that sees
    more numbers in a picture than are kept.
    """
    import torch
    from safetensors.torch import save

    index, tensors = [], {}
    for key, of_one in sorted(_by_extractor(seen).items()):
        there = shelf.kept(of_one[0].extractor)
        rows = sorted({identity for one in of_one for identity in one.identities})
        if rows and len(there[rows[0]]) <= WIDEST:
            extractor = of_one[0].extractor
            about = {name: getattr(extractor, name) for name in ("name", "source", "revision", "preprocessing")}
            index.append({"tensor": key, "rows": rows, **about})
            tensors[key] = torch.stack([there[identity] for identity in rows])
    write_atomically(path, save(tensors, {"hubkit": json.dumps(index)}))  # one key: several come in any order


def _by_extractor(seen: Sequence[Looked]) -> dict[str, list[Looked]]:
    found: dict[str, list[Looked]] = {}
    for one in seen:
        found.setdefault(seen_by(one.extractor), []).append(one)
    return found


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
        return torch.stack([self.known[identity] for identity in identities])


@dataclass(frozen=True)
class Kept:
    """What lies beside a `scores.json`: enough to compute its numbers again."""

    scores: Scores
    rows: Sequence[Row]
    about: Mapping[str, Mapping[str, Any]]
    """Words of each panel."""
    extractors: Mapping[tuple[str, str], "Remembered"]
    """By source and revision; without those that see too much of a picture to keep it."""

    @classmethod
    def read(cls, folder: Path) -> Self:
        """From a folder. Raises IntegrityError where a file is missing or not what `scores.json` says."""
        import pyarrow.parquet as pq
        from safetensors import safe_open

        scores = Scores.load(folder / "scores.json")
        if scores is None or set(scores.measurements) != {PICTURES, FEATURES}:
            raise IntegrityError(f"{folder} holds no scores with what they were computed from")
        for name, digest in scores.measurements.items():
            if not (folder / name).is_file() or sha256_of(folder / name) != digest:
                raise IntegrityError(f"{folder / name} is not what the scores were computed from")
        table = pq.read_table(folder / PICTURES)
        rows = [Row.model_validate(row) for row in table.select(list(Row.model_fields)).to_pylist()]
        about = json.loads((table.schema.metadata or {})[b"hubkit"])
        with safe_open(folder / FEATURES, framework="pt") as file:
            remembered = [_remembered(one, file) for one in json.loads(file.metadata()["hubkit"])]
        return cls(scores, rows, about, {(one.source, one.revision): one for one in remembered})

    def laid(self, name: str) -> Laid:
        """A panel with the pictures it was made of."""
        base, finetuned, real, others = (
            [row for row in self.rows if row.panel == name and row.model == who] for who in WHO
        )
        panel = Panel(
            name, self.about[name]["words"], shots=_shots(finetuned), base_shots=_shots(base),
            texts=tuple(str(row.text) for row in finetuned), rows=tuple(int(row.row or 0) for row in real),
            paired=self.about[name]["paired"],
        )  # fmt: skip
        return Laid(panel, *(list(map(_look, rows)) for rows in (base, finetuned, real, others)))


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
