"""What code that loads a model rests on, read from the model's own files."""

import json
from pathlib import Path
from typing import Any, Final

from hubkit.publishing.lock import Interface
from hubkit.values import fingerprint, sha256_of

IDLE: Final = frozenset({"_name_or_path", "transformers_version", "torch_dtype", "dtype"})
"""Keys of a component's settings that say where it came from, not what it is; as all that begin with '_'."""


def interface_of(folder: Path, *, resolution: int, trigger: str | None, license: str | None) -> Interface:  # noqa: A002
    """The interface of a pipeline in diffusers' layout."""
    index = json.loads((folder / "model_index.json").read_bytes())
    components = {name: said[1] for name, said in index.items() if not name.startswith("_") and _is_class(said)}
    settings = {name: _settings(folder / name) for name in components}
    tokenizer = folder / "tokenizer"
    return Interface(
        pipeline=str(index["_class_name"]),
        components=components,
        architecture={
            name: fingerprint(said)
            for name, said in sorted(settings.items())
            if said and name not in {"scheduler", "tokenizer", "feature_extractor"}
        },
        prediction_type=settings.get("scheduler", {}).get("prediction_type"),
        tokenizer=fingerprint({file.name: sha256_of(file) for file in sorted(tokenizer.iterdir())})
        if tokenizer.is_dir()
        else None,
        resolution=resolution,
        trigger=trigger,
        license=license,
    )


def _is_class(said: Any) -> bool:
    return isinstance(said, list) and len(said) == 2 and isinstance(said[1], str)  # noqa: PLR2004 - library, class


def _settings(component: Path) -> dict[str, Any]:
    """A component's settings; none where it has no file of them."""
    for name in ("config.json", "scheduler_config.json"):
        if (component / name).is_file():
            said: dict[str, Any] = json.loads((component / name).read_bytes())
            return {key: value for key, value in said.items() if not key.startswith("_") and key not in IDLE}
    return {}
