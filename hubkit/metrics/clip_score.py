"""CLIP-score: how well a picture fits its prompt.

Paper: Hessel et al. (2021), CLIPScore, https://arxiv.org/abs/2104.08718
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, Self

from pydantic import Field

from hubkit import hub
from hubkit.extractors import Extractor
from hubkit.scoring import Features, Measure, Score
from hubkit.values import RepoId

if TYPE_CHECKING:
    from torch import Tensor


MOST_LOST: Final = 1.0
"""Points by which a reader is warned."""


class ClipScore(Measure):
    """100 x the cosine between a picture and its prompt, averaged over captions; no prefix."""

    aims_at_real: ClassVar[bool] = True
    paper: ClassVar[str] = "https://arxiv.org/abs/2104.08718"
    better: ClassVar[Literal["higher", "lower"]] = "higher"
    asks: ClassVar[str] = "how well the pictures fit their prompts"
    meaning: ClassVar[str] = (
        "How well a picture fits its prompt: 100 times the cosine of the two as CLIP sees them, averaged over captions"
        " that were held out, and for comparison over captions of the training (were it much higher there, they would"
        " be learnt by heart). A style that CLIP has seldom seen lowers it: what real pictures of that style score with"
        " their own captions stands beside it."
    )
    scale: ClassVar[str] = "100 x cosine"
    reads_captions: ClassVar[bool] = True
    fewest: ClassVar[int] = 1
    compares_sets: ClassVar[bool] = False
    panels: ClassVar[tuple[str, ...]] = ("holdout", "training")
    ungated: ClassVar[tuple[str, ...]] = ("training",)
    """A model that copies does best there."""

    kind: Literal["clip-score"]
    model: RepoId = Field("openai/clip-vit-large-patch14", description="CLIP model on the Hub.")
    revision: str | None = Field(None, description="Of the CLIP model; resolved to a commit SHA and locked.")

    def pinned(self) -> Self:
        """The same, with the revision's commit SHA."""
        return self.model_copy(update={"revision": hub.resolve_model(self.model, self.revision).sha})

    def see(self) -> Extractor:
        """The CLIP model."""
        from hubkit.extractors.clip import Clip

        return Clip(self.model, self.revision)

    def name(self, extractor: Extractor, n: int) -> str:
        """With the CLIP model: scores of two of them do not compare."""
        return f"clip-score[{extractor.name}]"

    def notes(self, drawn: Features, cut: int) -> tuple[str, ...]:
        """What it did not read."""
        said = f"{cut} of {len(drawn.images)} captions are longer than the model reads and were cut"
        return (said,) if cut else ()

    def worries(self, score: Score) -> Iterator[str]:
        """Prompts that are followed less than by the base."""
        difference = score.difference_interval
        if score.panel not in self.ungated and difference and difference.high < -MOST_LOST:
            yield f"the pictures fit their prompts less than the base's, by {-difference.high:.3g} points at least"

    def value(self, samples: Features, reference: Features) -> float:
        """torchmetrics' CLIPScore over the pictures and their prompts; their own mean where that is below 0, which
        torchmetrics makes 0: the interval is of what was measured.
        """
        import torch
        from torchmetrics.multimodal import CLIPScore

        assert samples.captions is not None  # noqa: S101 - reads_captions
        captions = samples.captions
        metric = CLIPScore(model_name_or_path=lambda: (Seen(captions), hand_over), sync_on_compute=False)
        metric.set_dtype(torch.float64)
        metric.update([row[None, None] for row in samples.images], [str(number) for number in range(len(captions))])
        found = float(metric.compute())
        return found if found > 0 else float(self.parts(samples, reference).mean())

    def parts(self, samples: Features, reference: Features) -> "Tensor":
        """100 x the cosine of each picture to its prompt, (N,)."""
        from torch.nn.functional import cosine_similarity

        assert samples.captions is not None  # noqa: S101 - reads_captions
        return 100 * cosine_similarity(samples.images.double(), samples.captions.double(), dim=1)

    def among(self, reference: Features, others: Features | None) -> float | None:
        """What the real pictures of these captions score, where each prompt has its own."""
        if reference.captions is None:
            return None
        own = Features(reference.images[: len(reference.captions)], reference.captions)
        return self.value(own, own)


class Seen:
    """Stands where torchmetrics expects a CLIP model, and gives back features that were extracted before.

    torchmetrics 1.9 cannot call a CLIP model of transformers 5, and would cut a long caption's end token off; the
    extractor does both right.
    """

    def __init__(self, captions: "Tensor") -> None:
        self.features = captions
        limits = type("Limits", (), {"max_position_embeddings": 2**31})
        self.config = type("Config", (), {"text_config": limits})

    def to(self, _: Any) -> Self:
        """Features need no device."""
        return self

    def get_image_features(self, pixel_values: "Tensor") -> "Tensor":
        """The 'pixels' are the features."""
        return pixel_values[:, 0, 0].double()

    def get_text_features(self, input_ids: "Tensor", _: Any = None) -> "Tensor":
        """The 'tokens' are row numbers."""
        return self.features[input_ids[:, 0]].double()


def hand_over(
    text: Sequence[str] | None = None, images: "Sequence[Tensor] | None" = None, **_: Any
) -> "dict[str, Tensor]":
    """Stands where torchmetrics expects the processor: stacks the features, or reads the row numbers."""
    import torch

    if images is not None:
        return {"pixel_values": torch.stack(list(images))}
    ids = torch.tensor([[int(number)] for number in text or ()])
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
