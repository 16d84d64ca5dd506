"""What is kept of a scoring, so that every number can be computed again without drawing: a row for each picture,
and the features of all of them.

The rows say which pictures a panel was made of, in their order, by their hashes; the features are found by hash. Both
lie beside `scores.json`, which holds the hashes of the two files. A style dial leaves two of its own.
"""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from hubkit.extractors import Extractor
from hubkit.processes import meet, turn
from hubkit.scoring.features import Look, Nearest, Shelf, caption_identity, seen_by
from hubkit.scoring.likeness import coordinates
from hubkit.scoring.measuring import View
from hubkit.scoring.panels import Laid
from hubkit.scoring.study import CARD, FURTHER, Seen
from hubkit.values import Record, sha256_of, write_atomically

PICTURES: Final = "pictures.parquet"
FEATURES: Final = "features.safetensors"
OF_STUDY: Final = (CARD, FURTHER)
OF_DIAL: Final = ("dial.parquet", "dial.safetensors")
WIDEST: Final = 8192
"""Features per picture that are kept as they are: Inception has 2,048. Of LPIPS, which has hundreds of thousands, as
many coordinates are kept as there are pictures: no distance is another by it.
"""

Who = Literal["base", "finetuned", "real", "others", "held out"]
WHO: Final = ("base", "finetuned", "real", "others")
"""Both models; the real pictures they are held against, and others of the dataset."""
HELD_OUT: Final = "held out"
"""Beside a panel that is searched: the pictures whose distances to the training are the measure."""


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
    """Whether an earlier number of the panel is the same picture, from another seed."""
    nearest: float | None = None
    """The distance to the nearest of the training's pictures, where a metric searches those."""
    nearest_row: int | None = None
    """That picture's row in the dataset."""
    nearest_mirrored: bool | None = None
    """Whether it is nearest when mirrored."""


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
    seen = seen_in(views)
    if study:
        own = [look for one in laid if one.panel.name in OF_STUDY for look in (*one.base, *one.finetuned, *one.real)]
        seen.append(Looked(study.extractor, own, study.texts))
    write_features(folder / FEATURES, Shelf.of(folder), seen)
    return write_pictures(folder / PICTURES, laid, views, study.texts if study else ())


def keep_dial(views: Mapping[str, tuple[Sequence[View], bool]], folder: Path) -> dict[str, str]:
    """The same two files of the candidates of a dial, by their names, each with whether it is the base; the hashes of
    the files. What stands there as the base's is what the training leaves: the dial holds all candidates against that.
    All processes must call it alike; the first writes.
    """
    named = [place_of(candidate, one, base=base) for candidate, (of_one, base) in views.items() for one in of_one]
    if turn()[0] == 0:
        write_dial(named, folder)
    meet()
    return {name: sha256_of(folder / name) for name in OF_DIAL}


def write_dial(named: Sequence[View], folder: Path) -> None:
    """Both files of the candidates, whose panels are called after them."""
    searches_first = sorted(named, key=lambda one: not one.laid.training)  # whose real pictures are others
    laid = {one.panel.name: one.laid for one in searches_first}
    pictures, features = (folder / name for name in OF_DIAL)
    write_features(features, Shelf.of(folder), seen_in(named))
    write_pictures(pictures, list(laid.values()), named)


def place_of(candidate: str, seen: View, *, base: bool) -> View:
    """The view, its panel called by the candidate whose pictures they are, with the prompts that each really drew."""
    drawn = seen.panel.shots_of_base if base else seen.panel.shots
    name = of_candidate(candidate, seen.panel.name)
    panel = replace(seen.panel, name=name, shots=drawn, base_shots=seen.panel.shots)
    return replace(seen, laid=replace(seen.laid, panel=panel))


def of_candidate(candidate: str, panel: str) -> str:
    """What a candidate's panel is called."""
    return f"{panel}, {candidate}"


def seen_in(views: Sequence[View]) -> list[Looked]:
    """All that was seen for scores; of a search the distances are kept, not what they were computed from."""
    return [Looked(one.extractor, pictures_of(one), texts_of(one)) for one in views if not one.laid.training]


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


def rows_of(laid: Laid, search: View | None) -> Iterator[Row]:
    """Every picture of a panel; with its nearest of the training, where there was a `search`."""
    panel = laid.panel
    near = {"base": search.base.nearest, "finetuned": search.finetuned.nearest} if search else {}
    for model, looks, shots in (
        ("base", laid.base, panel.shots_of_base), ("finetuned", laid.finetuned, panel.shots),
    ):  # fmt: skip
        known: dict[str, int] = {}
        for number, (look, shot, text) in enumerate(zip(looks, shots, panel.texts, strict=True)):
            yield Row(
                panel=panel.name, model=model, number=number, prompt=shot.prompt, seed=shot.seed, text=text,
                file=look.name, sha256=look.identity, blank=is_blank(look),
                repeated=known.setdefault(look.identity, shot.seed) != shot.seed,
                **_nearest(near.get(model), number),
            )  # fmt: skip
    rows = panel.rows or (None,) * len(laid.real)
    for number, (look, row) in enumerate(zip(laid.real, rows, strict=True)):
        yield Row(panel=panel.name, model="real", number=number, row=row, file=look.name, sha256=look.identity)
    for number, look in enumerate(laid.others):
        yield Row(panel=panel.name, model="others", number=number, file=look.name, sha256=look.identity)
    for number, look in enumerate(search.laid.real if search else ()):
        own = _nearest(search.real.nearest if search else None, number)
        yield Row(panel=panel.name, model=HELD_OUT, number=number, file=look.name, sha256=look.identity, **own)


def _nearest(found: Nearest | None, number: int) -> dict[str, Any]:
    """The nearest of one picture, as a row has it."""
    if found is None or not found.distances[number].isfinite():
        return {}
    return {
        "nearest": float(found.distances[number]),
        "nearest_row": found.rows[number],
        "nearest_mirrored": found.mirrored[number],
    }


def is_blank(look: Look) -> bool:
    """Whether a picture has but one colour, as a safety checker leaves it."""
    return look.open().getcolors(1) is not None


def write_pictures(
    path: Path, laid: Sequence[Laid], views: Sequence[View], subjects: Sequence[str] = ()
) -> list[Row]:  # fmt: skip
    """The table: a row for each picture, and what the metrics say of it as further columns. Equal tables are equal
    bytes.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    searches = {one.panel.name: one for one in views if one.laid.training}
    rows = [row for one in laid for row in rows_of(one, searches.get(one.panel.name))]
    types = {
        "number": pa.int32(), "seed": pa.int64(), "row": pa.int64(), "blank": pa.bool_(), "repeated": pa.bool_(),
        "nearest": pa.float64(), "nearest_row": pa.int64(), "nearest_mirrored": pa.bool_(),
    }  # fmt: skip
    columns = {
        key: pa.array([getattr(row, key) for row in rows], types.get(key, pa.string())) for key in Row.model_fields
    }
    for name, numbers in values_of(views).items():
        columns[name] = pa.array(list(_column(rows, numbers)), pa.float64())
    about: dict[str, Any] = {one.panel.name: {"words": one.panel.words, "paired": one.panel.paired} for one in laid}
    if subjects:
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
    """The features of everything that was seen, extractor by extractor, each row once."""
    import torch
    from safetensors.torch import save

    index, tensors = [], {}
    for key, of_one in sorted(_by_extractor(seen).items()):
        rows = sorted({identity for one in of_one for identity in one.identities})
        there = shelf.kept(of_one[0].extractor, rows)
        if rows:
            extractor = of_one[0].extractor
            about = {name: getattr(extractor, name) for name in ("name", "source", "revision", "preprocessing")}
            index.append({"tensor": key, "rows": rows, **about})
            features = torch.stack([there[identity] for identity in rows])
            tensors[key] = features if features.shape[1] <= WIDEST else coordinates(features)
    write_atomically(path, save(tensors, {"hubkit": json.dumps(index)}))  # one key: several come in any order


def _by_extractor(seen: Sequence[Looked]) -> dict[str, list[Looked]]:
    found: dict[str, list[Looked]] = {}
    for one in seen:
        found.setdefault(seen_by(one.extractor), []).append(one)
    return found
