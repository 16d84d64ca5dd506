"""CLIP-T: does the subject do what the prompt says?

Paper: Ruiz et al. (2023), DreamBooth, section 4.1, https://arxiv.org/abs/2208.12242
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from pydantic import Field

from hubkit.extractors.choice import LooksThrough
from hubkit.scoring import Features, Measure, Score
from hubkit.values import RepoId

if TYPE_CHECKING:
    from torch import Tensor


MOST_LOST: Final = 0.01
"""Of the cosine, by which a reader is warned."""


class PromptFidelity(Measure, LooksThrough):
    """The mean cosine between a drawn picture and its prompt, whose token is read as the class noun: CLIP never heard
    of it.
    """

    paper: ClassVar[str] = "https://arxiv.org/abs/2208.12242"
    better: ClassVar[Literal["higher", "lower"]] = "higher"
    asks: ClassVar[str] = "how well the pictures fit the rest of their prompts"
    meaning: ClassVar[str] = (
        "How well the pictures of the token fit the rest of their prompts, as CLIP sees it: the mean cosine, the token"
        " read as the class noun or left out."
    )
    scale: ClassVar[str] = "cosine"
    reads_captions: ClassVar[bool] = True
    fewest: ClassVar[int] = 1
    compares_sets: ClassVar[bool] = False
    panels: ClassVar[tuple[str, ...]] = ("instance",)

    kind: Literal["clip-t"]
    extractor: RepoId = Field("openai/clip-vit-large-patch14", description="CLIP model on the Hub.")

    def notes(self, drawn: Features, cut: int) -> tuple[str, ...]:
        """What it did not read, and what the base drew."""
        said = f"{cut} of {len(drawn.images)} prompts are longer than the model reads and were cut"
        return (*((said,) if cut else ()), "the base drew the same prompts without the token")

    def worries(self, score: Score) -> Iterator[str]:
        """Prompts that are followed less than by the base."""
        difference = score.difference_interval
        if difference and difference.high < -MOST_LOST:
            yield f"the pictures fit their prompts less than the base's, by {-difference.high:.3g} at least"

    def value(self, samples: Features, reference: Features) -> float:
        """Each picture with its own prompt."""
        return float(self.parts(samples, reference).mean())

    def parts(self, samples: Features, reference: Features) -> "Tensor":
        """The cosine of each picture to its prompt, (N,)."""
        from torch.nn.functional import cosine_similarity

        assert samples.captions is not None  # noqa: S101 - reads_captions
        return cosine_similarity(samples.images.double(), samples.captions.double(), dim=1)

    def among(self, reference: Features, others: Features | None) -> float | None:
        """Real pictures have no prompt."""
        return None
