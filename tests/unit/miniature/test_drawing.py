"""Drawings are a function of (seed, purpose, index), and captions never give the style away."""

import re

import numpy as np
import pytest

from hubkit.miniature.broad import broad
from hubkit.miniature.drawing import HAIR, SKIN, STYLES, Person, dice, draw, portrait

TELLTALES = re.compile(r"ninja|headband|band|whisker|outline|avatar|alien|elf|ears|pointed|eyes|naruto", re.IGNORECASE)


@pytest.mark.parametrize("style", STYLES)
def test_a_portrait_is_the_same_each_time(style):
    """The same draw gives the same pixels and the same caption."""
    first, second = portrait(7, style), portrait(7, style)

    assert (first[0].tobytes(), first[1]) == (second[0].tobytes(), second[1])


def test_draws_differ_by_index_purpose_and_seed():
    """Each of the three makes another person."""
    drawn = [portrait(7), portrait(8), portrait(7, purpose="held-out"), portrait(7, seed=1)]

    assert len({image.tobytes() for image, _ in drawn}) == 4


@pytest.mark.parametrize("style", STYLES)
def test_captions_never_name_the_style(style):
    """As in the original set: what a finetune should learn is not in the words."""
    captions = [portrait(index, style, size=(16, 16))[1] for index in range(300)]

    assert [caption for caption in captions if TELLTALES.search(caption)] == []


def test_the_caption_is_that_of_the_plain_portrait():
    """A person in another style is the same person, said in the same words."""
    assert len({portrait(3, style)[1] for style in STYLES}) == 1


def test_captions_say_what_is_drawn():
    """Every caption is made of the person's own features."""
    for index in range(100):
        person = Person.drawn(0, "words", index)
        caption = person.caption(dice(0, "words", index))
        others = {name for name in HAIR if name != person.hair}

        assert not any(f"{other} hair" in caption for other in others)
        assert ("glasses" in caption) == person.glasses
        assert not any(f"{other} skin" in caption for other in SKIN if other != person.skin)


def test_articles_are_right():
    """English: an orange shirt."""
    captions = [portrait(index, size=(16, 16))[1] for index in range(300)]

    assert not any(re.search(r"\ba [aeiou]", caption) for caption in captions)


def test_the_styles_are_seen_at_64_pixels():
    """A headband covers the forehead; an avatar's face is blue."""
    person = Person.drawn(0, "test", 0)
    plain, ninja, avatar = (np.asarray(draw(person, style)).astype(int) for style in STYLES)
    changed = np.abs(ninja - plain).sum(2) > 60

    assert changed.mean() > 0.1
    face = avatar[34:38, 28:36].mean((0, 1))
    assert face[2] > face[0] + 40


@pytest.mark.parametrize("size", [(64, 64), (96, 80), (80, 96), (200, 300)])
def test_any_size_is_drawn(size):
    """Width and height are as asked."""
    assert portrait(0, "ninja", size=size)[0].size == size


def test_the_broad_world_draws_no_other_style():
    """The VAE's and the CLIP's lessons hold plain portraits and things, never *ninja* or *avatar*."""
    captions = [broad(index)[1] for index in range(200)]

    assert broad(5)[0].tobytes() == broad(5)[0].tobytes()
    assert sum("hair" in caption or "bald" in caption for caption in captions) > 40
    assert not any(re.search("ninja|headband|avatar", caption) for caption in captions)
