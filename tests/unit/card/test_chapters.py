"""The chapters that not every run has: prompt study, style dial, what is new, who supersedes it."""

import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from hubkit.card.chapters.changes import changes as whats_new
from hubkit.card.facts import Facts
from hubkit.card.nearest import in_words, nearest_of, save_shown
from hubkit.card.pictures import CELL, GAP, chosen
from hubkit.card.plots import save_dial
from hubkit.card.sections import Picture
from hubkit.card.writing import body, front
from hubkit.data import Source, pull
from hubkit.escaping import code, table
from hubkit.publishing import Change, Changes, Lock, Past, Release, usage
from hubkit.recipe import Recipe
from hubkit.scoring import Candidate, Dial, Interval, Measured, Neighbours, Study, Template

from .conftest import Scored, recipe_of, scored


def about(value: float) -> Measured:
    return Measured(value=value, interval=Interval(low=value - 1, high=value + 1))


def template(words: str, wins: float, **more: Any) -> Template:
    return Template.model_validate({
        "template": words, "identity": about(61), "style": about(44), "base_identity": about(70),
        "base_style": about(21), "gain": about(23), "merit": about(0.6), "leads": 0.97,
        "wins": Measured(value=wins, interval=Interval(low=0.55, high=0.95)), **more,
    })  # fmt: skip


@pytest.fixture
def studied(tmp_path: Path) -> Scored:
    """A run with a prompt study, which 'ninja portrait' won."""
    run = scored(tmp_path, tmp_path / "run", recipe_of())
    ninja, bare = "{subject} ninja portrait", "{subject}"
    study = Study(
        templates=(template(ninja, 0.83, interaction=about(4)), template(bare, 0.17)), needed=True,
        verdict="A template is needed: it adds 9 points of style.", subjects=run.scores.subjects, seeds=2,
        counted=("identity", "style"), anchors={"style of the base": 21.0}, intervals_by="resampled subjects",
        extractor="alice/clip", extractor_revision="c" * 40, reference={"rows": 12}, columns=(bare, ninja),
        finetuned=run.scores.finetuned, base=run.scores.base,
    )  # fmt: skip
    return run.but(scores=run.scores.model_copy(update={"study": study}))


@pytest.fixture
def dialled(tmp_path: Path) -> Scored:
    """A run whose weights were chosen among three."""
    run = scored(tmp_path, tmp_path / "run", recipe_of())
    candidates = tuple(
        Candidate(
            name=name, step=20, position=at, values={"kid": kid, "clip-score": clip},
            errors={"kid": 0.5, "clip-score": None}, front=at > 0, picked=at == 0.5,
        )
        for name, at, kid, clip in (("base", 0.0, 3.0, 30.0), ("dial 0.5", 0.5, 0.4, 31.0), ("dial 1", 1.0, 0.2, 27.0))
    )  # fmt: skip
    dial = Dial(
        candidates=candidates, pick="knee", reason="beyond it a little style costs much of the prompt", style="kid",
        prompt="clip-score", names={"kid": "kid[mini-clip]", "clip-score": "clip-score[mini-clip]"}, prompts=32,
        first_seed=7,
    )  # fmt: skip
    return run.but(scores=run.scores.model_copy(update={"dial": dial}))


def facts_of(run: Scored, recipe: dict[str, Any] | None = None, **facts: Any) -> Facts:
    sample = chosen(run.scores)[0].finetuned
    tables = run.recipe.model_dump(exclude_none=True) | (recipe or {})
    return Facts(
        recipe=Recipe.model_validate(tables), images=run.images, model=run.model, scores=run.scores,
        model_id="alice/sd-tiny", snippet=usage("alice/sd-tiny", sample.prompt, 0, run.scores.sampling, "v1.0.0"),
        proof=sample, gallery=((sample, "images/sample-0.png"),), safety_checker=False,
        **{"plots": {"before-after": Picture("images/before-after.webp", "pairs")}, **facts},
    )  # fmt: skip


def chapter(title: str, facts: Facts) -> str:
    """What stands under a title, as a reader sees it; empty where there is no such chapter."""
    return body(facts).replace("\\", "").partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_the_study_tells_which_template_is_best_and_what_it_costs(studied: Scored):
    """The verdict, and a row for each template with intervals; the recommended one in bold."""
    words = chapter("Prompts", facts_of(studied))
    rows = [line for line in words.splitlines() if line.startswith("| ")]

    assert "A template is needed: it adds 9 points of style." in words
    assert rows[2].startswith(
        "| **`{subject} ninja portrait`** | 83% (55 … 95) | 97% | 61.0 ± 1.0 | 44.0 ± 1.0 | 23.0 ± 1.0 |"
    )
    assert rows[3].startswith("| `{subject}` | 17%")
    assert rows[3].endswith("|  |")


def test_the_winner_is_what_the_card_shows_and_says(studied: Scored):
    """Its prompts are those of gallery and code, from the subjects' own latents, and the code says the tag."""
    facts = facts_of(studied)

    assert [one.finetuned.prompt for one in chosen(studied.scores)] == [
        "Yoda ninja portrait", "a cute bunny rabbit ninja portrait",
    ]  # fmt: skip
    assert all(one.base.prompt == one.finetuned.prompt for one in chosen(studied.scores))
    assert "Prompt template: `{subject} ninja portrait` ([why](#prompts))" in chapter("How to use it", facts)
    assert 'from_pretrained("alice/sd-tiny", revision="v1.0.0", ' in body(facts)


def test_where_no_template_is_needed_the_bare_subject_is_shown(studied: Scored):
    """The best one is not measurably better than none."""
    study = studied.scores.study.model_copy(update={"needed": False})
    run = studied.but(scores=studied.scores.model_copy(update={"study": study}))

    assert [one.finetuned.prompt for one in chosen(run.scores)] == ["Yoda", "a cute bunny rabbit"]
    assert "No words are needed around the subject ([why](#prompts))" in chapter("How to use it", facts_of(run))


def test_a_study_that_cannot_tell_recommends_nothing(studied: Scored):
    """Neither a template nor none; and no axis is named that did not count."""
    study = studied.scores.study.model_copy(update={"needed": False, "counted": ()})
    facts = facts_of(studied.but(scores=studied.scores.model_copy(update={"study": study})))

    assert "No words are needed" not in body(facts)
    assert "beat that of another template. **First**" in chapter("Prompts", facts)


def test_two_scores_of_one_kind_are_told_apart_on_top(studied: Scored):
    """By the prompts they were drawn for; a bar in a template is a bar wherever it stands."""
    score = studied.scores.scores[0]
    two = tuple(
        score.model_copy(update={"panel": name, "settings": {**score.settings, "prompts": words}})
        for name, words in (("holdout", "held-out captions"), ("training", "training captions"))
    )
    top = body(facts_of(studied.but(scores=studied.scores.model_copy(update={"scores": two})))).partition("## ")[0]

    assert "(kid, held-out captions) ↓ |" in top
    assert "(kid, training captions) ↓ |" in top
    assert "from the same prompts and noise" in top


def test_a_bar_is_escaped_in_a_table_alone():
    """Elsewhere a backslash in code would be shown, and copied."""
    assert code("{subject} | ninja") == "`{subject} | ninja`"
    assert "| `{subject} \\| ninja` |" in table(["a"], [[code("{subject} | ninja")]])


def test_the_dial_tells_what_was_taken_and_why(dialled: Scored):
    """Every candidate with its errors; the one that was taken in bold."""
    words = chapter("Style dial", facts_of(dialled))

    assert "beyond it a little style costs much of the prompt" in words
    assert "| **dial 0.5** | 0.4 ± 0.5 | 31 | ✓ | ✓ |" in words
    assert "| base | 3 ± 0.5 | 30 |  |  |" in words


def test_the_dials_picture_shows_more_style_to_the_right(dialled: Scored, tmp_path: Path):
    """The same numbers give the same bytes, other numbers others."""
    dial = dialled.scores.dial
    moved = dial.model_copy(update={"candidates": (*dial.candidates[:2], dial.candidates[2].model_copy(
        update={"values": {"kid": 0.1, "clip-score": 29.0}}
    ))})  # fmt: skip
    for name, of in (("one", dial), ("again", dial), ("other", moved)):
        save_dial(of, tmp_path / f"{name}.png")
    drawn = [(tmp_path / f"{name}.png").read_bytes() for name in ("one", "again", "other")]

    assert drawn[0] == drawn[1] != drawn[2]


def test_a_run_without_study_and_dial_says_nothing_of_them(tmp_path: Path):
    """No empty chapter, no chapter of what is new without a release before."""
    run = scored(tmp_path, tmp_path / "run", recipe_of())
    titles = re.findall(r"^## (.*)$", body(facts_of(run)), re.MULTILINE)

    assert {"Prompts", "Style dial", "What is new"}.isdisjoint(titles)
    assert titles[:3] == ["How to use it", "Before and after", "Scores"]


def test_what_is_new_is_told_against_the_release_before(dialled: Scored, described: Release):
    """Its tag, and what is another."""
    found = Changes(
        interface=(), weights=True, sources=(), versions=(), scores=(),
        recipe=(Change(what="training.steps", before="10", after="20"),),
    )  # fmt: skip
    before = Past(commit="e" * 40, tag="v0.9.0", lock=described.lock)
    facts = facts_of(dialled, before=before, changes=found)
    words = chapter("What is new", facts)

    assert "`v0.9.0`" in words
    assert "The weights are new" in words
    assert "| `training.steps` | 10 | 20 |" in words
    assert not list(whats_new(facts.model_copy(update={"before": before.model_copy(update={"lock": None})})))


def test_the_nearest_training_pictures_are_shown_where_they_may_be(studied: Scored, tmp_path: Path):
    """The drawn one left, the training's right, as it was nearest; and without leave their rows alone."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    colours = Image.new("RGB", (64, 32), (250, 0, 0))
    colours.paste((0, 0, 250), (0, 0, 32, 32))
    colours.save(folder / "0.png")
    images = pull(Source(folder=str(folder), resolution=32), tmp_path, captioned=False)
    pair = Neighbours(file="samples/finetuned-0.png", row=0, mirrored=True, distance=0.012, threshold=0.02)
    score = studied.scores.scores[0].model_copy(update={"nearest": (pair,)})
    run = studied.but(scores=studied.scores.model_copy(update={"scores": (score,)}))
    found = nearest_of(run.scores)
    save_shown(run.folder, found, images, tmp_path / "nearest.webp")
    shown = Picture("images/nearest.webp", in_words(found))
    facts = facts_of(run)
    words = chapter("Nearest training pictures", facts)

    assert "1 of these 1 is nearer than 0.02" in words
    assert "| holdout | 0 | 0.012 | yes | yes |" in words
    assert "does not say `training_pictures = true`" in words
    assert "](images/nearest.webp)" in chapter(
        "Nearest training pictures", facts.model_copy(update={"plots": {**facts.plots, "nearest": shown}})
    )
    with Image.open(tmp_path / "nearest.webp") as sheet:
        left = sheet.convert("RGB").getpixel((CELL + 4 * GAP, sheet.height // 2))
    assert left[0] > 200 > left[2], "the training's picture is mirrored: its red half is left"


def test_a_model_that_is_superseded_sends_its_readers_on(dialled: Scored):
    """On top of the card, and in the metadata, where the Hub makes a banner of it."""
    facts = facts_of(dialled, recipe={"card": {"new_version": "alice/sd-large"}})

    assert front(facts)["new_version"] == "alice/sd-large"
    assert "**Superseded** by [`alice/sd-large`](</alice/sd-large>)" in body(facts).replace("\\", "")
    assert "new_version" not in front(facts_of(dialled))


def test_the_lock_names_the_studys_winner(studied: Scored, described: Release):
    """As one string, which the demo chooses at first."""
    from hubkit.card.locking import locked_study

    lock = described.lock.model_copy(update={"study": locked_study(studied.scores.study)})
    read = Lock.parse(lock.text().encode(), "here")

    assert read.study.winner == "{subject} ninja portrait"
    assert read.study.model_extra["templates"][0]["wins"]["value"] == 0.83
