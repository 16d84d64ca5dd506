"""Which files stand in git and which as large files: what `.gitattributes` says, else their size and content."""

import fnmatch
import re
from functools import lru_cache
from typing import Literal

UploadMode = Literal["regular", "lfs"]
LARGEST_REGULAR_BYTES = 10 * 1024 * 1024
SAMPLE_BYTES = 512  # what a client sends of each file

_BINARY_SUFFIXES = (
    "7z arrow bin bz2 ckpt ftz gz h5 joblib lfs.* mlmodel model msgpack npy npz onnx ot parquet pb pickle pkl pt pth "
    "rar safetensors tar.* tar tflite tgz wasm xz zip zst"
)
# The file that the real Hub puts into a new repository.
DEFAULT_ATTRIBUTES = "".join(
    f"{pattern} filter=lfs diff=lfs merge=lfs -text\n"
    for pattern in [f"*.{suffix}" for suffix in _BINARY_SUFFIXES.split()] + ["saved_model/**/*", "*tfevents*"]
)


def upload_mode(path: str, size: int, sample: bytes, attributes: str) -> UploadMode:
    """How a file has to be sent. Empty files are always regular: LFS has no object for them."""
    if size == 0:
        return "regular"
    named = _mode_by_name(path, attributes)
    if named is not None:
        return named
    return "lfs" if size > LARGEST_REGULAR_BYTES or is_binary(sample) else "regular"


def is_binary(sample: bytes) -> bool:
    """Whether the start of a file is no text. A character cut off at the end of the sample is no evidence."""
    if b"\0" in sample:
        return True
    try:
        sample.decode()
    except UnicodeDecodeError as error:
        return len(sample) < SAMPLE_BYTES or error.start < len(sample) - 3
    return False


def _mode_by_name(path: str, attributes: str) -> UploadMode | None:
    """The last line that says anything about the path decides, as in git."""
    mode: UploadMode | None = None
    for pattern, line_mode in _rules(attributes):
        if pattern.fullmatch(path if "/" in pattern.pattern else path.rpartition("/")[2]):
            mode = line_mode
    return mode


@lru_cache(maxsize=256)
def _rules(attributes: str) -> tuple[tuple[re.Pattern[str], UploadMode], ...]:
    rules: list[tuple[re.Pattern[str], UploadMode]] = []
    for line in attributes.splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if "filter=lfs" in words[1:]:
            rules.append((_pattern(words[0]), "lfs"))
        elif {"-filter", "!filter"} & set(words[1:]):
            rules.append((_pattern(words[0]), "regular"))
    return tuple(rules)


def _pattern(glob: str) -> re.Pattern[str]:
    """A gitattributes glob: without a slash it is matched with the file's name alone; `**/` spans folders."""
    if "/" not in glob:
        return re.compile(fnmatch.translate(glob))
    parts = [".*" if part == "**" else _without_slashes(part) for part in glob.strip("/").split("/")]
    return re.compile("/".join(parts).replace(".*/", "(?:.*/)?"))


def _without_slashes(part: str) -> str:
    return "".join("[^/]*" if char == "*" else "[^/]" if char == "?" else re.escape(char) for char in part)


__all__ = ["DEFAULT_ATTRIBUTES", "UploadMode", "is_binary", "upload_mode"]
