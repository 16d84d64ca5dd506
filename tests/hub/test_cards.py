"""Cards: what the real Hub refuses is refused here, with its words; what it takes is taken."""

import pytest

from hubkit.localhub import cards

GOOD = """---
license: creativeml-openrail-m
base_model: CompVis/stable-diffusion-v1-4
base_model_relation: finetune
datasets: [lambdalabs/naruto-blip-captions]
library_name: diffusers
pipeline_tag: text-to-image
language: en
tags: [naruto]
date: 2026-01-01
model-index:
- name: sd-naruto
  results:
  - task: {type: text-to-image}
    dataset: {type: x/y, name: Naruto, config: default}
    metrics: [{type: fid, value: 1.5}]
---
# Hello
"""


def test_a_good_card_has_no_faults_and_its_tags():
    card = cards.Card.parse(GOOD)

    assert cards.check(GOOD, "model") == ([], [])
    assert card.text == "# Hello\n"
    assert card.data["date"] == "2026-01-01"
    assert {
        "diffusers",
        "text-to-image",
        "naruto",
        "en",
        "safetensors",
        "license:creativeml-openrail-m",
        "dataset:lambdalabs/naruto-blip-captions",
        "base_model:CompVis/stable-diffusion-v1-4",
        "base_model:finetune:CompVis/stable-diffusion-v1-4",
    } == set(cards.tags(card.data, ["unet/model.safetensors"]))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("creativeml-openrail-m", "my-license", '"license" must be one of'),
        ("[lambdalabs/naruto-blip-captions]", "[/var/hf/images/]", '"datasets\\[0\\]" with value "/var/hf/images/"'),
        (
            "base_model: CompVis/stable-diffusion-v1-4",
            "base_model: ./local/dir",
            '"base_model" with value "./local/dir"',
        ),
        ("{type: text-to-image}", "{}", 'results\\[0\\].task.type" is required'),
        ("type: x/y, ", "", 'dataset.type" is required'),
        ("name: Naruto, ", "", 'dataset.name" is required'),
        ("config: default", "config: 3", 'dataset.config" must be a string'),
        ("type: fid, ", "", 'metrics\\[0\\].type" is required'),
        (", value: 1.5", "", 'metrics\\[0\\].value" is required'),
        ("language: en", "license: mit", "duplicated mapping key"),
        ("language: en", "language: [", "Invalid YAML"),
        ("language: en", "language: &a [en]\nx: *a", "aliases"),
        ("library_name: diffusers", "library_name: [a]", '"library_name" must be a string'),
    ],
)
def test_faults(old: str, new: str, words: str):
    errors, _ = cards.check(GOOD.replace(old, new), "model")

    assert len(errors) == 1
    with pytest.raises(ValueError, match=words):
        raise ValueError(errors[0])


@pytest.mark.parametrize("readme", ["", "# No metadata\n", "---\n---\n"])
def test_empty_metadata_is_a_warning(readme: str):
    assert cards.check(readme, "model") == ([], ["empty or missing yaml metadata in repo card"])
