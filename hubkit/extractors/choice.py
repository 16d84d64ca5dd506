"""The keys of a metric that compares sets of pictures: which extractor it looks through."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field

from hubkit import hub
from hubkit.extractors import Extractor
from hubkit.values import HUB_FILE, ExtractorName, LocalPath, RepoId, Settings


class LooksThrough(Settings):
    """One model of the Hub, whichever its config says it is."""

    if TYPE_CHECKING:
        kind: str  # of the metric that looks

    extractor: RepoId
    revision: str | None = Field(None, description="Of the extractor; resolved to a commit SHA and locked.")

    def pinned(self) -> Self:
        """The same, with the revision's commit SHA."""
        return self.model_copy(update={"revision": hub.resolve_model(self.extractor, self.revision).sha})

    def see(self) -> Extractor:
        """The extractor."""
        from hubkit.extractors.named import named

        return named(self.extractor, self.revision)

    def name(self, extractor: Extractor, n: int) -> str:
        """With what it was seen through: scores of two of them do not compare."""
        return f"{self.kind}[{extractor.name}]"


class ComparesPictures(Settings):
    """Inception, as in the literature, or a CLIP or DINO model of the Hub."""

    extractor: ExtractorName = Field("inception", description="'inception', or a CLIP or DINO model on the Hub.")
    revision: str | None = Field(
        None,
        description="Of the model, or of the repo of `weights`; resolved to a commit SHA and locked.",
    )
    weights: Annotated[str | None, LocalPath("the recipe's folder", unless=HUB_FILE)] = Field(
        None,
        description="Inception weights: a file beside the recipe, or `namespace/name:file` on the Hub. "
        "Default: the published ones.",
    )

    def problems(self) -> Iterator[tuple[str, str]]:
        """What is wrong between the keys of this table."""
        if self.weights and self.extractor != "inception":
            yield "weights", "would be ignored: they are Inception's"
        if self.revision and not self.repo:
            yield "revision", "would be ignored: nothing here comes from a repo of the Hub"

    @property
    def repo(self) -> str | None:
        """Where on the Hub the extractor, or its weights, come from."""
        if self.extractor != "inception":
            return self.extractor
        weights = self.weights or ""
        return weights.partition(":")[0] if re.fullmatch(HUB_FILE, weights) else None

    def pinned(self) -> Self:
        """The same, with the revision's commit SHA where the extractor or its weights come from the Hub."""
        if not self.repo:
            return self
        return self.model_copy(update={"revision": hub.resolve_model(self.repo, self.revision).sha})

    def see(self) -> Extractor:
        """The extractor."""
        from hubkit.extractors.inception import Inception
        from hubkit.extractors.named import named

        if self.extractor == "inception":
            return Inception(self.weights, self.revision)
        return named(self.extractor, self.revision)
