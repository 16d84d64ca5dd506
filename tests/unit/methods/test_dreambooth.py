"""What a DreamBooth recipe may say, what it trains on, and what a person is told of the token."""

from typing import Any

import pytest
from pydantic import ValidationError

from hubkit.data import CaptionedImages, Source
from hubkit.errors import DatasetError
from hubkit.families.stable_diffusion.diffuser import StableDiffusionDiffuser
from hubkit.methods.dreambooth import DreamBooth, trigger
from hubkit.sampling import Samples

DOG = {"token": "sks", "instance_prompt": "a photo of sks dog", "class_prompt": "a photo of dog"}
STYLE = {"token": "avatarart style", "instance_prompt": "{caption}, avatarart style", "class_prompt": "a person"}


def method(**settings: Any) -> DreamBooth:
    """The method of a recipe."""
    return DreamBooth.model_validate({"kind": "dreambooth", **settings})


def images(*captions: str, holdout: int = 0) -> CaptionedImages:
    """A dataset of these captions; the last `holdout` rows are held out."""
    rows = tuple(range(len(captions)))
    cut = len(rows) - holdout
    return CaptionedImages(
        source=Source(repo="someone/cats"), revision="abc", license=None, captions=captions,
        sizes=((64, 64),) * len(rows), train=rows[:cut], holdout=rows[cut:], skipped=(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "key", "said"),
    [
        ({"instance_prompt": "a photo of a dog"}, "instance_prompt", "must hold the token 'sks'"),
        ({"instance_prompt": "a photo of sksdog"}, "instance_prompt", "must hold the token 'sks'"),
        ({"instance_prompt": "sks {breed}"}, "instance_prompt", "no other braces"),
        ({"class_prompt": "a photo of SKS dog"}, "class_prompt", "must not hold the token"),
        ({"text_encoder_last_step": 5}, "text_encoder_last_step", "would be ignored"),
        ({"text_encoder_learning_rate": 1e-6}, "text_encoder_learning_rate", "would be ignored"),
        ({"caption_images": 10}, "caption_images", "would be ignored"),
    ],
)
def test_what_cannot_work_is_a_fault(changes, key, said):
    """Named by its key."""
    found = dict(method(**{**DOG, **changes}).problems())

    assert [key] == list(found)
    assert said in found[key]


@pytest.mark.parametrize("settings", [DOG, STYLE, {**STYLE, "instance_prompt": "{caption}"}])
def test_what_can_work_is_none(settings):
    """One prompt for all, one made from each caption, and captions that hold the token themselves."""
    assert [] == list(method(**settings).problems())


def test_a_token_of_nothing_is_refused():
    """By its type."""
    with pytest.raises(ValidationError):
        method(**{**DOG, "token": ""})


@pytest.mark.parametrize(
    ("settings", "prompt", "plain"),
    [
        (DOG, "a photo of sks dog in the snow", "a photo of dog in the snow"),
        ({**DOG, "class_noun": "dog"}, "SKS on a beach", "dog on a beach"),
        (STYLE, "Yoda, avatarart style", "Yoda"),
        (STYLE, "Yoda, avatarart style, at night", "Yoda, at night"),
        (STYLE, "avatarart style", ""),
        (DOG, "risks of desks", "risks of desks"),
    ],
)
def test_a_scorer_reads_the_prompt_without_the_token(settings, prompt, plain):
    """With the class noun in its place where there is one; other words that hold its letters stay."""
    assert plain == method(**settings).plain(prompt)


def test_without_a_prior_the_photos_stand_alone():
    """No class image is drawn, so nothing is needed of the model."""
    found = method(**DOG, prior_weight=0.0).examples(images("", "", ""), None, "", None)

    assert [("a photo of sks dog", 1.0)] * 3 == [(one.caption, one.weight) for (one,) in found]


def test_what_changes_no_weight_may_change_in_a_started_run():
    """The repo that carries the class images, and the noun the scorers read."""
    assert method(**DOG).essence() == method(**DOG, class_images_repo="me/dogs", class_noun="dog").essence()
    assert method(**DOG).essence() != method(**DOG, class_images=7).essence()


def test_panels_show_the_subject_and_what_should_not_be_it():
    """With the token and without it from the same seeds, and the class prompt; the base never reads the token."""
    samples = Samples(subjects=("a cat",), templates=("{subject}, avatarart style", "{subject}"), holdout=5)
    panels = {one.name: one for one in method(**STYLE).panels(images("a man", "a boy", "a girl", holdout=1), samples)}
    instance, plain = panels["instance"], panels["plain"]

    assert set(method(**STYLE).offers) | {"holdout", "training"} == set(panels)
    assert ["a girl, avatarart style", "a cat, avatarart style"] * 2 == [shot.prompt for shot in instance.shots][:4]
    assert ("a girl", "a cat", "a girl", "a cat", "a girl") == instance.texts
    assert instance.shots_of_base == plain.shots
    assert [shot.seed for shot in instance.shots] == [shot.seed for shot in plain.shots]
    assert {"a person"} == {shot.prompt for shot in panels["class"].shots}
    assert not {shot.seed for shot in plain.shots} & {shot.seed for shot in panels["class"].shots}
    assert (0, 1) == panels["class"].rows
    assert ["a girl, avatarart style"] == [shot.prompt for shot in panels["holdout"].shots]
    assert ["a girl"] == [shot.prompt for shot in panels["holdout"].shots_of_base]


@pytest.fixture(scope="module")
def reader(tiny_model) -> StableDiffusionDiffuser:
    """A base whose tokenizer knows single letters, and no other."""
    return StableDiffusionDiffuser(tiny_model, "cpu")


@pytest.mark.parametrize(
    ("token", "said"),
    [
        ("sks", "3 pieces: s | k | s. A single, rare piece is learnt faster; training the text encoder"),
        ("q", "'q' is one rare piece"),
        ("!", "'!' is a common word"),
        ("sk\u00e9", "does not know: <|endoftext|>"),
    ],
)
def test_the_token_is_told_by_its_pieces(reader, token, said):
    """How many, which, and whether the base has a meaning for it."""
    assert said in " / ".join(trigger.of_token(token, reader, text_encoder_learns=False))


def test_prompts_without_the_token_are_counted(reader):
    """None of them with it is an error: nothing could be learnt."""
    assert ["1 of 3 captions do not hold the token 'sks'"] == list(
        trigger.of_prompts(["a sks", "b", "sks"], "sks", reader)
    )
    with pytest.raises(DatasetError, match="no caption holds the token 'sks'"):
        list(trigger.of_prompts(["a", "desks"], "sks", reader))


def test_a_token_behind_what_is_read_is_told(reader):
    """75 tokens are read between begin and end; each letter is one here."""
    assert ["in 1 of 2 captions the token comes after 75 tokens, where nothing is read"] == list(
        trigger.of_prompts(["x" * 72 + " sks", "x" * 73 + " sks"], "sks", reader)
    )
