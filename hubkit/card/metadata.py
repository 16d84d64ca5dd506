"""The YAML at the head of a card: what the Hub files the model under, in words it accepts."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from hubkit import hub
from hubkit.data import Source
from hubkit.recipe import Recipe
from hubkit.scoring import Score

TASK: Final = {"type": "text-to-image", "name": "Text-to-Image"}
NOT_FOR_ALL: Final = "not-for-all-audiences"
"""The tag before whose pages the Hub asks a visitor."""
TAGS: Final = ("text-to-image", "stable-diffusion", "stable-diffusion-diffusers", "diffusers-training", "hubkit")
OWN_PICTURES: Final = "imagefolder"
"""What `datasets` calls a folder of pictures; a path of this machine is nobody's business."""


WRITTEN: Final = frozenset({
    "license", "license_name", "license_link", "library_name", "pipeline_tag", "base_model", "base_model_relation",
    "datasets", "language", "instance_prompt", "new_version", "tags", "widget", "thumbnail", "co2_eq_emissions",
    "model-index",
})  # fmt: skip
"""The keys that hubkit writes anew each time; any other is a person's."""
OFFERED: Final = frozenset({"language"})
"""Those of them that are people's where hubkit knows nothing to write."""

SHARE_ALIKE: Final = frozenset({"cc-by-sa-3.0", "cc-by-sa-4.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0"})
"""Licences of pictures that ask for the same licence on what is made of them."""

PERMISSIVE: Final = frozenset({"apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "isc", "cc0-1.0", "cc-by-4.0"})
"""Licences of bases that let what derives from them come under another."""


@dataclass(frozen=True)
class Licence:
    """What a card states; name and link where the licence is of its own kind."""

    id: str | None
    name: str | None = None
    link: str | None = None


def of_release(base: Licence, pictures: str | None) -> Licence:
    """The licence of a release: the base's, or the pictures' where they ask to be shared alike and it can be."""
    return Licence(pictures) if pictures in SHARE_ALIKE and base.id in PERMISSIVE else base


def metadata(
    recipe: Recipe,
    stated: Licence,
    scores: Sequence[Score],
    data_revision: str,
    widget: Sequence[tuple[str, str]],
    where: str,
    more: Mapping[str, Any] = MappingProxyType({}),
) -> dict[str, Any]:
    """The front matter; `widget` holds prompts and the paths of their pictures. `stated` is the licence, `where` what
    `hub_address` says.
    """
    rehearsal = ["rehearsal"] if recipe.hub == "local" or not where else []
    audience = [NOT_FOR_ALL] if recipe.card.not_for_all_audiences else []
    said: dict[str, Any] = {
        **licence(recipe.model.base, recipe.model.revision or "main", stated, where),
        "library_name": "diffusers",
        "pipeline_tag": TASK["type"],
        "base_model": recipe.model.base,
        "base_model_relation": "finetune",
        "datasets": [recipe.data.repo] if recipe.data.repo else None,
        "instance_prompt": recipe.method.trigger,
        "new_version": recipe.card.new_version,
        "tags": [*TAGS, *recipe.method.tags, *audience, *rehearsal],
        "widget": [{"text": prompt, "output": {"url": path}} for prompt, path in widget],
        **more,
        "model-index": model_index(recipe.name, recipe.data, scores, data_revision),
    }
    return {key: value for key, value in said.items() if value}


def licence(base: str, revision: str, stated: Licence, where: str) -> dict[str, str]:
    """The base's licence. The Hub asks for a name and a link where it is a licence of its own kind; a link to a file
    of the base becomes its address, since the file is not in the release.
    """
    if stated.id != "other":
        return {"license": stated.id or "unknown"}
    said = stated.link or hub.repo_url(base)
    address = said if "://" in said else hub.file_url(base, revision, said.removeprefix("./"))
    name = stated.name or "same-as-base-model"
    return {"license": "other", "license_name": name, "license_link": on(where, address)}


def model_index(name: str, data: Source, scores: Sequence[Score], data_revision: str) -> list[dict[str, Any]]:
    """The scores as the Hub lists them: each with all its settings. What is not a number is left to the table."""
    dataset = {
        "name": data.name,
        "type": data.repo or OWN_PICTURES,
        "split": data.split,
        "revision": data_revision,
    }
    metrics = [
        {"type": type_of(score), "name": score.metric, "value": score.value, "args": arguments(score)}
        for score in scores
        if math.isfinite(score.value)
    ]
    return (
        [{"name": name, "results": [{"task": dict(TASK), "dataset": dataset, "metrics": metrics}]}] if metrics else []
    )


def type_of(score: Score) -> str:
    """What the Hub files a number under: its name without the protocol. `fd[mini-clip]@60` is no FID."""
    return re.split(r"[\[@ ]", score.metric, maxsplit=1)[0]


def arguments(score: Score) -> dict[str, Any]:
    """What a number needs beside it to be compared with another: its intervals too, each [low, high]."""
    intervals = {
        "ci95": score.interval,
        "base_model_ci95": score.base_interval,
        "difference_ci95": score.difference_interval,
    }
    return {
        "n": score.n,
        **{key: [one.low, one.high] for key, one in intervals.items() if one},
        **({"ci95_by": score.intervals_by} if score.intervals_by else {}),
        "base_model_value": score.base if math.isfinite(score.base) else "nan",
        "better": score.better,
        "scale": score.scale,
        "extractor": score.extractor,
        "extractor_revision": score.extractor_revision,
        **score.settings,
        **{f"reference_{key}": value for key, value in score.reference.items()},
    }


def link(where: str, repo: str, revision: str | None = None, kind: hub.Kind = "model") -> str:
    """The page of a repo, at a revision."""
    return on(where, hub.repo_url(repo, kind, revision=revision))


def on(where: str, address: str) -> str:
    """An address of the Hub in use as one of the Hub at `where`; any other as it is."""
    within = address.removeprefix(_endpoint())
    return address if within == address else where + within


def hub_address() -> str:
    """Where a card's links lead: empty on a Hub of one's own machine, which may have another address tomorrow."""
    return "" if hub.is_local() else _endpoint()


def _endpoint() -> str:
    return hub.repo_url("").removesuffix("/")
