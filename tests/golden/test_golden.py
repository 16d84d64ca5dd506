"""The cards in model_cards/ are what hubkit writes of the facts kept here: a change of the words shows in a review."""

import json
import re
import shutil
from pathlib import Path

import pytest
from PIL import Image

from hubkit.card.checking import of_folder
from hubkit.card.checking.links import picture_faults
from hubkit.card.checking.marks import marks_of
from hubkit.card.checking.numbers import number_faults
from hubkit.localhub import previewing
from hubkit.recipe import load

from ..browser import browser
from .renew import CARDS, HERE, PICTURES, facts_of, known, pictures_of, written

NAMES = ("mini-avatar", "mini-ninja")
RECIPES = {"mini-avatar": "quickstart-dreambooth", "mini-ninja": "quickstart"}
ROOT = CARDS.parent

each = pytest.mark.parametrize("name", NAMES)


@each
def test_the_golden_card(name: str):
    """Word for word, without the run. `make cards` writes it anew."""
    assert (CARDS / name / "README.md").read_text(encoding="utf-8") == written(facts_of(name))


def test_every_kept_fact_has_its_card():
    """None is left over, and none is missing."""
    assert known() == sorted(NAMES) == sorted(place.name for place in CARDS.iterdir() if place.is_dir())


@each
def test_every_picture_is_there_and_small(name: str):
    """They are looked at where they lie, and are those of the run that left the facts."""
    named = set(re.findall(r"images/[\w.-]+", (CARDS / name / "README.md").read_text(encoding="utf-8")))

    assert named == {f"images/{file}" for file in pictures_of(name)}
    assert pictures_of(name) == json.loads((HERE / name / PICTURES).read_text())
    assert sum((CARDS / name / picture).stat().st_size for picture in named) < 600_000


@each
def test_it_is_the_card_of_the_shipped_recipe(name: str):
    """What the recipe measures, draws and says of itself is what the card shows; otherwise it is a card of long ago."""
    recipe, facts = load(ROOT / "recipes" / f"{RECIPES[name]}.toml"), facts_of(name)

    assert {metric.kind for metric in recipe.metrics} == {score.kind for score in facts.scores.scores}
    assert recipe.samples == facts.recipe.samples
    assert recipe.training == facts.recipe.training
    assert recipe.card == facts.recipe.card


@each
def test_no_sentence_of_ours_is_cut(name: str):
    """Strangers' texts may be; what hubkit says, it says to the end."""
    body = written(facts_of(name)).split("\n---\n", 1)[1]

    ours = [re.sub(r"[\d.] ?… ?-?\d", "", line) for line in body.splitlines() if not line.startswith("- a ")]

    assert not [line for line in ours if "…" in line]


def test_the_quickstart_learns():
    """KID and the Frechet distance fall, with intervals that exclude zero; nothing that was drawn is broken."""
    scores = {(one.kind, one.panel): one for one in facts_of("mini-ninja").scores.scores}

    for kind in ("kid", "fid"):
        assert scores[kind, "holdout"].difference_interval.high < 0
    assert scores["sanity", "holdout"].value == 0


@each
def test_its_numbers_are_the_locks(name: str):
    """Every cell, every setting, every picture: what `hubkit card check` looks at without a Hub and without weights."""
    held = of_folder(CARDS / name)
    marks = marks_of(held.card)

    assert [*number_faults(held, marks, ()), *picture_faults(held, marks)] == []


@each
@pytest.mark.parametrize("width", [390, 1280])
def test_its_page_reads_well(name: str, width: int, tmp_path: Path):
    """In a real browser: nothing sticks out, every picture is there, and no number is broken over two lines."""
    if not shutil.which("chromium"):
        pytest.skip("chromium is not installed")
    broken = (
        "[...document.querySelectorAll('article td')].map(one => one.innerText.trim())"
        ".filter(one => /^[-+]?[0-9.]+\\n[0-9.]+$/.test(one))"
    )
    with browser(tmp_path / "browser") as page, previewing(CARDS / name, repo=f"local/{name}") as url:
        page.read(url, width=width)
        page.photograph(tmp_path / "page.png", width=width)
        assert page.too_wide() == []
        assert page.ask("[...document.images].filter(one => !one.naturalWidth).length") == 0
        assert page.ask(broken) == []
    with Image.open(tmp_path / "page.png") as photograph:
        assert width == photograph.width
