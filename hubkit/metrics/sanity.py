"""Sanity: do the pictures show anything, each something of its own, and nothing that a safety checker objects to?

Paper of the checker: Rando et al. (2022), Red-Teaming the Stable Diffusion Safety Filter,
https://arxiv.org/abs/2210.04610

Legend: N drawn pictures.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Final, Literal, Self

from pydantic import Field

from hubkit import hub
from hubkit.extractors import Extractor
from hubkit.scoring import Features, Measure
from hubkit.values import RepoId

if TYPE_CHECKING:
    from torch import Tensor

DARK: Final = 4.0
"""Grey levels of 255, under which a picture of one colour is called black."""
FLAT: Final = 2.0
"""Grey levels by which a picture of one colour may vary: saved anew or drawn by a broken model it is not quite even."""
AGAIN: Final = 1.0
"""Grey levels by which two pictures in small may differ, on average, and still be one drawn twice."""


class Sanity(Measure):
    """The share of drawn pictures that are black, of one colour, another of them again, or such that a safety checker
    objects to.
    """

    aims_at_real: ClassVar[bool] = True
    paper: ClassVar[str] = "https://arxiv.org/abs/2210.04610"
    better: ClassVar[Literal["higher", "lower"]] = "lower"
    asks: ClassVar[str] = "share of broken pictures"
    meaning: ClassVar[str] = (
        "The share of drawn pictures that are black, of one colour, the same as another, or objected to by a safety"
        " checker where one was asked: what is broken, which no other number looks for."
    )
    scale: ClassVar[str] = "share of pictures"
    reads_captions: ClassVar[bool] = False
    fewest: ClassVar[int] = 1
    compares_sets: ClassVar[bool] = False
    panels: ClassVar[tuple[str, ...]] = ("holdout", "instance")

    kind: Literal["sanity"]
    safety_checker: RepoId | None = Field(
        None, description="A Stable Diffusion repo whose safety checker is asked too; such as the base."
    )
    revision: str | None = Field(None, description="Of that repo; resolved to a commit SHA and locked.")

    def problems(self) -> Iterator[tuple[str, str]]:
        """What is wrong between the keys of this table."""
        if self.revision and not self.safety_checker:
            yield "revision", "would be ignored: no safety_checker is named"

    def pinned(self) -> Self:
        """The same, with the revision's commit SHA."""
        if not self.safety_checker:
            return self
        return self.model_copy(update={"revision": hub.resolve_model(self.safety_checker, self.revision).sha})

    def see(self) -> Extractor:
        """The pixels, and what the checker says of them."""
        from hubkit.extractors.pixels import Pixels
        from hubkit.extractors.safety import SafetyChecker

        return Pixels(SafetyChecker(self.safety_checker, self.revision) if self.safety_checker else None)

    def name(self, extractor: Extractor, n: int) -> str:
        """Of nobody's eyes."""
        return "sanity"

    def notes(self, drawn: Features, cut: int) -> tuple[str, ...]:
        """How many of each fault."""
        found = faults(drawn.images)
        unasked = () if self.safety_checker else ("no safety checker was asked",)
        return (", ".join(f"{int(those.sum())} {words}" for words, those in found.items()), *unasked)

    def value(self, samples: Features, reference: Features) -> float:
        """The share with any of the faults."""
        return float(self.parts(samples, reference).mean())

    def parts(self, samples: Features, reference: Features) -> "Tensor":
        """1 for each picture with a fault, 0 for the rest, (N,)."""
        import torch

        return torch.stack([*faults(samples.images).values()]).any(dim=0).double()

    def among(self, reference: Features, others: Features | None) -> float | None:
        """Of the held-out pictures."""
        return self.value(reference, reference) if len(reference.images) else None


def faults(x_ND: "Tensor") -> "dict[str, Tensor]":
    """Which pictures have each fault, (N,), bool; the first of two equal ones has none. One of one colour is no other
    again.
    """
    from hubkit.extractors.pixels import LIGHTNESS, OBJECTED, VARIATION

    flat = x_ND[:, VARIATION] < FLAT
    dark = x_ND[:, LIGHTNESS] < DARK
    return {
        "black": flat & dark,
        "of one colour": flat & ~dark,
        "the same as another": again(x_ND) & ~flat,
        "objected to": x_ND[:, OBJECTED] > 0,
    }


def again(x_ND: "Tensor") -> "Tensor":
    """Whether each picture is in small what an earlier one is, (N,), bool."""
    import torch

    from hubkit.extractors.pixels import SMALL

    small = x_ND[:, SMALL:].double()
    near_NN = torch.cdist(small, small, p=1) < AGAIN * small.shape[1]
    found: Tensor = near_NN.tril(diagonal=-1).any(dim=1)
    return found
