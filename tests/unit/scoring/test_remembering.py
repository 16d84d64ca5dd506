"""What was kept of a scoring is read back whole, or not at all."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from safetensors.torch import save

from hubkit.errors import IntegrityError
from hubkit.scoring.keeping import FEATURES, PICTURES, Row
from hubkit.scoring.remembering import Kept
from hubkit.values import sha256_of


def kept(folder: Path, columns: set[str]) -> dict[str, str]:
    """Both files, the table with these columns and no rows; their hashes."""
    table = pa.table({name: pa.array([], pa.string()) for name in sorted(columns)})
    pq.write_table(table.replace_schema_metadata({"hubkit": "{}"}), folder / PICTURES)
    (folder / FEATURES).write_bytes(save({}, {"hubkit": json.dumps([])}))
    return {name: sha256_of(folder / name) for name in (PICTURES, FEATURES)}


def test_a_table_of_another_version_is_told_in_a_line(tmp_path: Path):
    """Exit 10, with what it lacks; further columns do no harm."""
    known = set(Row.model_fields)

    assert Kept.read(tmp_path, kept(tmp_path, known | {"kid"})).rows == []
    with pytest.raises(IntegrityError, match=r"has no 'nearest': another version of hubkit kept it") as caught:
        Kept.read(tmp_path, kept(tmp_path, known - {"nearest", "nearest_row"}))
    assert caught.value.exit_code == 10


@pytest.mark.parametrize("name", [PICTURES, FEATURES])
def test_a_file_that_is_another_is_not_read(tmp_path: Path, name: str):
    """Damaged, or not there."""
    measurements = kept(tmp_path, set(Row.model_fields))
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(IntegrityError, match="is not what the scores were computed from"):
        Kept.read(tmp_path, measurements)
    (tmp_path / name).unlink()
    with pytest.raises(IntegrityError, match="is not what the scores were computed from"):
        Kept.read(tmp_path, measurements)
