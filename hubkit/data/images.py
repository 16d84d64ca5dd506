"""What the stages after pull see: captioned pictures, read lazily, in a fixed order, at one revision."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import Field

from hubkit.data.source import Source
from hubkit.values import Record, fingerprint

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True)
class Picture:
    """One picture, read when it is needed. `identity` names its content and place, for caches."""

    identity: str
    open: "Callable[[], Image]"


@dataclass(frozen=True)
class Example:
    """What the loop looks at: a picture, its caption, and how much its error weighs."""

    picture: Picture
    caption: str
    weight: float


class CaptionedImages(Record):
    """A dataset at one revision: the captions, the split, and what the audit found."""

    source: Source = Field(description="The recipe's table, with the revision that was pulled.")
    revision: str = Field(description="Commit SHA of the repo, or the content hash of the folder.")
    license: str | None = Field(description="As the dataset's card says it; None when it says nothing.")
    languages: tuple[str, ...] = Field((), description="Codes of the captions' languages, as the dataset's card says.")
    captions: tuple[str, ...]
    sizes: tuple[tuple[int, int], ...] = Field(description="Width and height of every picture as stored, in pixels.")
    train: tuple[int, ...] = Field(description="Rows the training sees.")
    holdout: tuple[int, ...] = Field(
        description="Rows it never sees, in an order drawn by the seed; the scores compare with them."
    )
    skipped: tuple[str, ...] = Field(description="Rows left out, each with its reason.")
    groups: int | None = Field(
        None, description="Pictures that differ: near-duplicates count once, and are never parted by the split. None "
        "where nobody looked."
    )  # fmt: skip
    near_duplicates: int = Field(0, description="Rows that have a near-duplicate.")

    @property
    def name(self) -> str:
        """The repo, or the folder by its own name."""
        return self.source.name

    @property
    def split(self) -> str:
        """The hash of the split: equal where the same rows of the same dataset are trained on and held out."""
        return fingerprint(self.name, self.revision, self.train, sorted(self.holdout))[:16]

    def picture(self, row: int) -> Picture:
        """The picture of one row, upright, in RGB."""
        from hubkit.data.pull import open_row

        return Picture(
            f"{self.revision}:{self.source.split}:{self.source.image}:{row}",
            lambda: open_row(self.source, self.revision, row),
        )
