"""The card of a repository: its front matter, what of it becomes tags, and the faults for which the Hub refuses it."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from hubkit.localhub.licenses import LICENSES
from hubkit.localhub.repository import RepoKind

_FRONT_MATTER = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_HUB_ID = re.compile(r"(?:[A-Za-z0-9][\w.-]*/)?[A-Za-z0-9][\w.-]*")
_NO_METADATA = "empty or missing yaml metadata in repo card"


class _Loader(yaml.SafeLoader):
    """YAML as the Hub reads it: dates stay text, a key may stand once, and aliases are refused (they can explode)."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="aliases are not supported", problem_mark=mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"duplicated mapping key: {key.value}", problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True)
class Card:
    """A README: `data` is its front matter, ready for JSON, `text` the rest."""

    data: Mapping[str, Any]
    text: str

    @classmethod
    def parse(cls, readme: str) -> "Card":
        """Split a README. Raises ValueError when the front matter is no YAML mapping."""
        found = _FRONT_MATTER.match(readme)
        if found is None:
            return cls({}, readme)
        try:
            data = yaml.load(found[1], Loader=_Loader)  # noqa: S506 - a SafeLoader made stricter
        except (yaml.YAMLError, RecursionError) as error:
            raise ValueError(f"Invalid YAML in front matter: {error}") from error
        if data is not None and not isinstance(data, dict):
            raise ValueError("The front matter is not a YAML mapping")
        return cls(_json_ready(data or {}), readme[found.end() :])


def read(readme: str | None) -> Card:
    """The card to show: a README that cannot be read has no metadata."""
    try:
        return Card.parse(readme or "")
    except ValueError:
        return Card({}, readme or "")


def check(readme: str, kind: RepoKind) -> tuple[list[str], list[str]]:
    """Errors, for which a push is refused, and warnings, which the client shows."""
    try:
        card = Card.parse(readme)
    except ValueError as error:
        return [str(error)], []
    if not card.data:
        return [], [_NO_METADATA]
    return list(_faults(card.data, kind)), []


def tags(data: Mapping[str, Any], files: Sequence[str]) -> list[str]:
    """What the Hub files a repository under. Clients read `license:` and `base_model:` from here."""
    found = [data.get("library_name"), data.get("pipeline_tag"), *_texts(data.get("tags"))]
    found += ["safetensors"] if any(path.endswith(".safetensors") for path in files) else []
    found += _texts(data.get("language"))
    found += [f"dataset:{name}" for name in _texts(data.get("datasets"))]
    found += [f"license:{name}" for name in _texts(data.get("license"))]
    relation = data.get("base_model_relation")
    for base in _texts(data.get("base_model")):
        found += [f"base_model:{base}"] + ([f"base_model:{relation}:{base}"] if relation else [])
    return list(dict.fromkeys(tag for tag in found if isinstance(tag, str)))


def _faults(data: Mapping[str, Any], kind: RepoKind) -> Iterator[str]:
    for name in _texts(data.get("license")):
        if name not in LICENSES:
            yield f'"license" must be one of [{", ".join(LICENSES)}], not "{name}"'
    yield from _bad_ids(data, "datasets", "If possible, use a dataset id from https://hf.co/datasets.")
    if kind == "model":
        yield from _bad_ids(data, "base_model", "Use a model id from https://hf.co/models.")
        yield from model_index_faults(data.get("model-index"))
    for key in ("tags", "language"):
        if not all(isinstance(value, str) for value in _list(data.get(key))):
            yield f'"{key}" must be a string or a list of strings'
    for key in ("library_name", "pipeline_tag"):
        if not isinstance(data.get(key, ""), str):
            yield f'"{key}" must be a string'


def _bad_ids(data: Mapping[str, Any], key: str, advice: str) -> Iterator[str]:
    """A path of the training machine here is a common fault: it is a string, and no id."""
    value = data.get(key)
    for index, name in enumerate(_list(value)):
        if not isinstance(name, str) or not _HUB_ID.fullmatch(name) or "--" in name or ".." in name:
            place = f"{key}[{index}]" if isinstance(value, list) else key
            yield f'"{place}" with value "{name}" is not valid. {advice}'


def model_index_faults(index: Any) -> list[str]:
    """What the Hub asks of a `model-index`."""
    return list(_index_faults(index)) if index is not None else []


def _index_faults(index: Any) -> Iterator[str]:
    if not isinstance(index, list):
        yield '"model-index" must be an array'
        return
    for i, model in enumerate(index):
        place = f"model-index[{i}]"
        yield from _missing(model, place, "name")
        results = model.get("results") if isinstance(model, dict) else None
        if not isinstance(results, list):
            yield f'"{place}.results" must be an array'
            continue
        for j, result in enumerate(results):
            yield from _result_faults(result, f"{place}.results[{j}]")


def _result_faults(result: Any, place: str) -> Iterator[str]:
    if not isinstance(result, dict):
        yield f'"{place}" must be of type object'
        return
    yield from _missing(result.get("task"), f"{place}.task", "type")
    dataset = result.get("dataset")
    yield from _missing(dataset, f"{place}.dataset", "type", "name")
    if isinstance(dataset, dict) and not isinstance(dataset.get("config", ""), str):
        yield f'"{place}.dataset.config" must be a string'
    metrics = result.get("metrics")
    if not isinstance(metrics, list):
        yield f'"{place}.metrics" must be an array'
        return
    for k, metric in enumerate(metrics):
        yield from _missing(metric, f"{place}.metrics[{k}]", "type", "value")


def _missing(value: Any, place: str, *keys: str) -> Iterator[str]:
    held = value if isinstance(value, dict) else {}
    for key in keys:
        if held.get(key) is None:
            yield f'"{place}.{key}" is required'


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _texts(value: Any) -> list[str]:
    return [item for item in _list(value) if isinstance(item, str)]


def _json_ready(value: Any) -> Any:
    """JSON knows text keys only, and no nan."""
    match value:
        case dict():
            return {str(key): _json_ready(item) for key, item in value.items()}
        case list() | tuple() | set():
            return [_json_ready(item) for item in value]
        case float() if not math.isfinite(value):
            return None
        case bytes():
            return value.decode(errors="replace")
        case _:
            return value
