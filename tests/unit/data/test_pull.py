"""A folder of one's own: what is read, what is refused, how it is split."""

import json
from pathlib import Path

import pytest
from PIL import Image

from hubkit.data import CaptionedImages, Source, pull
from hubkit.errors import DatasetError, RecipeError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten captioned pictures."""
    place = tmp_path / "mine"
    place.mkdir()
    for number in range(10):
        Image.new("RGB", (40 + number, 40), (20 * number, 0, 0)).save(place / f"{number}.png")
        (place / f"{number}.txt").write_text(f"picture {number}\n")
    return place


def pulled(folder: Path, run: Path, **changes: object) -> CaptionedImages:
    """Pull with a small resolution."""
    return pull(Source(**{"folder": str(folder), "resolution": 32, **changes}), run)


def test_captions_beside_the_pictures(folder, tmp_path):
    """In the order of their names, at their true sizes."""
    images = pulled(folder, tmp_path / "run")

    assert images.captions == tuple(f"picture {number}" for number in range(10))
    assert images.sizes[3] == (43, 40)
    assert images.picture(3).open().getpixel((0, 0)) == (60, 0, 0)


def test_stray_files_are_passed_over(folder, tmp_path):
    """What a download or a file manager leaves behind."""
    (folder / ".cache" / "huggingface").mkdir(parents=True)
    (folder / ".cache" / "huggingface" / "0.png").write_bytes(b"no picture")
    (folder / "Thumbs.db").write_bytes(b"\x00")
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / "notes.md").write_text("hello")

    assert len(pulled(folder, tmp_path / "run").captions) == 10


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_metadata_names_the_captions(folder, tmp_path, form):
    """In another column than `text`, with a comma in it."""
    rows = [{"file_name": f"{number}.png", "words": f"red, {number}"} for number in range(4)]
    if form == "csv":
        lines = ["file_name,words", *(f'{row["file_name"]},"{row["words"]}"' for row in rows)]
        (folder / "metadata.csv").write_text("\n".join(lines))
    else:
        (folder / "metadata.jsonl").write_text("\n".join(json.dumps(row) for row in rows))

    assert pulled(folder, tmp_path / "run", caption="words").captions == ("red, 0", "red, 1", "red, 2", "red, 3")


def test_a_missing_column_lists_what_is_there(folder, tmp_path):
    """So that the recipe can be mended without opening the file."""
    (folder / "metadata.csv").write_text("file_name,caption\n0.png,red\n")

    with pytest.raises(DatasetError, match="no column 'text'; it has 'file_name', 'caption'"):
        pulled(folder, tmp_path / "run")


def test_metadata_cannot_point_outside_the_folder(folder, tmp_path):
    """A downloaded folder is a stranger's."""
    Image.new("RGB", (40, 40)).save(tmp_path / "secret.png")
    (folder / "metadata.csv").write_text("file_name,text\n../secret.png,red\n")

    with pytest.raises(DatasetError, match="not in 'mine'"):
        pulled(folder, tmp_path / "run")


def test_every_bad_row_is_named_before_anything_starts(folder, tmp_path):
    """A damaged picture and an empty caption at once."""
    (folder / "3.png").write_bytes((folder / "3.png").read_bytes()[:40])
    (folder / "7.txt").write_text("  ")

    with pytest.raises(DatasetError, match=r"2 rows .* row 3: the picture.*; row 7: the caption is empty"):
        pulled(folder, tmp_path / "run")


def test_bad_rows_can_be_skipped_and_are_counted(folder, tmp_path):
    """They are neither trained on nor held out."""
    (folder / "3.png").write_bytes(b"")
    images = pulled(folder, tmp_path / "run", bad_images="skip")

    assert 3 not in {*images.train, *images.holdout}
    assert len(images.skipped) == 1


def test_the_split_is_seeded_and_whole(folder, tmp_path):
    """Every row is on one side; the same seed draws the same side."""
    images = pulled(folder, tmp_path / "a", holdout=3)

    assert sorted([*images.train, *images.holdout]) == list(range(10))
    assert len(images.holdout) == 3
    assert pulled(folder, tmp_path / "b", holdout=3).holdout == images.holdout
    assert pulled(folder, tmp_path / "c", holdout=3, seed=1).holdout != images.holdout


def test_a_hold_out_of_everything_is_refused(folder, tmp_path):
    """There must be something to train on."""
    with pytest.raises(DatasetError, match="cannot spare 10"):
        pulled(folder, tmp_path / "run", holdout=10)


def test_an_empty_folder_is_refused(tmp_path):
    """With the three ways to give captions."""
    (tmp_path / "empty").mkdir()

    with pytest.raises(DatasetError, match="no captioned pictures"):
        pulled(tmp_path / "empty", tmp_path / "run")


def test_a_changed_picture_is_another_dataset(folder, tmp_path):
    """The content hash stands where a commit would."""
    before = pulled(folder, tmp_path / "run").revision
    Image.new("RGB", (41, 41)).save(folder / "3.png")

    assert pulled(folder, tmp_path / "run").revision != before


def test_the_licence_of_the_folder_is_read_from_its_card(folder, tmp_path):
    """The recipe's is for a folder whose card says none; it cannot change another's terms."""
    assert pulled(folder, tmp_path / "a", license="cc0-1.0").license == "cc0-1.0"
    (folder / "README.md").write_text("---\nlicense: cc-by-sa-4.0\n---\n# mine\n")

    assert pulled(folder, tmp_path / "b").license == "cc-by-sa-4.0"
    with pytest.raises(RecipeError, match="whose own card says 'cc-by-sa-4"):
        pulled(folder, tmp_path / "c", license="cc0-1.0")


@pytest.mark.parametrize(
    ("front", "languages"),
    [
        ("language:\n- en\n- de", ("en", "de")), ("language: en", ("en",)), ("language: English", ()),
        ("language: {a: b}", ()), ("date: 2024-13-45\nlanguage: en", ()), ("language: [" * 2000, ()), ("\x00", ()),
    ],
)  # fmt: skip
def test_the_languages_of_the_captions_are_read_from_the_card(folder, tmp_path, front, languages):
    """As far as they are codes; a card that cannot be read says nothing."""
    (folder / "README.md").write_text(f"---\n{front}\n---\n# mine\n")

    assert pulled(folder, tmp_path / "run").languages == languages


def test_a_card_in_another_writing_is_no_error(folder, tmp_path):
    """Latin-1, say."""
    (folder / "README.md").write_bytes("---\nlicense: mit\n---\n# für alle\n".encode("latin-1"))

    assert pulled(folder, tmp_path / "run").license == "mit"


@pytest.mark.parametrize("name", ["3.png", "3.txt", "metadata.csv", "README.md", "deeper"])
def test_a_link_out_of_the_folder_is_refused(folder, tmp_path, name):
    """A picture, a caption, the metadata, the card, a folder: none may lead to another file of the user's."""
    (tmp_path / "private").mkdir()
    Image.new("RGB", (40, 40)).save(tmp_path / "private" / "x.png")
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(tmp_path / "private" / ("" if name == "deeper" else "x.png"))
    if name == "deeper":
        (folder / "metadata.csv").write_text("file_name,text\ndeeper/x.png,red\n")

    with pytest.raises(DatasetError, match=f"'{name}.*' is not in 'mine', or is a link"):
        pulled(folder, tmp_path / "run")


@pytest.mark.parametrize(
    "lines", ['["0.png", "red"]', '{"file_name": "0.png"}', "{", '{"file_name": "0.png\\u0000", "text": "red"}']
)
def test_metadata_that_are_none_are_refused(folder, tmp_path, lines):
    """Exit 3 and one line, whatever a stranger wrote."""
    (folder / "metadata.jsonl").write_text(lines)

    with pytest.raises(DatasetError, match="metadata"):
        pulled(folder, tmp_path / "run")


def test_a_caption_that_is_no_text_is_refused(folder, tmp_path):
    """The file is named."""
    (folder / "3.txt").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(DatasetError, match=r"'3\.txt'"):
        pulled(folder, tmp_path / "run")


def test_a_method_with_one_prompt_needs_no_captions(folder, tmp_path):
    """Every picture of the folder is taken, whatever lies beside it, in folders within too."""
    for text in folder.glob("*.txt"):
        text.unlink()
    (folder / "metadata.csv").write_text("file_name,text\n0.png,red\n")
    (folder / "more").mkdir()
    (folder / "0.png").rename(folder / "more" / "10.JPG")
    (folder / "Thumbs.db").write_bytes(b"\x00")
    (folder / "__MACOSX").mkdir()
    (folder / "__MACOSX" / "._1.png").write_bytes(b"a resource fork")
    images = pull(Source(folder=str(folder), resolution=32), tmp_path / "run", captioned=False)

    assert images.captions == ("",) * 10
    assert images.sizes[-1] == (40, 40)
    assert images.skipped == ()


def test_a_folder_without_pictures_says_what_it_takes(tmp_path):
    """Not that captions are missing, where nobody reads any."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "photo.heic").write_bytes(b"\x00")

    with pytest.raises(DatasetError, match=r"no pictures in .*mine'") as told:
        pull(Source(folder=str(tmp_path / "mine")), tmp_path / "run", captioned=False)
    assert ".jpg" in str(told.value)
