"""Rows of a dataset repo that a stranger wrote: a cell may say anything."""

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from hubkit import hub
from hubkit.data import Source
from hubkit.data.pull import audit
from hubkit.data.rows import Rows, open_rows
from hubkit.errors import DatasetError

CELL = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
REPO = "alice/pictures"


def picture() -> bytes:
    """A PNG."""
    buffer = io.BytesIO()
    Image.new("RGB", (40, 50)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Write a dataset with these cells where the datasets library finds it by its id, and open it."""

    def opened(cells: pa.Array) -> Rows:
        place = tmp_path / REPO / "train.parquet"
        place.parent.mkdir(parents=True)
        pq.write_table(pa.table({"image": cells, "text": ["a cat"] * len(cells)}), place)
        monkeypatch.chdir(tmp_path)
        return open_rows(Source(repo=REPO, resolution=32), tmp_path.name)

    return opened


def test_a_row_that_names_a_file_of_the_users_is_unreadable(dataset, tmp_path):
    """Also by an address, through `..`, or through a link; the other rows are read."""
    (tmp_path / "private.png").write_bytes(picture())
    cache = hub.repo_cache(REPO, "dataset")
    cache.mkdir(parents=True)
    (cache / "link.png").symlink_to(tmp_path / "private.png")
    paths = [
        str(tmp_path / "private.png"),
        "private.png",
        f"{cache}/../../x.png",
        f"{cache}/link.png",
        "http://x/y.png",
    ]
    cells = [{"bytes": None, "path": path} for path in paths]
    seen = audit(dataset(pa.array([*cells, {"bytes": picture(), "path": "private.png"}], CELL)))
    sizes, faults = seen.sizes, seen.faults

    assert sizes == [*[(0, 0)] * len(paths), (40, 50)]
    assert sorted(faults) == list(range(len(paths)))
    assert all("no file of the dataset" in reason for reason in faults.values())


def test_a_row_may_name_a_file_that_was_downloaded_with_the_dataset(dataset):
    """As the library does for a repo of loose pictures."""
    file = hub.repo_cache(REPO, "dataset") / "snapshots" / "x.png"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(picture())

    seen = audit(dataset(pa.array([{"bytes": None, "path": str(file)}], CELL)))

    assert (seen.sizes, seen.faults) == ([(40, 50)], {})


def test_a_column_of_plain_texts_reads_no_files(dataset, tmp_path):
    """The library would take each for a path."""
    (tmp_path / "private.png").write_bytes(picture())
    faults = audit(dataset(pa.array([str(tmp_path / "private.png")]))).faults

    assert "no file of the dataset" in faults[0]


def test_empty_cells_are_unreadable(dataset):
    """Neither bytes nor a path; or nothing at all; or a file that is gone."""
    gone = str(hub.repo_cache(REPO, "dataset") / "gone.png")
    cells = [None, {"bytes": None, "path": None}, {"bytes": b"", "path": ""}, {"bytes": None, "path": gone}]
    faults = audit(dataset(pa.array(cells, CELL))).faults

    assert sorted(faults) == [0, 1, 2, 3]


def test_a_column_of_numbers_is_refused(dataset):
    """Exit 3, with the column's name."""
    with pytest.raises(DatasetError, match=f"'image' of {REPO} holds no pictures"):
        dataset(pa.array([1, 2, 3]))
