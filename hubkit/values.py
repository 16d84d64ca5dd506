"""The two kinds of frozen value: `Settings` (a recipe's tables) and `Record` (what a stage leaves behind)."""

import hashlib
import json
import math
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Strict, ValidationError

T = TypeVar("T")

Several = Annotated[tuple[T, ...], Strict(strict=False)]
"""A TOML array: it arrives as a list, and is kept as a tuple."""


def _hub_name(name: str) -> str:
    """Refuse what the Hub refuses as the name of a repo."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}", name):
        raise ValueError("must be a name for the Hub: letters, digits, '-', '_' and '.', 96 at most")
    if "--" in name or ".." in name or name.endswith((".git", ".", "-")):
        raise ValueError("must be a name for the Hub: without '--' or '..', not ending in '.git', '.' or '-'")
    return name


def _repo_id(repo: str) -> str:
    """Refuse what is no `namespace/name`."""
    namespace, slash, name = repo.partition("/")
    if not slash:
        raise ValueError("must be `namespace/name`, as the Hub's address shows it")
    _hub_name(namespace)
    _hub_name(name)
    return repo


def _own_repo(repo: str) -> str:
    """Refuse what is neither `name` nor `namespace/name` nor `{user}/name`."""
    _hub_name(repo) if "/" not in repo else _repo_id(repo.replace("{user}/", "user/", 1))
    return repo


def _tag(tag: str) -> str:
    """Refuse what git refuses as the name of a tag, and what looks like a commit."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}", tag) or ".." in tag or tag.endswith((".lock", ".")):
        raise ValueError("must be a tag such as 'v1.0.0': letters, digits, '.', '-', '_' and '+', 64 at most")
    if re.fullmatch(r"[0-9a-f]{7,40}", tag):
        raise ValueError("must be a tag such as 'v1.0.0'; this looks like a commit")
    return tag


def _extractor(name: str) -> str:
    """Refuse what is neither Inception nor a model on the Hub."""
    return name if name == "inception" else _repo_id(name)


HubName = Annotated[str, AfterValidator(_hub_name)]
"""The name of a repo on the Hub, without its namespace."""

RepoId = Annotated[str, AfterValidator(_repo_id)]
"""A Hub id, `namespace/name`."""

OwnRepo = Annotated[str, AfterValidator(_own_repo)]
"""A repo to write to: `name`, `namespace/name` or `{user}/name`."""

ExtractorName = Annotated[str, AfterValidator(_extractor)]
"""What turns a picture into features: 'inception', or a CLIP model on the Hub."""

Tag = Annotated[str, AfterValidator(_tag)]
"""A tag of a repo."""


HUB_FILE = r"[^/:]+/[^/:]+:.+"
"""A file on the Hub, as a recipe says it: `namespace/name:file`."""


@dataclass(frozen=True)
class LocalPath:
    """Marks a setting that is a path: a recipe may only say a relative one, without '..', that stays inside `inside`.

    A path inside the recipe's folder is absolute once the recipe is loaded. What matches `unless` is no path.
    """

    inside: Literal["the recipe's folder", "the working directory"]
    unless: str | None = None


class Settings(BaseModel):
    """A table of the recipe: frozen, strict, no unknown key, no nan or inf."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    beside: ClassVar[frozenset[str]] = frozenset()
    """Keys that say something of the run but do not change what it makes, such as a licence."""

    writes: ClassVar[frozenset[str]] = frozenset()
    """Keys that name a repo which a run may write to. Whoever runs a stranger's recipe again runs it without them."""

    def essence(self) -> dict[str, Any]:
        """The keys that decide what is made, with their values as JSON has them."""
        return self.model_dump(mode="json", exclude=set(self.beside))

    @property
    def changed(self) -> set[str]:
        """The keys that say something else than their default."""
        return {key for key, about in type(self).model_fields.items() if getattr(self, key) != about.default}

    def problems(self) -> Iterator[tuple[str, str]]:
        """What is wrong between the keys of this table, each already right by itself: (key, what is wrong with it)."""
        yield from ()


class Record(BaseModel):
    """What a stage made, written beside the hash of what it was made from: unchanged inputs need no second run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def save(self, path: Path, made_from: str) -> None:
        """Write atomically to `path`, with `made_from`, a `fingerprint` of the inputs."""
        text = json.dumps({"made_from": made_from, **self.model_dump(mode="json")}, indent=1, ensure_ascii=False)
        write_atomically(path, text.encode() + b"\n")

    def replace(self, path: Path) -> None:
        """Write it in place of the record at `path`, which was made from the same."""
        self.save(path, json.loads(path.read_bytes())["made_from"])

    @classmethod
    def load(cls, path: Path, made_from: str | None = None) -> Self | None:
        """The record at `path`; None when there is none, or when it was made from something else than `made_from`."""
        if not path.is_file():
            return None
        try:
            fields = json.loads(path.read_bytes())
            written_from = fields.pop("made_from", "")
            return cls.model_validate(fields) if made_from in (None, written_from) else None
        except (ValueError, ValidationError, AttributeError):
            return None  # damaged, or of an older hubkit: the stage is done again


def finite(value: Any) -> Any:
    """The value; None in place of a number that is not finite, which JSON does not know."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


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


def link_or_copy(source: os.PathLike[str] | str, place: os.PathLike[str] | str) -> None:
    """One file in two places, without a second copy on disk where the file system allows; a link is followed."""
    try:
        os.link(os.path.realpath(source), place)
    except OSError:
        shutil.copyfile(source, place)


def sha256_of(path: Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
