"""hubkit.lock.json: what a release was made from, what it was found to be, and the hash of its every other file.

It is published with the model, so whoever holds a release can tell what it is, hold it against another, and make it
again. Keys that a newer hubkit adds are passed over; another `FORMAT` is refused.
"""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from hubkit.errors import IntegrityError
from hubkit.values import Tag, fingerprint, finite

FORMAT: Final = 2
LOCK: Final = "hubkit.lock.json"
LARGEST: Final = 16 << 20
"""Bytes of a lock, at most: one that is read from a Hub is a stranger's."""


def _inside(path: str) -> str:
    """Refuse a path that leads out of a release."""
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts or "\\" in path or not path:
        raise ValueError("must be a path inside the release")
    return path


FilePath = Annotated[str, AfterValidator(_inside)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Number = Annotated[float | None, BeforeValidator(finite)]
"""A measured number; null where it was not finite."""


class Locked(BaseModel):
    """A part of the lock: frozen, and it passes over what a newer hubkit says beside it."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class LockedRecipe(Locked):
    """The recipe in canonical form, with every revision pinned."""

    sha256: Sha256 = Field(description="Of `recipe.toml` beside the lock.")
    tables: dict[str, Any]


class LockedBase(Locked):
    """What was finetuned."""

    repo: str
    revision: str
    license: str | None = None
    license_name: str | None = None
    license_link: str | None = None


class LockedData(Locked):
    """What it learnt from: a dataset at a commit, or the content hash of a folder."""

    repo: str
    revision: str
    license: str | None = None
    rows: int = Field(description="That the training saw.")
    held_out: int


class LockedInterval(Locked):
    """Where the truth lies in 95 of 100 cases."""

    low: Number
    high: Number

    @property
    def half(self) -> float | None:
        """Half its width."""
        return (self.high - self.low) / 2 if self.high is not None and self.low is not None else None


class LockedTraining(Locked):
    """What was measured of the training, on what machine and with which versions, and all else it says."""

    model_config = ConfigDict(frozen=True, extra="allow")

    device: str = ""
    versions: dict[str, str] = Field(default_factory=dict, description="Of hubkit and the libraries.")


class LockedScore(Locked):
    """A score: its name with the protocol, its value beside the base's, n, its interval, and all else it says."""

    model_config = ConfigDict(frozen=True, extra="allow")

    metric: str
    panel: str = ""
    value: Number
    base: Number
    better: Literal["higher", "lower"]
    n: int
    interval: LockedInterval | None = None
    difference_interval: LockedInterval | None = None
    extractor: str = ""
    extractor_revision: str = ""


class LockedStudy(Locked):
    """The prompt study: the template it recommends, and all else it says but the pictures."""

    model_config = ConfigDict(frozen=True, extra="allow")

    winner: str
    verdict: str


class LockedDial(Locked):
    """The style dial: the candidates, and why one of them was taken."""

    model_config = ConfigDict(frozen=True, extra="allow")

    pick: str
    reason: str


class LockedPicture(Locked):
    """A picture of the card that can be drawn again."""

    path: FilePath
    prompt: str
    seed: int


class Interface(Locked):
    """What code that loads the model rests on. A change here may break it."""

    pipeline: str = Field(description="Class in diffusers.")
    components: dict[str, str] = Field(description="Class of each component, by its name in the pipeline.")
    architecture: dict[str, str] = Field(description="Hash of each component's settings.")
    prediction_type: str | None
    tokenizer: str | None = Field(description="Hash of the tokenizer's files.")
    resolution: int
    trigger: str | None = Field(description="The prompt that calls what was taught, for methods that have one.")
    license: str | None


class SourceCode(Locked):
    """The commit and the workflow run that a release came from."""

    server: str
    repository: str
    commit: str
    ref: str
    run_url: str


class Parent(Locked):
    """The release that stood there before."""

    commit: str
    tag: str | None = None


class Lock(Locked):
    """Everything that pins a release."""

    format: Literal[2] = FORMAT
    name: str
    model_id: str
    version: Tag | None = Field(description="The tag it was described for.")
    made_from: str = Field(description="Hash of what the release was described from, but what stood there before.")
    recipe: LockedRecipe
    base: LockedBase
    data: LockedData
    extractors: dict[str, str] = Field(description="Revision of what the metrics looked through.")
    training: LockedTraining
    weights: dict[FilePath, Sha256] = Field(description="Of the weights as they were trained.")
    interface: Interface
    scores: tuple[LockedScore, ...]
    study: LockedStudy | None = None
    dial: LockedDial | None = None
    sampling: dict[str, str | int | float]
    proof: LockedPicture = Field(description="Drawn by the card's own code.")
    pictures: tuple[LockedPicture, ...] = Field(description="The card's samples.")
    card: dict[str, Sha256] = Field(
        default_factory=dict, description="Hash of each section of the card as hubkit wrote it, by its title."
    )
    tags: tuple[str, ...] = Field((), description="Tags that hubkit gave the card.")
    metadata: dict[str, Sha256] = Field(
        default_factory=dict, description="Hash of each key of the card's metadata as hubkit wrote it."
    )
    accepted: str | None = Field(None, description="Why it was published though a gate was not met.")
    source: SourceCode | None = None
    parent: Parent | None = None
    size_bytes: int = Field(0, description="Size of those files.")
    files: dict[FilePath, Sha256] = Field(description="Of every file of the release but the lock.")

    @property
    def weights_id(self) -> str:
        """Equal for equal weights."""
        return fingerprint(self.weights)

    @property
    def versions(self) -> Mapping[str, str]:
        """Of hubkit and the libraries it was trained with."""
        return self.training.versions

    @property
    def device(self) -> str:
        """What it was trained on."""
        return self.training.device

    def text(self) -> str:
        """As it is published."""
        return self.model_dump_json(indent=1) + "\n"

    @classmethod
    def parse(cls, content: bytes, where: str) -> Self:
        """The lock that was read from `where`. Raises IntegrityError."""
        try:
            return cls.model_validate_json(content)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            at = ".".join(map(str, first["loc"]))
            raise IntegrityError(
                f"{LOCK} of {where} cannot be read: {at or 'it'}: {first['msg'][:120]}",
                help="it was made by another version of hubkit, or was changed by hand",
                code="HK1010",
            ) from None

    @classmethod
    def of_folder(cls, folder: Path) -> Self:
        """The lock in a release's folder. Raises IntegrityError."""
        file = folder / LOCK
        if not file.is_file():
            raise IntegrityError(f"{folder} holds no {LOCK}", help="describe the run again", code="HK1010")
        return cls.parse(file.read_bytes(), str(folder))
