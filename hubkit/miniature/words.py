"""A real CLIP byte-pair tokenizer, small: every caption word is one token, every other text is spelled in pieces."""

import json
import re
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Final

from transformers import CLIPTokenizer

from hubkit.miniature.broad import broad

START: Final = "<|startoftext|>"
END: Final = "<|endoftext|>"
CAPTIONS: Final = 20_000
RARE: Final = 3  # a word seen less often stays in pieces

Word = tuple[str, ...]


def byte_alphabet() -> list[str]:
    """The 256 printable characters that stand for bytes in GPT-2's and CLIP's vocabularies, in CLIP's order."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [256 + place for place in range(256 - len(printable))]
    return [chr(code) for code in printable + others]


def captions(count: int = CAPTIONS) -> list[str]:
    """Captions of the broad world, half of them of portraits."""
    return [broad(index, portraits=0.5)[1] for index in range(count)]


def merges(texts: Iterable[str]) -> list[tuple[str, str]]:
    """Byte-pair merges, the commonest pair first, until every frequent word is one token."""
    counts = Counter(word for text in texts for word in re.findall(r"[a-z]+", text.lower()))
    words: dict[Word, int] = {(*word[:-1], f"{word[-1]}</w>"): n for word, n in counts.items() if n >= RARE}
    found = []
    while pairs := _pairs(words):
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        found.append(best)
        words = {_merged(word, best): count for word, count in words.items()}
    return found


def _pairs(words: dict[Word, int]) -> Counter[tuple[str, str]]:
    pairs: Counter[tuple[str, str]] = Counter()
    for word, count in words.items():
        for pair in pairwise(word):
            pairs[pair] += count
    return pairs


def _merged(word: Word, pair: tuple[str, str]) -> Word:
    pieces: list[str] = []
    for piece in word:
        if pieces and (pieces[-1], piece) == pair:
            pieces[-1] += piece
        else:
            pieces.append(piece)
    return tuple(pieces)


def tokenizer(folder: Path) -> CLIPTokenizer:
    """Writes vocab.json and merges.txt to a folder and loads them as a CLIPTokenizer."""
    folder.mkdir(parents=True, exist_ok=True)
    alphabet, found = byte_alphabet(), merges(captions())
    tokens = [*alphabet, *(f"{letter}</w>" for letter in alphabet), *(first + second for first, second in found)]
    vocabulary = {token: place for place, token in enumerate(dict.fromkeys([*tokens, START, END]))}
    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False))
    lines = ["#version: 0.2", *(" ".join(pair) for pair in found)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n")
    return CLIPTokenizer.from_pretrained(folder, model_max_length=77)
