"""DreamBooth: a token learns a new subject or style from a handful of pictures, while its class stays what it was.

Paper: Ruiz et al. (2023), DreamBooth: Fine Tuning Text-to-Image Diffusion Models for Subject-Driven Generation,
https://arxiv.org/abs/2208.12242
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Literal

from pydantic import Field

from hubkit.data import CaptionedImages, Example
from hubkit.methods.dreambooth.panels import OFFERS, panels
from hubkit.sampling import Sampler, Samples
from hubkit.scoring import Panel
from hubkit.training import Trained
from hubkit.values import RepoId, Settings

if TYPE_CHECKING:
    from accelerate import Accelerator

    from hubkit.families import Diffuser

CAPTION: Final = "{caption}"


class DreamBooth(Settings):
    """Every slot of a batch holds a picture of the subject under a prompt with the token and, of weight `prior_weight`,
    a picture that the base drew of the class (equation 2 of the paper).
    """

    title: ClassVar[str] = "DreamBooth"
    paper: ClassVar[str] = "https://arxiv.org/abs/2208.12242"
    tags: ClassVar[tuple[str, ...]] = ("dreambooth",)
    offers: ClassVar[tuple[str, ...]] = OFFERS
    beside: ClassVar[frozenset[str]] = frozenset({"class_images_repo", "class_noun"})
    writes: ClassVar[frozenset[str]] = frozenset({"class_images_repo"})

    kind: Literal["dreambooth"]
    token: Annotated[str, Field(min_length=1, max_length=60)] = Field(
        description="The word or words that come to stand for the subject or style, such as 'sks'."
    )
    instance_prompt: Annotated[str, Field(min_length=1, max_length=300)] = Field(
        description="Holds the token. One prompt for every picture ('a photo of sks dog'), or with `{caption}` one for "
        "each ('{caption}, avatarart style'); '{caption}' alone where the captions hold the token already."
    )
    class_prompt: Annotated[str, Field(min_length=1, max_length=300)] = Field(
        description="What the base draws the class images from: the class without the token ('a photo of a dog')."
    )
    class_noun: str | None = Field(
        None,
        min_length=1,
        max_length=60,
        description="What stands in the token's place where a scorer reads a prompt. Without it the token is left "
        "out, which is right for 'sks dog' and for ', avatarart style'.",
    )
    prior_weight: float = Field(
        1.0, ge=0, le=100, description="Of the class images beside the subject's pictures; at 0 none are drawn."
    )
    class_images: int = Field(200, ge=1, le=10_000, description="Pictures of the class, each from its own seed.")
    caption_images: int = Field(
        0,
        ge=0,
        le=10_000,
        description="Further class images, drawn from the pictures' captions without the token: what those say stays "
        "as it was too.",
    )
    class_sampling: Sampler = Field(Sampler(), description="How the class images are drawn.")
    class_images_repo: RepoId | None = Field(
        None,
        description="Dataset repo the class images are taken from where it holds these very ones; otherwise they are "
        "drawn, and pushed there.",
    )
    train_text_encoder: bool = Field(default=False, description="Whether the text encoder learns too.")
    text_encoder_learning_rate: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None, description="Of the text encoder; default: `training.learning_rate`."
    )
    text_encoder_last_step: int | None = Field(
        None, ge=1, description="After so many steps the text encoder stays as it is; default: it learns to the end."
    )

    def problems(self) -> Iterator[tuple[str, str]]:
        """What is wrong between the keys of this table."""
        if set("{}") & set(self.instance_prompt.replace(CAPTION, "")):
            yield "instance_prompt", "must hold no other braces than `{caption}`"
        elif self.instance_prompt.strip() != CAPTION and not self.names_token(self.instance_prompt):
            yield "instance_prompt", f"must hold the token {self.token!r}"
        if self.names_token(self.class_prompt):
            yield "class_prompt", f"must not hold the token {self.token!r}: it is what the base drew before"
        if self.caption_images and not self.reads_captions:
            yield "caption_images", "would be ignored: instance_prompt does not hold `{caption}`"
        for key in ("text_encoder_learning_rate", "text_encoder_last_step"):
            if getattr(self, key) is not None and not self.train_text_encoder:
                yield key, "would be ignored: train_text_encoder is false"

    @property
    def trigger(self) -> str:
        """What calls the subject: the one prompt of every picture, or the token where each has its own."""
        return self.token if self.reads_captions else self.instance_prompt

    @property
    def reads_captions(self) -> bool:
        """Whether the prompts are made from the pictures' own captions."""
        return CAPTION in self.instance_prompt

    def instance_caption(self, caption: str) -> str:
        """What a picture of the subject is trained under."""
        return self.instance_prompt.replace(CAPTION, caption)

    def names_token(self, prompt: str) -> bool:
        """Whether a prompt asks for what is learnt."""
        return holds(prompt, self.token)

    def plain(self, prompt: str) -> str:
        """A prompt as a scorer may read it, which never heard of the token: with the class noun in its place, or
        without it.
        """
        said = re.sub(pattern(self.token), self.class_noun or "", prompt, flags=re.IGNORECASE)
        return re.sub(r"(\s*,)+", ",", " ".join(said.split())).strip(" ,")

    def remarks(self, images: CaptionedImages, model: "Diffuser") -> Iterator[str]:
        """What the base's tokenizer makes of the token, and whether the prompts hold it."""
        from hubkit.methods.dreambooth import trigger

        prompts = [self.instance_caption(images.captions[row]) for row in images.train]
        yield from trigger.of_token(self.token, model, text_encoder_learns=self.train_text_encoder)
        yield from trigger.of_prompts(prompts, self.token, model)

    def examples(
        self, images: CaptionedImages, model: "Diffuser", base: str, processes: "Accelerator"
    ) -> Sequence[tuple[Example, ...]]:
        """Each picture with a class image. An epoch holds every picture equally often, and every class image."""
        from hubkit.methods.dreambooth.class_images import class_images

        photos = [
            Example(images.picture(row), self.instance_caption(images.captions[row]), 1.0) for row in images.train
        ]
        if not self.prior_weight:
            return [(photo,) for photo in photos]
        plain = [self.plain(photo.caption) for photo in photos]
        prompts = [self.class_prompt] * self.class_images
        prompts += [plain[number % len(plain)] for number in range(self.caption_images)]
        drawn = class_images(self, prompts, model, base, images.source.resolution, processes)
        priors = [Example(picture, prompt, self.prior_weight) for picture, prompt in zip(drawn, prompts, strict=True)]
        rounds = -(-len(priors) // len(photos))
        return [(photo, priors[slot % len(priors)]) for slot, photo in enumerate(photos * rounds)]

    def trained(self, model: "Diffuser") -> Mapping[str, Trained]:
        """The UNet and, if asked for, the text encoder at its own pace."""
        parts = {"unet": Trained(model.denoiser.get_submodule("unet"))}
        if self.train_text_encoder:
            text_encoder = model.denoiser.get_submodule("text_encoder")
            parts["text_encoder"] = Trained(text_encoder, self.text_encoder_learning_rate, self.text_encoder_last_step)
        return parts

    def facts(self, images: CaptionedImages) -> Mapping[str, str | int | float]:
        """What was taught with what, for the card."""
        return {
            "token": self.token,
            "instance prompt": self.instance_prompt,
            "pictures of the subject": len(images.train),
            "class prompt": self.class_prompt,
            "class images drawn by the base": self.class_images if self.prior_weight else 0,
            **(
                {"class images drawn from the training captions": self.caption_images}
                if self.prior_weight and self.caption_images
                else {}
            ),
            "prior weight": self.prior_weight,
            "text encoder": "trained too" if self.train_text_encoder else "as the base has it",
        }

    def panels(self, images: CaptionedImages, samples: Samples) -> Sequence[Panel]:
        """Prompts with the token, the same without it, and the class prompt."""
        return panels(self, images, samples)


def pattern(token: str) -> str:
    """A regular expression for the token as whole words."""
    return rf"(?<!\w){re.escape(token)}(?!\w)"


def holds(text: str, token: str) -> bool:
    """Whether a text holds the token as whole words."""
    return re.search(pattern(token), text, flags=re.IGNORECASE) is not None
