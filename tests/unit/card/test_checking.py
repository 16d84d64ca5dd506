"""`hubkit card check`: what a card says is held against the lock, against what is there, and executed."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from hubkit import hub
from hubkit.card.checking import Checked, check, of_folder, of_repo
from hubkit.card.edits import metadata_hashes, section_hashes, split
from hubkit.cli.card import in_json, report
from hubkit.errors import BaseModelError, Fault, IntegrityError
from hubkit.localhub import LocalHub
from hubkit.publishing import Release

Edit = Callable[[str, str], None]


@pytest.fixture
def there(described: Release, as_alice: LocalHub, tmp_path: Path) -> Path:
    """A copy of a release, and on the Hub what it links to."""
    for repo, kind in (("alice/base", "model"), ("alice/ninjas", "dataset")):
        hub.put_repo(repo, kind, {"README.md": b"---\nlicense: mit\n---\n"}, "seed")
    place = tmp_path / "release"
    shutil.copytree(described.folder, place)
    commits = {"b" * 40: hub.head("alice/base"), "d" * 40: hub.head("alice/ninjas", "dataset")}
    for name in ("README.md", "hubkit.lock.json"):
        text = (place / name).read_text()
        for stand_in, commit in commits.items():
            text = text.replace(stand_in, str(commit))
        (place / name).write_text(text)
    lock = json.loads((place / "hubkit.lock.json").read_text())
    said, body = split((place / "README.md").read_text())
    lock |= {"card": section_hashes(body), "metadata": metadata_hashes(said)}
    (place / "hubkit.lock.json").write_text(json.dumps(lock))
    return place


@pytest.fixture
def edit(there: Path) -> Edit:
    """Change the card as a person does; what is to be replaced must be there."""

    def change(before: str, after: str) -> None:
        card = (there / "README.md").read_text()
        assert before in card
        (there / "README.md").write_text(card.replace(before, after, 1))

    return change


def looked(there: Path) -> Checked:
    return check(of_folder(there), run=False)


def only(found: Checked) -> Fault:
    assert len(found.faults) == 1, found.faults
    return found.faults[0]


def test_a_fresh_card_is_true(there: Path):
    """Nothing is wrong; and its code was executed and drew the very picture of the card."""
    found = check(of_folder(there))

    assert found.faults == ()
    assert found.verdict == "the card is true"
    assert "bit for bit" in found.seen[-1]


def test_a_score_of_a_kind_that_nobody_knows_is_told(there: Path):
    """A lock of a newer hubkit, or a stranger's."""
    lock = json.loads((there / "hubkit.lock.json").read_text())
    lock["scores"][0]["kind"] = "beauty"
    (there / "hubkit.lock.json").write_text(json.dumps(lock))

    with pytest.raises(IntegrityError, match="of a kind that this hubkit does not know"):
        looked(there)


def test_a_card_in_a_repo_is_checked_at_its_tag(there: Path):
    """Only card and lock are downloaded; another revision is another card."""
    files = {str(path.relative_to(there)): path for path in there.rglob("*") if path.is_file()}
    hub.put_repo("alice/sd-tiny", "model", files, "sd-tiny")
    commit = str(hub.head("alice/sd-tiny"))
    hub.put_tag("alice/sd-tiny", "v1.0.0", commit)
    card = files["README.md"].read_text().replace("| 0.2 | 0.01 |", "| 0.2 | 0.001 |")
    hub.put_repo("alice/sd-tiny", "model", files | {"README.md": card.encode()}, "edited")

    assert check(of_repo("alice/sd-tiny@v1.0.0"), run=False).faults == ()
    assert "'this model' of kid[mini-clip] ↓ is '0.001'" in only(check(of_repo("alice/sd-tiny"), run=False)).message
    with pytest.raises(BaseModelError, match="no release of hubkit"):
        of_repo("alice/base")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("| 0.2 | 0.01 |", "| 0.2 | 0.001 |", "'this model' of kid[mini-clip] ↓ is '0.001'; by the lock it is '0.01'"),
        (") | better |", ") | much better |", "'verdict' of kid[mini-clip] ↓ is 'much better'"),
        ("|  | 2 |", "|  | 2000 |", "'n' of kid[mini-clip] ↓ is '2000'"),
        ("| kid\\[mini-clip\\] ↓", "| fid@30000 ↓", "a score 'fid@30000 ↓', which the lock has not"),
        ("      value: 0.01", "      value: 0.0100001", "model-index: 'value' of kid[mini-clip] is 0.0100001"),
        ("        n: 2\n", "        n: 30000\n", "model-index: 'n' of kid[mini-clip] is 30000"),
        ("base_model_value: 0.2", "base_model_value: 0.9", "'base_model_value' of kid[mini-clip] is 0.9"),
        ("name: kid[mini-clip]", "name: fid", "model-index has a score 'fid'"),
        ("(kid) ↓ | 0.2 | **0.01**", "(kid) ↓ | 0.2 | **0.001**", "(kid) ↓ is '0.001'; by the lock it is '0.01'"),
        ("of its dataset (kid) ↓", "of everything (kid) ↓", "a score 'how far from pictures of everything (kid) ↓'"),
        ("base 0.2, this model 0.01](", "base 0.9, this model 0.01](", "'0.9' stands beside kid[mini-clip]"),
        ("base_model: alice/base", "base_model: alice/ninja-base", "base_model is 'alice/ninja-base'"),
        ("license: creativeml-openrail-m", "license: mit", "license is 'mit', in the lock 'creativeml-openrail-m'"),
        ("license: creativeml-openrail-m", "license: mine", "the Hub does not accept the card"),
        ("  url: images/sample-1.png", "  url: images/best.png", "'images/best.png' is not in the release"),
        ("](images/usage.png)", "](images/other.png)", "'images/other.png' is not in the release"),
        ("](images/usage.png)", '](images/usage.png) <img src="more.png">', "'more.png' is not in the release"),
        ("[recipe.toml](recipe.toml)", "[recipe.toml](receipt.toml)", "'receipt.toml' is not in the release"),
        ("(#scores)", "(#numbers)", "no heading is called '#numbers'"),
        ("[Scores](#scores)", '<a href="javascript:x()">Scores</a>', "is no link to a page"),
        ("(</alice/base/tree/", "(</alice/base/tree/e", "there is no model alice/base at e"),
        ("(#scores)", "(https://huggingface.co/alice/gone)", "there is no model alice/gone"),
        ("(#scores)", "(/datasets/alice/ninjas/blob/main/x.csv)", "alice/ninjas at main holds no x.csv"),
        ('"Yoda ninja portrait",\n', 'open("x"),\n', "is not what hubkit writes for this lock: nothing is executed"),
        ("```python", "```text", "the card holds no code"),
    ],
)  # fmt: skip
def test_what_is_not_true_is_named(there: Path, edit: Edit, before: str, after: str, said: str):
    """With the line of the card where it stands."""
    edit(before, after)
    found = looked(there).faults

    assert any(said in fault.message for fault in found), found
    assert all(re.fullmatch(r"README\.md(:\d+)?", fault.where) for fault in found)


def test_the_line_is_the_one_that_is_wrong(there: Path, edit: Edit):
    """Counted in the file, metadata included."""
    edit("(#scores)", "(#numbers)")
    lines = (there / "README.md").read_text().splitlines()

    assert "(#numbers)" in lines[int(only(looked(there)).where.partition(":")[2]) - 1]


def test_a_picture_that_was_deleted_is_missed(there: Path):
    """Once, wherever it stands."""
    (there / "images" / "sample-0.png").unlink()

    assert only(looked(there)).message == "the picture 'images/sample-0.png' is not in the release"


def test_what_people_add_is_theirs(there: Path, edit: Edit):
    """A section of their own with numbers of their own; a sentence in one of hubkit's, which is then named."""
    edit(
        "## Scores",
        "## My study\n\nIn my study kid[mini-clip] was 0.77, and [it](https://example.org) says so.\n\n## Scores",
    )
    edit("Every pair begins", "I like the second. Every pair begins")
    found = looked(there)

    assert found.faults == ()
    assert found.edited == ("Before and after",)


@pytest.mark.parametrize(
    ("before", "after", "unchecked"),
    [
        ("1 min 23 s", "1 min 3 s", "'Costs'"),
        ("10 pictures of", "10,000 pictures of", "'Introduction'"),
        ("- text: Yoda", "- text: Yoda the best", "'widget' in the metadata"),
        ("library_name: diffusers\n", "", "'library_name' in the metadata"),
    ],
)
def test_what_was_edited_is_not_called_true(
    there: Path, edit: Edit, before: str, after: str, unchecked: str, capsys: pytest.CaptureFixture[str]
):
    """It is no fault, and the last line does not vouch for it; nor does what a script reads."""
    edit(before, after)
    found = looked(there)
    report(found)
    last = capsys.readouterr().out.splitlines()[-1]

    assert f"the card is true, but for {unchecked}, edited by hand and not checked" == last
    assert last == json.loads(in_json(found))["verdict"]


def test_what_is_known_to_be_wrong_comes_first(there: Path, edit: Edit):
    """A fault beside an edit: the card is not true, and there may be more."""
    edit("1 min 23 s", "1 min 3 s")
    edit("(#scores)", "(#numbers)")

    said = "the card is not true; 'Introduction', 'Costs', edited by hand and not checked"
    assert said == looked(there).verdict


@pytest.mark.parametrize("code", ["import os", "print(1)"])
def test_code_that_is_not_hubkits_is_not_executed(there: Path, edit: Edit, code: str, tmp_path: Path):
    """Not even where the rest of it is: what runs is hubkit's own template, and only where the card holds just that."""
    edit("import torch\n", f"{code}\nopen({str(tmp_path / 'ran')!r}, 'w')\nimport torch\n")
    found = check(of_folder(there))

    assert "nothing is executed" in only(found).message
    assert not (tmp_path / "ran").exists()


def test_files_that_are_not_the_locks_are_not_loaded(there: Path):
    """One bit, or a class from a module that is no library of models."""
    index = json.loads((there / "model_index.json").read_text())
    (there / "model_index.json").write_text(json.dumps(index | {"unet": ["antigravity", "fly"]}))
    found = check(of_folder(there))

    assert ["'model_index.json' is not what the lock says", "'unet' comes from 'antigravity'"] == [
        fault.message.partition(":")[0].partition(", no")[0] for fault in found.faults
    ]
    assert "not executed" in found.seen[-1]
