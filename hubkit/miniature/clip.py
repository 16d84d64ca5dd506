"""The miniature CLIP: a real `CLIPModel` of 64-pixel images, taught on the broad world with hard negatives.

Legend: B pairs, C channels, H rows, W columns, L tokens, D features.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPTokenizer

from hubkit.miniature.broad import broad
from hubkit.miniature.drawing import COLOURS, EXPRESSIONS, HAIR, LONG_STYLES, SHORT_STYLES, SKIN, Style, dice, portrait
from hubkit.miniature.lessons import Lesson, learn, say
from hubkit.miniature.vae import pixels

PAIRS = 24_000
PORTRAITS = 0.65
MEAN = (0.5, 0.5, 0.5)
STD = (0.5, 0.5, 0.5)
KINDS: tuple[tuple[str, ...], ...] = (
    tuple(COLOURS),
    tuple(HAIR),
    tuple(SKIN),
    EXPRESSIONS,
    tuple({*LONG_STYLES, *SHORT_STYLES} - {"bald"}),
    ("thin", "thick"),
    ("woman", "man"),
    ("girl", "boy"),
)


def text_config(tokenizer: CLIPTokenizer, *, hidden: int, layers: int) -> dict[str, Any]:
    """A small CLIP text model's settings for this tokenizer."""
    return {
        "vocab_size": len(tokenizer),
        "hidden_size": hidden,
        "intermediate_size": 4 * hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": 4,
        "max_position_embeddings": tokenizer.model_max_length,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "projection_dim": hidden,
    }


def fresh(tokenizer: CLIPTokenizer) -> CLIPModel:
    """An untaught CLIP: 8x8 patches of 64 pixels, three layers of 96 on the image side and two on the text side."""
    vision = {
        "hidden_size": 96,
        "intermediate_size": 384,
        "num_hidden_layers": 4,
        "num_attention_heads": 4,
        "image_size": 64,
        "patch_size": 8,
        "projection_dim": 96,
    }
    text = text_config(tokenizer, hidden=96, layers=2)
    return CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=96))


def processor() -> CLIPImageProcessor:
    """How any picture becomes the CLIP's 64x64 input."""
    size = {"height": 64, "width": 64}
    return CLIPImageProcessor(size={"shortest_edge": 64}, crop_size=size, image_mean=list(MEAN), image_std=list(STD))


def ids(tokenizer: CLIPTokenizer, texts: list[str], length: int | None = None) -> Tensor:
    """int64 BL of captions, padded to the longest (or to `length`) with the end token."""
    padding = "max_length" if length else True
    encoded = tokenizer(texts, padding=padding, truncation=True, max_length=length or 40, return_tensors="pt")
    tokens: Tensor = encoded.input_ids
    return tokens


def nearly(caption: str, index: int) -> str:
    """The caption with one word wrong: a hard negative."""
    rng = dice(0, "nearly", index)
    words = caption.replace(",", " ,").split()
    places = [(place, kind) for place, word in enumerate(words) for kind in KINDS if word in kind]
    if not places:
        return "nothing at all"
    place, kind = rng.choice(places)
    words[place] = rng.choice([word for word in kind if word != words[place]])
    return " ".join(words).replace(" ,", ",")


def contrastive(model: CLIPModel, images_BCHW: Tensor, right_BL: Tensor, wrong_BL: Tensor) -> Tensor:
    """CLIP's symmetric cross-entropy (Radford et al., 2021); every image also refuses the batch's wrong captions."""
    out = model(input_ids=torch.cat([right_BL, wrong_BL]), pixel_values=images_BCHW)
    logits = out.logits_per_image
    target = torch.arange(len(images_BCHW))
    return (functional.cross_entropy(logits, target) + functional.cross_entropy(logits[:, : len(target)].T, target)) / 2


def objective(
    model: CLIPModel, images_BCHW: Tensor, right_BL: Tensor, wrong_BL: Tensor, lesson: Lesson
) -> Callable[[int], Tensor]:
    """The loss of one step."""

    def loss(step: int) -> Tensor:
        batch = lesson.batch(step, len(images_BCHW))
        return contrastive(model, images_BCHW[batch].float() / 127.5 - 1, right_BL[batch], wrong_BL[batch])

    return loss


@torch.no_grad()
def rank(model: CLIPModel, tokenizer: CLIPTokenizer, pictures_BCHW: Tensor, captions: list[str]) -> Tensor:
    """Where each picture's own caption stands among all of them; 0 is first."""
    tokens_BL = ids(tokenizer, captions)
    logits = model(input_ids=tokens_BL, pixel_values=pictures_BCHW.float() / 127.5 - 1).logits_per_image
    place_B: Tensor = (logits > logits.diagonal()[:, None]).sum(1)
    return place_B


def ranks(
    model: CLIPModel, tokenizer: CLIPTokenizer, *, style: Style = "portraits", groups: int = 8, among: int = 64
) -> Tensor:
    """The ranks of held-out drawings of a style, in groups of `among`."""
    found = []
    for group in range(groups):
        drawn = [portrait(group * among + place, style, purpose="held-out") for place in range(among)]
        found.append(rank(model, tokenizer, pixels([image for image, _ in drawn]), [caption for _, caption in drawn]))
    return torch.cat(found)


def train(work: Path, tokenizer: CLIPTokenizer, *, steps: int = 3000, pairs: int = PAIRS) -> CLIPModel:
    """The CLIP, taught on the broad world."""
    lesson = Lesson(name="clip", steps=steps, batch_size=64, learning_rate=1e-3, weight_decay=0.05)
    torch.manual_seed(lesson.seed)
    model = fresh(tokenizer)
    drawn = [broad(index, seed=1, portraits=PORTRAITS) for index in range(pairs)]
    right_BL = ids(tokenizer, [caption for _, caption in drawn])
    wrong_BL = ids(tokenizer, [nearly(caption, index) for index, (_, caption) in enumerate(drawn)], right_BL.shape[1])
    images_BCHW = pixels([image for image, _ in drawn])
    seconds = learn(model, objective(model, images_BCHW, right_BL, wrong_BL, lesson), lesson, work)
    first = (ranks(model.eval(), tokenizer) == 0).float().mean()
    say(f"clip: {seconds:.0f} s, right caption first among 64: {first:.3f}")
    return model
