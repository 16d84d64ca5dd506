"""What metrics see of pictures: features, extracted once and kept.

A row is kept under the hash of its picture (or caption) and under who looked: the extractor, its revision and its
preprocessing. So a further metric, a resumed run or a set that overlaps another extracts only what nobody has seen yet.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from hubkit.errors import IntegrityError
from hubkit.extractors import Extractor
from hubkit.processes import meet, turn
from hubkit.progress import track
from hubkit.values import fingerprint, write_atomically

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

FORMAT: Final = 2
AT_ONCE: Final = 16
"""Pictures looked at together. Always as many: a result may depend on the size of its batch, not on its companions."""


@dataclass(frozen=True)
class Features:
    """What a metric sees of a set of pictures: their features (N, D), and those of their texts where the extractor
    knows words.
    """

    images: "Tensor"
    captions: "Tensor | None" = None
    paired: bool = False
    """Of real pictures: whether the k-th has the caption that the k-th drawn one was drawn for."""
    nearest: "Nearest | None" = None
    """For metrics that search: of each picture, the nearest of the training."""


@dataclass(frozen=True)
class Nearest:
    """Of each picture of a set, the training picture that is nearest to it. The training's mirrors are searched where
    the training saw such.
    """

    distances: "Tensor"
    """1 - cosine of the features, (N,), float64."""
    rows: Sequence[int]
    """In the dataset."""
    mirrored: Sequence[bool]
    """Whether it is nearest when mirrored."""


@dataclass(frozen=True)
class Look:
    """One picture to look at."""

    identity: str
    """The hash of what is seen."""
    name: str
    """Its file or row, as errors say it."""
    open: "Callable[[], Image]"


@dataclass(frozen=True)
class Shelf:
    """Features that were extracted before, each in the safetensors file of the batch it was extracted in."""

    folder: Path

    @classmethod
    def of(cls, run: Path) -> Self:
        """That of a run folder."""
        return cls(run / "features")

    def images(self, extractor: Extractor, looks: Sequence[Look]) -> "Tensor":
        """Features of pictures, (N, D), float32, in their order. Raises IntegrityError where one is not finite,
        TypeError for a picture that is not 8-bit RGB.
        """
        names = {look.identity: look.name for look in looks}
        known = {look.identity: look for look in looks}
        return self._rows(
            extractor, [look.identity for look in looks], names,
            lambda part: extractor.images([eight_bit(known[identity]) for identity in part]),
        )  # fmt: skip

    def captions(self, extractor: Extractor, captions: Sequence[str]) -> "Tensor":
        """Features of captions, (N, D), float32, in their order. Raises IntegrityError where one is not finite."""
        known = {caption_identity(caption): caption for caption in captions}
        return self._rows(
            extractor, list(map(caption_identity, captions)), known,
            lambda part: extractor.captions([known[identity] for identity in part]),
        )  # fmt: skip

    def kept(self, extractor: Extractor, wanted: Iterable[str]) -> "dict[str, Tensor]":
        """What was seen of these through an extractor, by the hash of what was seen."""
        return kept(self.folder / seen_by(extractor), wanted)

    def _rows(
        self, extractor: Extractor, identities: Sequence[str], names: Mapping[str, str],
        extract: "Callable[[Sequence[str]], Tensor]",
    ) -> "Tensor":  # fmt: skip
        import torch

        place = self.folder / seen_by(extractor)
        there = kept(place, identities)
        meet()  # nobody writes before all have read, or each would deal out something else
        lacking = [identity for identity in dict.fromkeys(identities) if identity not in there]
        first, stride = turn()
        starts = range(first * AT_ONCE, len(lacking), stride * AT_ONCE)
        for start in track(starts, f"looking through {extractor.name}", len(starts)):
            batch = lacking[start : start + AT_ONCE]
            whole = extract([*batch, *[batch[-1]] * (AT_ONCE - len(batch))])
            features = whole[: len(batch)].float().cpu().contiguous()
            check_finite(extractor, [names[identity] for identity in batch], features)
            keep(place, batch, features)
        meet()
        there = there | kept(place, lacking) if lacking else there
        return torch.stack([there[identity] for identity in identities]) if identities else torch.zeros(0, 0)


def seen_by(extractor: Extractor) -> str:
    """Who looked, and how: equal for equal features."""
    return fingerprint(FORMAT, extractor.source, extractor.revision, extractor.preprocessing)[:16]


def keep(place: Path, identities: Sequence[str], features: "Tensor") -> None:
    """Write a batch of rows, with whose they are and the hash that a damaged file does not have."""
    from safetensors.torch import save

    about = {"rows": json.dumps(list(identities)), "sha256": digest(features)}
    write_atomically(place / f"{fingerprint(list(identities))[:32]}.safetensors", save({"features": features}, about))


def kept(place: Path, wanted: Iterable[str]) -> "dict[str, Tensor]":
    """Those of the rows that lie whole in a folder. Only files that hold one of them are read: the features of a few
    hundred pictures may take gigabytes.
    """
    asked = set(wanted)
    return {
        identity: row.clone()
        for file in sorted(place.glob("*.safetensors"))
        for identity, row in zip(*_batch(file, asked), strict=False)
        if identity in asked
    }


def _batch(file: Path, asked: set[str]) -> "tuple[Sequence[str], Tensor | Sequence[Tensor]]":
    """The rows of one file and whose they are; none of a file that is damaged, or that holds nothing asked for."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="pt") as opened_file:
            about = opened_file.metadata() or {}
            rows = json.loads(about["rows"])
            if not asked.intersection(rows):
                return (), ()
            features = opened_file.get_tensor("features")
    except (SafetensorError, KeyError, ValueError):
        return (), ()
    return (rows, features) if len(rows) == len(features) and digest(features) == about.get("sha256") else ((), ())


def digest(features: "Tensor") -> str:
    """The hash of the numbers."""
    return hashlib.sha256(features.numpy().tobytes()).hexdigest()


def check_finite(extractor: Extractor, names: Sequence[str], features: "Tensor") -> None:
    """Refuse features that no metric can be computed from. Raises IntegrityError, with the first of them named."""
    for name, finite in zip(names, features.isfinite().all(dim=1), strict=True):
        if not finite:
            raise IntegrityError(f"{extractor.name} gives {name[:200]!r} features that are not finite")


def caption_identity(caption: str) -> str:
    """By which a caption's features are known."""
    return f"caption:{hashlib.sha256(caption.encode()).hexdigest()}"


def eight_bit(look: Look) -> "Image":
    """The picture as extractors take it: the range of a picture of floats would have to be guessed."""
    image = look.open()
    if image.mode != "RGB":
        raise TypeError(f"{look.name} has the mode {image.mode}; only 8-bit RGB is looked at")
    return image


def opened(file: Path) -> "Image":
    """A saved PNG as 8-bit RGB."""
    from PIL import Image

    with Image.open(file, formats=("PNG",)) as image:
        return image.convert("RGB")
