"""Full finetuning: every weight of the denoiser learns from every captioned picture; image and text encoder stay as
they are.

Paper: Rombach et al. (2022), equation 3: the denoiser's loss, https://arxiv.org/abs/2112.10752
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from hubkit.data import CaptionedImages, Example
from hubkit.sampling import Samples
from hubkit.scoring import Panel
from hubkit.training import Trained
from hubkit.values import Settings

if TYPE_CHECKING:
    from accelerate import Accelerator

    from hubkit.families import Diffuser


class Full(Settings):
    """The denoiser learns the dataset as it is: every example weighs the same."""

    title: ClassVar[str] = "full finetuning"
    paper: ClassVar[str] = "https://arxiv.org/abs/2112.10752"
    tags: ClassVar[tuple[str, ...]] = ()
    trigger: ClassVar[str | None] = None

    offers: ClassVar[tuple[str, ...]] = ()
    reads_captions: ClassVar[bool] = True

    kind: Literal["full"]

    def examples(
        self, images: CaptionedImages, model: "Diffuser", base: str, processes: "Accelerator"
    ) -> Sequence[tuple[Example, ...]]:
        """Each training row, alone in its slot, with weight 1."""
        return [(Example(images.picture(row), images.captions[row], 1.0),) for row in images.train]

    def remarks(self, images: CaptionedImages, model: "Diffuser") -> Iterator[str]:
        """Captions are taken as they are."""
        yield from ()

    def trained(self, model: "Diffuser") -> Mapping[str, Trained]:
        """The UNet."""
        return {"unet": Trained(model.denoiser.get_submodule("unet"))}

    def panels(self, images: CaptionedImages, samples: Samples) -> Sequence[Panel]:
        """None of its own: the captions say what was taught."""
        return ()

    def plain(self, prompt: str) -> str:
        """The prompt itself: its words mean what they always did."""
        return prompt

    def facts(self, images: CaptionedImages) -> Mapping[str, str | int | float]:
        """Nothing: it was told the captions and no more."""
        return {}
