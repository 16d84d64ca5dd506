"""The trigger lint: what the base's tokenizer makes of the token, and whether the prompts hold it.

A rare token is learnt faster: the base has little to forget about it (Ruiz et al., 2023, section 3.1).
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from hubkit.errors import DatasetError

if TYPE_CHECKING:
    from hubkit.families import Diffuser

COMMON: Final = 0.5
"""The first half of CLIP's vocabulary holds the words of everyday English; 'sks' stands at .98."""


def of_token(token: str, model: "Diffuser", *, text_encoder_learns: bool) -> Iterator[str]:
    """How many pieces the token is, and what a person should know of them."""
    pieces = model.pieces(token)
    spelled = " | ".join(piece.text for piece in pieces)
    if unknown := [piece.text for piece in pieces if not piece.known]:
        yield f"the token {token!r} holds pieces the tokenizer does not know: {', '.join(unknown)}"
    if len(pieces) == 1 and pieces[0].place < COMMON:
        yield f"the token {token!r} is a common word that already means something to the base; a rare one is better"
    elif len(pieces) == 1:
        yield f"the token {token!r} is one rare piece of the tokenizer's: good"
    else:
        slow = "" if text_encoder_learns else "; training the text encoder too would help it"
        yield f"the token {token!r} is {len(pieces)} pieces: {spelled}. A single, rare piece is learnt faster{slow}"


def of_prompts(prompts: Sequence[str], token: str, model: "Diffuser") -> Iterator[str]:
    """Whether the token is in the prompts, and not behind what the text encoder reads. Raises DatasetError when it is
    in none.
    """
    from hubkit.methods.dreambooth import holds

    there = [prompt for prompt in prompts if holds(prompt, token)]
    if not there:
        raise DatasetError(
            f"no caption holds the token {token!r}",
            help="put it into the captions, or into method.instance_prompt, such as '{caption}, " + token + " style'",
        )
    if len(there) < len(prompts):
        yield f"{len(prompts) - len(there)} of {len(prompts)} captions do not hold the token {token!r}"
    room = model.longest_caption - 2
    ends = [prompt.lower().rindex(token.lower()) + len(token) for prompt in there]
    behind = sum(len(model.pieces(prompt[:end])) > room for prompt, end in zip(there, ends, strict=True))
    if behind:
        yield f"in {behind} of {len(prompts)} captions the token comes after {room} tokens, where nothing is read"
