"""The datasets are parquet as `datasets` writes it, the same bytes each time; seeding asks for one commit a repo."""

import io

import datasets
import pyarrow.parquet as pq
import pytest
import yaml
from PIL import Image

from hubkit.miniature import WORLDS, World, worlds

SMALL = World(name="mini-test-captions", style="ninja", rows=6, says="A few.")


@pytest.fixture
def parquet(tmp_path):
    """The small world's parquet file."""
    path = tmp_path / "train.parquet"
    path.write_bytes(worlds.parquet(SMALL))
    return path


def test_parquet_is_the_same_each_time(parquet):
    """Same bytes, hence the same git objects and no second commit."""
    assert parquet.read_bytes() == worlds.parquet(SMALL)


def test_load_dataset_gives_pictures(parquet, tmp_path):
    """The features in the schema's metadata make `image` a PIL picture."""
    rows = datasets.load_dataset("parquet", data_files=str(parquet), split="train", cache_dir=str(tmp_path / "cache"))

    assert rows.column_names == ["image", "text"]
    assert isinstance(rows[0]["image"], Image.Image)
    assert len({row["image"].size for row in rows}) > 1
    assert all(80 <= row["image"].width <= 256 for row in rows)


def test_pictures_are_jpegs_with_names(parquet):
    """Like the original set: bytes of a JPEG, and a path."""
    first = pq.read_table(parquet)["image"][0].as_py()

    assert first["path"] == "00000.jpg"
    assert Image.open(io.BytesIO(first["bytes"])).format == "JPEG"


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_dataset_cards_name_their_licence(world):
    """The front matter is YAML with a licence."""
    front = yaml.safe_load(worlds.dataset_card(world).split("---")[1])

    assert front["license"] == "apache-2.0"
    assert front["task_categories"] == ["text-to-image"]


@pytest.mark.parametrize("name", ["mini-sd", "mini-clip"])
def test_model_cards_name_their_licence(name):
    """The front matter is YAML with a licence and a library."""
    front = yaml.safe_load(worlds.model_files(name)["README.md"].decode().split("---")[1])

    assert front["license"] == "apache-2.0"
    assert front["library_name"] in {"diffusers", "transformers"}


def test_a_hub_that_holds_the_world_is_left_alone(monkeypatch):
    """The card names the drawing: where the Hub has that card, nothing is drawn."""
    card = worlds.dataset_card(WORLDS[0]).encode()
    listing = {name: FakeFile(card) for name in ("README.md", worlds.PARQUET)}
    monkeypatch.setattr(worlds.hub, "head", lambda *_, **__: "0" * 40)
    monkeypatch.setattr(worlds.hub, "tree", lambda *_, **__: listing)

    assert worlds.stands(WORLDS[0], None)
    assert not worlds.stands(WORLDS[1], None)


class FakeFile:
    """A listed file that holds one content."""

    def __init__(self, content) -> None:
        self.content = content

    def holds(self, content):
        """Whether it is that content."""
        return content == self.content
