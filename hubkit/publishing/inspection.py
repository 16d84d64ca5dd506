"""What may be published: the files of the manifest and no others, no pickles, no damaged weights, no secrets."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from hubkit.errors import Fault, IntegrityError
from hubkit.publishing.release import Release
from hubkit.values import sha256_of

ALLOWED: Final = frozenset({".safetensors", ".json", ".txt", ".md", ".toml", ".png", ".webp", ".parquet"})
"""Weights as safetensors, and what describes and measures them. A pickle can run a stranger's code."""

INDEX: Final = "model_index.json"
WORDS: Final = frozenset({".json", ".txt", ".md", ".toml"})
LEFTOVERS: Final = re.compile(r"(^|/)(\.|checkpoint|logs?/|runs?/|optimizer|events\.out)", re.IGNORECASE)

SECRETS: Final = re.compile(
    r"hf_[A-Za-z0-9]{20,}|hf_jwt_[\w.-]{20,}|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,}|AKIA[0-9A-Z]{16}|sk-[A-Za-z0-9_-]{32,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----"
)
SECRET_NAMES: Final = re.compile(r"TOKEN|SECRET|PASSWORD|API_?KEY", re.IGNORECASE)
SHORTEST_SECRET: Final = 16
"""Shorter values of such variables ('true', a path's name) would be found by chance."""

LIBRARIES: Final = frozenset({None, "diffusers", "transformers", "stable_diffusion"})
"""Where the classes of a pipeline come from; any other name would be imported as a module."""

TEXT_ENCODER_KEYS: Final = ("text_model.", "text_projection.")
"""transformers 4 takes a text encoder's weights without this prefix for missing, and draws random ones instead."""


def inspect(release: Release) -> None:
    """Refuse a release that must not be published. Raises IntegrityError with every reason."""
    faults = tuple(
        Fault("HK1001", fault, where=str(release.folder), help="remove the run's release folder and describe it again")
        for fault in _faults(release)
    )
    if faults:
        raise IntegrityError.of(faults)


def strange_libraries(folder: Path) -> Iterator[str]:
    """Components of a stranger's pipeline that loading it would take from anywhere but the libraries of models, in
    words.
    """
    index = json.loads((folder / INDEX).read_bytes()) if (folder / INDEX).is_file() else {}
    for name, said in index.items() if isinstance(index, dict) else ():
        if isinstance(said, list) and said[:1] and said[0] not in LIBRARIES:
            yield f"{str(name)[:80]!r} comes from {str(said[0])[:80]!r}, no library of models"


def _faults(release: Release) -> Iterator[str]:
    there = {path.relative_to(release.folder).as_posix() for path in release.folder.rglob("*") if not path.is_dir()}
    for path in sorted(there ^ release.manifest.keys()):
        yield f"{path[:120]!r} is {'not in the manifest' if path in there else 'missing'}"
    for path in sorted(there & release.manifest.keys()):
        yield from _file_faults(release, path)


def _file_faults(release: Release, path: str) -> Iterator[str]:
    file = release.folder / path
    if file.is_symlink():
        yield f"{path!r} is a symbolic link"
        return
    if file.suffix not in ALLOWED or LEFTOVERS.search(path):
        yield f"{path!r} is no part of a model: {', '.join(sorted(ALLOWED))} are published, nothing else"
    if file.stat().st_size != release.sizes[path] or sha256_of(file) != release.manifest[path]:
        yield f"{path!r} is not what the manifest says"
    elif file.suffix == ".safetensors":
        yield from _weight_faults(file, path)
    elif file.suffix in WORDS and _tells_a_secret(file):
        yield f"{path!r} holds what looks like a token or a key"


def _weight_faults(file: Path, path: str) -> Iterator[str]:
    """Keys that not every version of the libraries reads, and numbers that are not finite."""
    import torch
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="pt") as weights:
            keys = list(weights.keys())
            bare = [key for key in keys if not key.startswith(TEXT_ENCODER_KEYS)]
            if path.startswith("text_encoder") and bare:
                yield f"{path!r} has keys without the prefix 'text_model.', such as {bare[0]!r}"
            unfinished = next((key for key in keys if not torch.isfinite(weights.get_tensor(key)).all()), None)
            if unfinished:
                yield f"{path!r} holds a number that is not finite, in {unfinished!r}"
    except SafetensorError as error:
        yield f"{path!r} is no safetensors file: {error}"


def _tells_a_secret(file: Path) -> bool:
    text = file.read_text(encoding="utf-8", errors="replace")
    known = [value for name, value in os.environ.items() if SECRET_NAMES.search(name) and len(value) >= SHORTEST_SECRET]
    return bool(SECRETS.search(text)) or any(value in text for value in known)
