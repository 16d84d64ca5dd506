"""The two kinds of frozen value hubkit is made of: `Settings` (a recipe's tables) and `Record` (what a stage leaves in the run folder)."""

import hashlib
import json
import os
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, Strict, ValidationError

T = TypeVar("T")

Several = Annotated[tuple[T, ...], Strict(strict=False)]
"""A TOML array: it arrives as a list, and is kept as a tuple."""

RepoId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}$")]
"""A Hub id, `namespace/name`."""


class Settings(BaseModel):
    """A table of the recipe: frozen, strict, no unknown key, no nan or inf."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Record(BaseModel):
    """What a stage made. Written beside the hash of what it was made from, so that a stage whose inputs are unchanged is not done twice."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def save(self, path: Path, made_from: str) -> None:
        """Write atomically to `path`, with `made_from`, a `fingerprint` of the inputs."""
        text = json.dumps({"made_from": made_from, **self.model_dump(mode="json")}, indent=1, ensure_ascii=False)
        write_atomically(path, text.encode() + b"\n")

    @classmethod
    def load(cls, path: Path, made_from: str | None = None) -> Self | None:
        """The record at `path`, or None when there is none, or when it was made from something else than `made_from`."""
        if not path.is_file():
            return None
        try:
            fields = json.loads(path.read_bytes())
            written_from = fields.pop("made_from", "")
            return cls.model_validate(fields) if made_from in (None, written_from) else None
        except (ValueError, ValidationError, AttributeError):
            return None  # damaged, or of an older hubkit: the stage is done again


def fingerprint(*parts: Any) -> str:
    """A sha256 over values: settings and records by their content, anything else by its JSON."""

    def plain(value: Any) -> Any:
        return value.model_dump(mode="json") if isinstance(value, BaseModel) else str(value)

    return hashlib.sha256(json.dumps(parts, default=plain, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def write_atomically(path: Path, content: bytes) -> None:
    """Write, fsync and rename: a reader sees the old bytes or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def sha256_of(path: Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
