"""The rows of a dataset, still encoded, from the Hub or from a folder; read lazily and in a fixed order."""

import csv
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Protocol

from hubkit import hub
from hubkit.data.decoding import UnreadableError
from hubkit.data.source import Source
from hubkit.errors import DatasetError
from hubkit.values import sha256_of

PICTURES: Final = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"})


class Rows(Protocol):
    """Captions, and encoded pictures by row number."""

    @property
    def captions(self) -> Sequence[str | None]:
        """One for each row; None where there is none."""
        ...

    def encoded(self, row: int) -> bytes:
        """The picture's bytes as stored. Raises UnreadableError where there are none."""
        ...


@lru_cache(maxsize=4)
def open_rows(source: Source, revision: str) -> Rows:
    """The rows of `source` at `revision` (a commit SHA, or for a folder its content hash). Raises DatasetError."""
    return FolderRows.read(source) if source.folder else HubRows.load(source, revision)


@dataclass(frozen=True)
class HubRows:
    """A split of a dataset repo, as the datasets library sees it."""

    table: Any
    image: str
    captions: Sequence[str | None]
    places: Sequence[Path]
    """Folders a cell may point into: what was downloaded of this very dataset."""

    @classmethod
    def load(cls, source: Source, revision: str) -> "HubRows":
        """Download the split (or find it in the cache) and check its columns."""
        import datasets
        import pyarrow as pa

        datasets.disable_progress_bars()
        try:
            table = datasets.load_dataset(source.repo, revision=revision, split=source.split)
        except (datasets.exceptions.DatasetsError, ValueError, OSError) as error:
            first = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise DatasetError(
                f"{source.repo} at {revision[:8]}, split {source.split!r}, cannot be read: {first[:160]}",
                help="data.split names a split of the repo; a dataset that needs its own loading script is not run",
            ) from error
        for column in (source.image, source.caption):
            if column and column not in table.column_names:
                raise missing_column(column, f"{source.repo}", table.column_names)
        captions = table[source.caption] if source.caption else [""] * len(table)
        try:
            encoded = table.cast_column(source.image, datasets.Image(decode=False))
        except (pa.ArrowException, TypeError, ValueError) as error:
            raise DatasetError(
                f"the column {source.image!r} of {source.repo} holds no pictures, but {table.features[source.image]}",
                help="data.image names the column",
            ) from error
        places = (hub.repo_cache(str(source.repo), "dataset"), Path(datasets.config.HF_DATASETS_CACHE))
        return cls(encoded, source.image, tuple(captions), tuple(place.resolve() for place in places))

    def encoded(self, row: int) -> bytes:
        """The picture's bytes, from the parquet cell or the file it points to."""
        cell = self.table[row][self.image]
        if cell is None or not (cell["bytes"] or cell["path"]):
            raise UnreadableError("there is none")
        content: bytes = cell["bytes"] or self._downloaded(cell["path"])
        return content

    def _downloaded(self, said: str) -> bytes:
        """A file of the dataset. A cell may say any path: one of the user's own files is never read."""
        try:
            file = Path(said).resolve()
            if any(file.is_relative_to(place) for place in self.places) and file.is_file():
                return file.read_bytes()
        except (OSError, ValueError) as error:
            raise UnreadableError(f"{said[:80]!r} cannot be read: {error}") from error
        raise UnreadableError(f"the row holds no bytes, only the path {said[:80]!r}, which is no file of the dataset")


@dataclass(frozen=True)
class FolderRows:
    """Pictures of a folder, sorted by name, with captions from `metadata.csv`, `metadata.jsonl` or a `.txt` beside
    each.
    """

    folder: Path
    files: Sequence[Path]
    captions: Sequence[str | None]

    @classmethod
    def read(cls, source: Source) -> "FolderRows":
        """Pair every picture with its caption. Stray files and hidden folders are passed over; a link that leads out
        of the folder is refused.
        """
        folder = Path(str(source.folder))
        if not folder.is_dir():
            raise DatasetError(f"{source.folder!r} is not a folder", help="`--data DIR` names a folder of pictures")
        pairs = sorted(captions_of(folder, source.caption))
        if not pairs and not source.caption:
            raise DatasetError(f"no pictures in {source.folder!r}", help=f"it takes {', '.join(sorted(PICTURES))}")
        if not pairs:
            raise DatasetError(
                f"no captioned pictures in {source.folder!r}",
                help="put metadata.csv (file_name,text), metadata.jsonl or a .txt beside each picture",
            )
        return cls(folder, tuple(file for file, _ in pairs), tuple(caption for _, caption in pairs))

    def encoded(self, row: int) -> bytes:
        """The picture's bytes."""
        return self.files[row].read_bytes()

    def content_hash(self) -> str:
        """A sha256 over names, bytes and captions: what stands for a commit."""
        digest = hashlib.sha256()
        for file, caption in zip(self.files, self.captions, strict=True):
            digest.update(repr((file.relative_to(self.folder).as_posix(), sha256_of(file), caption)).encode())
        return digest.hexdigest()


def captions_of(folder: Path, column: str) -> Iterator[tuple[Path, str | None]]:
    """Every picture of the folder that has a caption, and the caption; without a column every picture, and none."""
    if not column:
        yield from ((picture, "") for picture in pictures_in(folder))
        return
    entries = listed(folder, column)
    if entries is not None:
        for name, caption in entries:
            if "\0" in name or not inside(folder, folder / name).is_file():
                raise DatasetError(f"metadata names {name[:80]!r}, which is not in {folder.name!r}")
            yield folder / name, caption
        return
    for picture in pictures_in(folder):
        yield picture, caption_beside(folder, picture)


def pictures_in(folder: Path) -> Iterator[Path]:
    """Every picture of the folder; stray files and hidden folders are passed over."""
    for file in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
        if not hidden and file.suffix.lower() in PICTURES and file.is_file():
            yield inside(folder, file)


def inside(folder: Path, file: Path) -> Path:
    """The file, if it is truly in the folder: a link could lead to anything of the user's. Raises DatasetError."""
    if not file.resolve().is_relative_to(folder.resolve()):
        raise DatasetError(
            f"{os.path.relpath(file, folder)[:80]!r} is not in {folder.name!r}, or is a link that leads out of it",
            help="copy the file into the folder",
        )
    return file


def caption_beside(folder: Path, picture: Path) -> str | None:
    """What the `.txt` beside a picture says; None where there is none."""
    text = inside(folder, picture.with_suffix(".txt"))
    try:
        return text.read_text(encoding="utf-8").strip() if text.is_file() else None
    except ValueError as error:
        raise DatasetError(f"{text.name[:80]!r} in {folder.name!r} is no UTF-8 text") from error


def listed(folder: Path, column: str) -> list[tuple[str, str | None]] | None:
    """The rows of `metadata.csv` or `metadata.jsonl`; None when the folder has neither."""
    table, lines = (inside(folder, folder / name) for name in ("metadata.csv", "metadata.jsonl"))
    try:
        if table.is_file():
            with table.open(encoding="utf-8-sig", newline="") as file:
                rows: list[dict[str, Any]] = list(csv.DictReader(file))
        elif lines.is_file():
            rows = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines() if line.strip()]
        else:
            return None
    except (ValueError, csv.Error) as error:
        raise DatasetError(f"the metadata of {folder.name!r} cannot be read: {error}") from error
    if bad := [row for row in rows if not isinstance(row, dict)]:
        raise DatasetError(f"the metadata of {folder.name!r} holds {str(bad[0])[:80]!r}, which is no row with names")
    for needed in ("file_name", column):
        if lacking := [row for row in rows if needed not in row]:
            raise missing_column(needed, f"the metadata of {folder.name!r}", list(lacking[0]))
    return [(str(row["file_name"]), row[column]) for row in rows]


def missing_column(column: str, where: str, there: Sequence[str]) -> DatasetError:
    """The error that lists what there is instead."""
    names = ", ".join(repr(name)[:80] for name in there)
    return DatasetError(
        f"{where} has no column {column!r}; it has {names}", help="data.image and data.caption name the columns"
    )
