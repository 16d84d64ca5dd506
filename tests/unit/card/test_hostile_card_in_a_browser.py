"""Cards of hostile texts in a real browser: the page has the very elements that it has with harmless texts, runs
nothing and loads nothing.
"""

import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import yaml
from PIL import Image

from hubkit import localhub
from hubkit.card.edits import keep_edits, split
from hubkit.card.facts import Facts
from hubkit.card.pictures import grid, in_words
from hubkit.card.sections import Bullets, Fold, Picture, Plain, Section, Table, Words
from hubkit.card.writing import body, front
from hubkit.escaping import Markdown, block, code, front_matter, inline
from hubkit.publishing import Change, Changes, Past, usage
from hubkit.recipe import Recipe

from ...browser import Page, browser
from ..publishing.conftest import lock_of
from .conftest import recipe_of, scored
from .test_hostile_texts import HOSTILE

LONGEST = 300
ELEMENTS = """[...document.querySelectorAll('body *')].filter(one => !one.closest('pre') || one.matches('pre'))
  .map(one => one.tagName.toLowerCase())"""
"""All but the colours of code."""
PARAGRAPHS = {"p", "br", "wbr"}
"""A text may have more of them than another."""
EDIT = """## Mine

<script>document.title = 'hacked'</script><img src="gone.png" onerror="document.title = 'hacked'">
<iframe src="https://evil.example"></iframe><link rel="stylesheet" href="https://evil.example">
<a href="javascript:document.title='hacked'">x</a>
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    if not shutil.which("chromium"):
        pytest.skip("no chromium: `make system` installs it")
    with browser(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


def cut(text: str) -> str:
    """As long as a recipe lets it be."""
    return text[:LONGEST].strip() or "-"


def facts_of(texts: Sequence[str], folder: Path) -> Facts:
    """A run of DreamBooth in which every text that a stranger may write is one of `texts`."""
    plain = [text for text in texts if not set("{}") & set(text)]
    tables = recipe_of(
        subjects=texts, templates=["{subject}", *(f"{{subject}} {cut(text)}" for text in plain[:3])]
    ).model_dump(exclude_none=True)
    recipe = Recipe.model_validate(
        tables
        | {
            "method": {
                "kind": "dreambooth", "token": plain[4][:60], "instance_prompt": cut(plain[5]),
                "class_prompt": cut(plain[6]), "class_noun": plain[7][:60],
            },
            "card": {"description": "\n\n".join(texts), "intended_use": "\n\n".join(reversed(texts)),
                     "authors": [cut(text) for text in texts[:32]], "contact": cut(plain[35])},
            "data": {"folder": cut(plain[8]).replace("/", "|"), "caption": cut(plain[9]), "split": cut(plain[10])},
        }
    )  # fmt: skip
    run = scored(folder, folder, recipe)
    score = run.scores.scores[0].model_copy(update={
        "extractor": cut(plain[11]), "extractor_revision": cut(plain[12]), "notes": (plain[13], plain[14]),
        "warnings": (plain[15], plain[16]), "scale": plain[17], "intervals_by": plain[18], "gate_met": False,
        "settings": {cut(plain[19]): plain[20]}, "reference": {cut(plain[21]): plain[22]}, "gate": plain[19],
    })  # fmt: skip
    scores = run.scores.model_copy(update={"scores": (score,)})
    images = run.images.model_copy(
        update={"license": cut(plain[23]), "captions": (*texts[5:], *texts[:5]), "revision": cut(plain[24])}
    )
    model = run.model.model_copy(update={
        "base_license": "other", "base_license_name": cut(plain[25]), "base_license_link": cut(plain[26]),
        "device": plain[27], "versions": {cut(plain[28]): plain[29]}, "remarks": (plain[30], plain[31]),
        "weights": {cut(plain[32]): cut(plain[33])},
    })  # fmt: skip
    one = Change(what=plain[25], before=plain[16], after=plain[10])
    changes = Changes(interface=(one,), weights=True, sources=(one,), recipe=(one,), versions=(one,), scores=())
    gallery = tuple((sample, "images/a.png") for sample in scores.finetuned[:: len(scores.templates)])
    return Facts(
        recipe=recipe, images=images, model=model, scores=scores, model_id="alice/sd-tiny",
        snippet=usage("alice/sd-tiny", texts[0], 1, scores.sampling), proof=gallery[0][0], gallery=gallery,
        safety_checker=False, accepted=plain[34],
        before=Past(commit=plain[0], tag=plain[6], lock=lock_of(folder)), changes=changes,
        plots={"before-after": Picture("images/a.png", in_words(grid(scores, ())))},
    )  # fmt: skip


def release(folder: Path, texts: Sequence[str], edit: str = "") -> Path:
    """The card of such a run, in a folder with its picture; with a section by hand."""
    facts = facts_of(texts, folder)
    kept = keep_edits(body(facts), edit, {"": ""}).body if edit else body(facts)
    return placed(folder, f"{front_matter(front(facts))}\n{kept}")


def parts(folder: Path, texts: Sequence[str]) -> Path:
    """Every part of a card with every text, in a folder."""
    each = [
        part
        for text in texts
        for part in (
            Bullets([text]), Plain(text), Picture("images/a.png", text), Words("usage", {"prompt": text, "seed": 1}),
            Table(["a", text], [[text, "b"], [code(text), "b"], [Markdown(f"**x** {code(text)}"), inline(text)]]),
            Fold(text, [Bullets([text, Markdown(f"{inline(text)}, {code(text)}")])]),
        )
    ]  # fmt: skip
    blocks = "\n\n".join(block(text, "text") for text in texts)
    return placed(folder, f"{Section('t', each, [Section(text) for text in texts]).render()}\n{blocks}\n")


def placed(folder: Path, text: str) -> Path:
    (folder / "images").mkdir(parents=True, exist_ok=True)
    Image.effect_noise((8, 8), 90).save(folder / "images" / "a.png")
    (folder / "README.md").write_text(text, encoding="utf-8")
    return folder


def elements(page: Page, folder: Path) -> Counter[str]:
    """How many elements of each kind the page of a folder has. Nothing ran, and nothing was loaded from elsewhere."""
    page.requests.clear()
    with localhub.previewing(folder, repo="alice/sd-tiny") as url:
        page.read(url, width=1280)
        found = Counter(tag for tag in page.ask(ELEMENTS) if tag not in PARAGRAPHS)
        origin = url.removesuffix("/alice/sd-tiny")

        assert page.ask("document.title") != "hacked"
    assert [asked for asked in page.requests if not asked.startswith((f"{origin}/", "data:"))] == []
    return found


def harmless(texts: Sequence[str]) -> list[str]:
    return [f"text {number}" for number in range(len(texts))]


def test_a_card_of_hostile_texts_has_the_elements_of_a_harmless_one(page: Page, tmp_path: Path):
    """In every place that a stranger's text has in a card: no heading, link, picture or other element more or less."""
    hostile = elements(page, release(tmp_path / "hostile", HOSTILE))

    assert elements(page, release(tmp_path / "harmless", harmless(HOSTILE))) == hostile
    assert hostile["figure"] == len(HOSTILE)


def test_so_has_every_part_with_every_text(page: Page, tmp_path: Path):
    """Each text in each kind of part, all at once."""
    assert elements(page, parts(tmp_path / "hostile", HOSTILE)) == elements(
        page, parts(tmp_path / "harmless", harmless(HOSTILE))
    )


def test_what_people_write_by_hand_does_not_run_either(page: Page, tmp_path: Path):
    """Their Markdown is theirs; a page shows it and neither runs nor loads what is in it."""
    folder = release(tmp_path, harmless(HOSTILE), edit=EDIT)
    found = elements(page, folder)

    assert "## Mine" in (folder / "README.md").read_text()
    assert found["script"] == 0


def test_its_metadata_are_the_very_texts(tmp_path: Path):
    """Parsed again, the gallery's captions, the trigger and what makes a number comparable are what they were."""
    facts = facts_of(HOSTILE, tmp_path)
    said = split((release(tmp_path, HOSTILE) / "README.md").read_text(encoding="utf-8"))[0]
    metric = said["model-index"][0]["results"][0]["metrics"][0]

    assert said == yaml.safe_load(yaml.safe_dump(said))
    assert [item["text"] for item in said["widget"]] == HOSTILE
    assert said["instance_prompt"] == facts.recipe.method.trigger
    assert said["license_name"] == facts.model.base_license_name
    assert metric["args"]["extractor"] == facts.scores.scores[0].extractor
    assert facts.scores.scores[0].settings.items() <= metric["args"].items()
