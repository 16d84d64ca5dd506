"""What a card says is true of every run: of the small, the broken and the unusual too."""

import math
import re
from pathlib import Path
from typing import Any

import pytest

from hubkit.card.bibliography import ENTRIES, bibtex
from hubkit.card.chapters import card
from hubkit.card.facts import Facts
from hubkit.card.log import logged
from hubkit.card.sections import Picture
from hubkit.methods import METHODS
from hubkit.metrics import METRICS
from hubkit.publishing import usage
from hubkit.recipe import Recipe
from hubkit.scoring import Interval

from .conftest import Scored, recipe_of, scored

DREAMBOOTH = {
    "kind": "dreambooth", "token": "sks", "instance_prompt": "a photo of sks dog", "class_prompt": "a photo of a dog",
    "class_images": 12,
}  # fmt: skip


@pytest.fixture
def plain(tmp_path: Path) -> Scored:
    """An ordinary run, whose model is never loaded."""
    return scored(tmp_path, tmp_path / "run", recipe_of())


PLOTS = {"before-after": Picture("images/before-after.webp", "pairs")}


def said(run: Scored, **facts: Any) -> str:
    """The card of a run, in words a reader sees."""
    sample = run.scores.finetuned[0]
    written = Facts(
        recipe=run.recipe, images=run.images, model=run.model, scores=run.scores, model_id="alice/sd-tiny",
        snippet=usage("alice/sd-tiny", sample.prompt, sample.seed, run.scores.sampling), proof=sample,
        gallery=[(sample, "images/sample-0.png")], **{"safety_checker": False, "plots": PLOTS, **facts},
    )  # fmt: skip
    return card(written).render().replace("\\", "")


def with_score(run: Scored, **changes: Any) -> Scored:
    """The run with another score."""
    score = run.scores.scores[0].model_copy(update=changes)
    return run.but(scores=run.scores.model_copy(update={"scores": (score,)}))


def with_images(run: Scored, **changes: Any) -> Scored:
    return run.but(images=run.images.model_copy(update=changes))


def with_model(run: Scored, **changes: Any) -> Scored:
    return run.but(model=run.model.model_copy(update=changes))


def of_dreambooth(run: Scored) -> Scored:
    """DreamBooth without a hold-out: its scores are of the token and of the class, beside the training pictures."""
    recipe = Recipe.model_validate(run.recipe.model_dump(exclude_none=True) | {"method": DREAMBOOTH})
    first = run.scores.scores[0]
    scores = tuple(
        first.model_copy(update={"metric": name, "kind": name, "panel": panel, "n": n, "settings": {"prompts": words},
                                 "gate": None, "gate_met": None})
        for name, panel, words, n in (("dino", "instance", "prompts with the token", 8),
                                      ("pres", "class", "the class prompt", 12))
    )  # fmt: skip
    images = run.images.model_copy(update={"captions": ("",) * 12, "holdout": ()})
    return run.but(recipe=recipe, images=images, scores=run.scores.model_copy(update={"scores": scores}))


def test_dreambooth_is_not_scored_on_what_it_never_saw(plain: Scored):
    """Its pictures have no captions, its scores are of several sets of prompts; the base draws without token."""
    words = said(of_dreambooth(plain))

    assert "never saw" not in words
    assert "captioned" not in words
    assert "held-out captions" not in words
    assert "prompts with the token (8), the class prompt (12)" in words
    assert "but that the base drew without the token, which it does not know: prompts with" in words
    assert "rest on 8 to 12 drawn pictures" in words
    assert "and no others" not in words
    assert "words in a caption" not in words


def test_a_full_finetuning_is_scored_on_what_it_never_saw(plain: Scored):
    """And says so at first sight; there is no token to speak of."""
    words = said(plain)

    assert "on captions and pictures the training never saw" in words
    assert "held-out captions (2)" in words
    assert "token" not in words.partition("## Scores")[2].partition("## ")[0]


def test_an_interval_is_one_of_95_percent(plain: Scored):
    """A standard error is not shown in its place; where there is none, or one of no number, the score is not tested."""
    nan = Interval(low=math.nan, high=math.nan)
    rows = [
        next(line for line in said(with_score(plain, **changes)).splitlines() if line.startswith("| kid"))
        for changes in ({}, {"difference_interval": None}, {"difference_interval": nan}, {"value": math.nan})
    ]

    assert "| -0.19 (-0.198…-0.182) |" in rows[0]
    assert "| -0.19 |" in rows[1]
    assert rows[1] == rows[2]
    assert ["better", "not tested", "not tested", "not a number"] == [row.split(" | ")[4] for row in rows]
    assert not re.search(r"\bnan\b", "".join(rows))


def test_a_training_shorter_than_an_epoch_has_not_seen_all(plain: Scored):
    """The card does not say that it learnt from pictures it never came to."""
    assert "pixels. It saw 8 examples, and so not all of them." in said(with_model(plain, examples=8))
    assert "not all of them" not in said(plain)
    assert "pictures the training saw" not in said(plain)


def test_one_picture_is_one_picture(plain: Scored):
    """And one step is one step."""
    words = said(with_images(with_model(plain, steps=1), train=(0,)))

    assert "on 1 picture of" in words
    assert "1 step at" in words
    assert "learnt from 1 picture of" in words
    assert not re.search(r"\b1 (pictures|steps|examples)\b", words)


def test_rows_that_were_left_out_have_no_size(plain: Scored):
    """A picture that cannot be read is not one of 0 pixels; and why a row was left out is said."""
    sizes = ((0, 0), *plain.images.sizes[1:])
    words = said(with_images(plain, sizes=sizes, train=tuple(range(1, 10)), skipped=("row 0: the caption is empty",)))

    assert "| width in pixels | 33 to 43" in words
    assert "row 0: the caption is empty" in words
    assert "unreadable" not in words


def test_what_was_accepted_is_named(plain: Scored):
    """A gate that is not met, or pictures that forbid publishing: the card names which."""
    gate = with_score(plain, gate_met=False)
    blank = plain.but(scores=plain.scores.model_copy(update={"failures": ("3 pictures are of one colour",)}))

    assert "kid[mini-clip] = 0.01 (base 0.2) is not better than the base. The reason" in said(gate, accepted="why not")
    assert "3 pictures are of one colour. The reason given: why not" in said(blank, accepted="why not")


@pytest.mark.parametrize(
    ("licence", "expected", "unexpected"),
    [
        ("creativeml-openrail-m", "restricts what", "of its own kind"),
        ("cc-by-nc-4.0", "restricts what", "of its own kind"),
        ("other", "of its own kind", "restricts what"),
        ("apache-2.0", "comes under [`apache-2.0`]", "restricts what"),
        (None, "states no licence", "restricts what"),
    ],
)
def test_a_licence_is_only_said_to_restrict_where_it_is_known_to(
    plain: Scored, licence: str | None, expected: str, unexpected: str
):
    """A licence of its own kind may allow everything."""
    words = said(with_model(plain, base_license=licence)).partition("## Licence")[2].partition("## ")[0]

    assert expected in words
    assert unexpected not in words


def test_pictures_of_the_training_that_are_shown_are_not_denied(plain: Scored):
    """The author may let the card show those that drawn ones are nearest to."""
    nearest = {**PLOTS, "nearest": Picture("images/nearest.webp", "pairs")}

    assert "None of them is part of this repository" in said(plain)
    assert "Those under Nearest training pictures are part of this repository" in said(plain, plots=nearest)


def test_pictures_that_the_author_chose_are_not_said_to_be_the_first(plain: Scored):
    """The order in `[card]` decides which stand at the top."""
    first = {**PLOTS, "first": Picture("images/first.webp", "pairs")}
    tables = plain.recipe.model_dump(exclude_none=True)
    chosen = plain.but(recipe=Recipe.model_validate(tables | {"card": {"pictures": ["a cute bunny rabbit"]}}))
    top, other = (said(run, plots=first).partition("## Before and after")[0] for run in (plain, chosen))

    assert "not hand-picked" in top
    assert "Subjects that the author chose" in other
    assert "not hand-picked" not in other


def test_two_metrics_of_one_paper_are_both_named(plain: Scored):
    """The paper once."""
    first = plain.scores.scores[0]
    those = tuple(first.model_copy(update={"metric": name, "kind": name}) for name in ("dino", "clip-i"))
    words = said(plain.but(scores=plain.scores.model_copy(update={"scores": those})))

    assert "`dino`, `clip-i`: <" in words


def test_a_folder_has_no_address_on_the_hub(plain: Scored, monkeypatch: pytest.MonkeyPatch):
    """Where the model goes into a folder, no picture of it is said to lie on the Hub."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", "https://huggingface.co")
    tables = plain.recipe.model_dump(exclude_none=True)
    folder = Recipe.model_validate(tables | {"publish": {"kind": "folder"}})
    thumbnails = [recipe.publish.address_of("sd-tiny", "images/sample-0.png") for recipe in (plain.recipe, folder)]

    assert thumbnails == ["https://huggingface.co/alice/sd-tiny/resolve/main/images/sample-0.png", None]


def test_no_machine_is_named_that_did_not_draw(plain: Scored):
    """A release may be described on another machine than it was trained on."""
    assert "the machine named under Training" not in said(plain)


def test_a_long_training_is_told_in_twenty_lines(plain: Scored):
    """Each the mean of its stretch; a short one step by step, and one without a journal not at all."""
    rows = [{"step": step, "loss": float(step), "learning_rate": 1e-4} for step in range(1, 1004)]
    told = logged(rows)

    assert (20, 1003) == (len(told), told[-1].step)
    assert told[0].loss == sum(range(1, told[0].step + 1)) / told[0].step
    assert [1, 2, 3] == [one.step for one in logged(rows[:3])]
    assert "| 2 | 2 | 0.0001 |" in said(plain, log=logged(rows[:3]))
    assert "Training log" not in said(plain, log=logged([]))


def test_who_made_it_is_named_where_the_recipe_says_so(plain: Scored):
    """Nobody is asked to fill in what the recipe leaves out."""
    tables = plain.recipe.model_dump(exclude_none=True)
    named = Recipe.model_validate(tables | {"card": {"authors": ["Ada"], "contact": "the discussions of this repo"}})

    assert "## Authors and contact\n\n- Ada\n\nthe discussions of this repo" in said(plain.but(recipe=named))
    assert "Authors" not in said(plain)


def test_the_packages_are_those_of_the_run(plain: Scored):
    """In versions that an index has; one that is not known has none."""
    versions = {"torch": "2.14.1+cpu", "diffusers": "0.42.1"}

    packages = "diffusers==0.42.1", "transformers", "accelerate", "safetensors", "torch==2.14.1"
    assert " \n  ".join(["pip install", *packages]) + "\n" in said(with_model(plain, versions=versions))


def test_every_paper_has_its_entry():
    """Of the methods and of the metrics; each with a key of its own."""
    papers = {kind.paper for table in (METHODS, METRICS) for kind in table.values()}
    keys = re.findall(r"@\w+\{(\w+),", bibtex(ENTRIES))

    assert papers <= ENTRIES.keys()
    assert len(set(keys)) == len(ENTRIES)
    assert all(entry.count("{") == entry.count("}") for entry in ENTRIES.values())
