"""Versions are held against the difference of two releases, which their locks tell."""

from pathlib import Path
from typing import Any

import pytest

from hubkit.errors import ConflictError, IntegrityError
from hubkit.publishing import Bump, Lock, Version, changes, hold, newest

from .conftest import NO_INTERFACE, lock_of

SCORE = {
    "metric": "kid[clip]", "panel": "holdout", "value": 0.2, "base": 1.0, "better": "lower", "n": 64,
    "interval": {"low": 0.15, "high": 0.25}, "extractor": "clip", "extractor_revision": "c" * 40,
    "settings": {"steps": 30}, "gate": "better than the base",
}  # fmt: skip


@pytest.fixture
def lock(tmp_path: Path) -> Lock:
    """A lock over two files."""
    (tmp_path / "unet.safetensors").write_bytes(b"weights")
    (tmp_path / "README.md").write_text("card")
    return lock_of(tmp_path, scores=[SCORE])


def but(lock: Lock, **said: Any) -> Lock:
    """The lock with something else in it."""
    return Lock.model_validate({**lock.model_dump(mode="json"), **said})


def with_interface(lock: Lock, **said: Any) -> Lock:
    return but(lock, interface=NO_INTERFACE.model_copy(update=said).model_dump())


NEW_WEIGHTS = {"unet.safetensors": "1" * 64}


def test_a_lock_is_read_back_as_it_was_written(lock: Lock):
    """All that the scores said included; what is not a number is null."""
    odd = but(lock, scores=[{**SCORE, "value": float("nan"), "notes": ["few"]}])
    again = Lock.parse(odd.text().encode(), "a test")

    assert again == odd
    assert (again.scores[0].value, again.scores[0].model_extra) == (None, {**odd.scores[0].model_extra})
    assert "NaN" not in odd.text()


def test_a_lock_of_a_newer_hubkit_is_read_and_one_of_another_format_is_not(lock: Lock):
    """Keys we do not know are passed over; another format is told by name, as is what is none."""
    text = lock.text()
    assert Lock.parse(text.replace('"name"', '"colour": "blue", "name"', 1).encode(), "x").name == "tiny"

    odd = text.replace('"version": null', '"version": "v1 | <b>"')
    for broken in (text.replace('"format": 2', '"format": 3'), "{}", "[", text.replace("README.md", "../../x"), odd):
        with pytest.raises(IntegrityError, match="x cannot be read"):
            Lock.parse(broken.encode(), "x")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"pipeline": "OtherPipeline"}, "pipeline"),
        ({"components": {"unet": "Other"}}, "unet class"),
        ({"architecture": {"unet": "f" * 64}}, "unet architecture"),
        ({"prediction_type": "epsilon"}, "prediction type"),
        ({"tokenizer": "f" * 64}, "tokenizer"),
        ({"resolution": 64}, "resolution"),
        ({"trigger": "a photo of sks dog"}, "trigger"),
        ({"license": "openrail"}, "licence"),
    ],
)
def test_what_breaks_a_consumers_code_demands_a_major_version(lock: Lock, change: dict[str, Any], said: str):
    """Pipeline, classes, architecture, prediction type, tokenizer, resolution, trigger, licence. Below 1.0: a minor."""
    found = changes(lock, with_interface(lock, **change))

    assert [said] == [one.what for one in found.interface]
    for version in ("v1.2.4", "v1.3.0"):
        with pytest.raises(ConflictError, match=f"may break.*{said}") as caught:
            hold(version, "v1.2.3", found)
        assert "v2.0.0" in str(caught.value)
    hold("v2.0.0", "v1.2.3", found)
    hold("v0.3.0", "v0.2.3", found)


def test_new_weights_demand_a_minor_version(lock: Lock):
    """A patch promises the same weights, below 1.0 too."""
    found = changes(lock, but(lock, weights=NEW_WEIGHTS))

    for version, last in (("v1.2.4", "v1.2.3"), ("0.2.1", "0.2.0")):
        with pytest.raises(ConflictError, match="the weights are new"):
            hold(version, last, found)
    for version in ("v1.3.0", "v2.0.0", "v1.4.0-rc.1", "not-a-version"):
        hold(version, "v1.2.3", found)


def test_the_same_weights_may_be_a_patch(lock: Lock):
    """Another scheduler or another card breaks nothing."""
    found = changes(lock, with_interface(lock, components={"scheduler": "OtherScheduler"}))

    hold("v1.2.4", "v1.2.3", found)
    with pytest.raises(ConflictError, match=r"not greater than v1\.2\.3"):
        hold("v1.2.2", "v1.2.3", found)


def test_versions_are_ordered_as_semver_says():
    """By number, not by letter; previews before the release they are of."""
    order = ["v0.9.0", "v0.10.0-alpha.2", "v0.10.0-alpha.10", "v0.10.0-rc", "v0.10.0", "v1.0.0"]
    versions = [version for tag in order if (version := Version.parse(tag))]

    assert order == [version.tag for version in sorted(versions, key=lambda version: version.rank)]
    assert newest(["main", "v0.9.0", "v0.10.0", "v1.0.0-rc.1", "3"]) == Version.parse("v0.10.0")
    assert ["v0.10.1", "v0.11.0", "v1.0.0"] == [versions[4].bumped(bump) for bump in sorted(Bump, reverse=True)]


def test_changes_name_what_the_model_was_made_from(lock: Lock):
    """Recipe keys by their dotted names, arrays by kind; revisions among the sources; library versions."""
    old = but(
        lock,
        recipe={
            "sha256": "0" * 64,
            "tables": {"training": {"steps": 10}, "metrics": [{"kind": "kid", "revision": "x"}]},
        },
    )
    new = but(
        old,
        recipe={
            "sha256": "1" * 64,
            "tables": {"training": {"steps": 20}, "metrics": [{"kind": "kid", "revision": "y"}]},
        },
        data={**lock.data.model_dump(), "rows": 12},
        training={"versions": {"hubkit-publisher": "0.2.0"}},
    )
    found = changes(old, new)

    assert [("training.steps", "10", "20")] == [(one.what, one.before, one.after) for one in found.recipe]
    assert ["pictures"] == [one.what for one in found.sources]
    assert [("hubkit-publisher", "0.2.0")] == [(one.what, one.after) for one in found.versions]
    assert not found.is_empty
    assert changes(old, old).is_empty


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, "the same"),
        ({"value": 0.25}, "no measurable change"),
        ({"value": 0.4, "interval": {"low": 0.35, "high": 0.45}}, "worse"),
        ({"value": 0.05, "interval": {"low": 0.0, "high": 0.1}}, "better"),
        ({"value": 0.4, "interval": None}, "not tested"),
        ({"value": None}, "not a number"),
        ({"n": 128}, "not comparable: another n"),
        ({"settings": {"steps": 50}}, "not comparable: another settings"),
        ({"metric": "kid[dino]"}, "new"),
    ],
)
def test_scores_are_compared_only_where_they_can_be(lock: Lock, change: dict[str, Any], verdict: str):
    """With what chance does to both; other circumstances make another number."""
    found = changes(lock, but(lock, scores=[{**SCORE, **change}]))

    assert verdict == found.scores[0].verdict
