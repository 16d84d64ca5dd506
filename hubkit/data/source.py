"""The recipe's `[data]` table."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field

from hubkit import hub
from hubkit.values import LocalPath, RepoId, Settings


class Source(Settings):
    """A captioned dataset: a repo of the Hub, or a folder of one's own."""

    beside: ClassVar[frozenset[str]] = frozenset({"license"})

    repo: RepoId | None = Field(
        None, description="Dataset repo on the Hub. Leave it out where `--data DIR` gives a folder."
    )
    revision: str | None = Field(None, description="Branch, tag or commit; resolved to a commit SHA and locked.")
    folder: Annotated[str | None, LocalPath("the recipe's folder")] = Field(
        None, description="A folder of pictures beside the recipe, instead of `repo`: relative, without '..'."
    )
    split: str = Field("train", description="Split of the dataset repo.")
    image: str = Field("image", description="Column that holds the pictures.")
    caption: str = Field("text", description="Column that holds the captions; '' for none.")
    resolution: Annotated[int, Field(ge=32, le=2048, multiple_of=8)] = Field(
        512, description="Side of the training square, in pixels."
    )
    crop: Literal["center", "random"] = Field(
        "random", description="Where the square is cut once the short side has `resolution`."
    )
    horizontal_flip: bool = Field(default=False, description="Mirror a picture half of the time.")
    holdout: int | None = Field(
        None, ge=0, description="Rows the training never sees, drawn by the seed; default: one in ten."
    )
    variants: int = Field(
        4,
        ge=0,
        le=64,
        description="Crop and flip draws per picture that are encoded once and cached; 0 encodes in the loop.",
    )
    seed: int = Field(0, ge=0, description="Of the hold-out split.")
    bad_images: Literal["refuse", "skip"] = Field(
        "refuse", description="What to do about a picture that cannot be read."
    )
    license: str | None = Field(
        None, description="Licence of the pictures, where the dataset's own card does not say it."
    )

    def problems(self) -> Iterator[tuple[str, str]]:
        """What is wrong between the keys of this table."""
        if self.repo and self.folder:
            yield "folder", f"contradicts repo = {self.repo!r}: the pictures come from one of the two"
        if not self.repo and not self.folder:
            yield (
                "repo",
                "is missing: give `repo`, or `folder`, or `--data DIR` with pictures of your own",
            )
        for key in {"revision", "split"} & self.changed if self.folder else ():
            yield key, "would be ignored: a folder has none"
        if "variants" in self.changed and self.variants > 1 and not self.varies:
            yield "variants", "would draw the same picture each time: crop is 'center' and nothing is flipped"

    @property
    def name(self) -> str:
        """The repo; or the folder's own name, without its path, which is nobody else's business."""
        return self.repo or f"folder {Path(str(self.folder)).name}"

    @property
    def varies(self) -> bool:
        """Whether two draws of one picture may differ."""
        return self.crop == "random" or self.horizontal_flip

    def pinned(self) -> Self:
        """The same, with the revision's commit SHA; a folder is told by its content. Raises DatasetError."""
        if self.folder:
            return self
        return self.model_copy(update={"revision": hub.resolve_dataset(str(self.repo), self.revision).sha})
