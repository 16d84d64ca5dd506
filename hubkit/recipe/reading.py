"""From a file to tables: the limits that keep a hostile file cheap, and the faults of the file as a whole."""

import re
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from hubkit.errors import Fault, RecipeError
from hubkit.recipe.places import Places
from hubkit.recipe.positions import TooDeepError, lines_of_keys
from hubkit.recipe.wording import SECRET, clipped

MAX_BYTES: Final = 64 * 1024
MAX_LINE: Final = 8 * 1024
_PLACE: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def read(path: Path) -> tuple[dict[str, Any], Places]:
    """The tables of a recipe's file and the places of their keys. Raises RecipeError where no more can be said."""
    text = _text(path)
    if faults := tuple(_line_faults(path, text)):
        raise RecipeError.of(faults)
    try:
        lines = lines_of_keys(text)
        return tomllib.loads(text), Places(str(path), lines)
    except TooDeepError as error:
        raise _refusal(f"{path}:{error.line}", "HK203", f"has {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(path, text, str(error)) from error
    except RecursionError as error:
        raise _refusal(str(path), "HK203", "has too many brackets within one another") from error
    except ValueError as error:
        raise _refusal(str(path), "HK203", "has a number of thousands of digits") from error


def _text(path: Path) -> str:
    """The file's text, with the line ends tomllib makes of it."""
    content = _bytes(path)
    if len(content) > MAX_BYTES:
        raise _refusal(str(path), "HK203", f"is larger than {MAX_BYTES // 1024} KiB; no recipe is")
    if content.startswith(b"\xef\xbb\xbf"):
        raise _refusal(f"{path}:1", "HK202", "begins with a byte order mark", "save it as UTF-8 without one")
    try:
        text = content.decode().replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _refusal(f"{path}:{line}", "HK202", "is not UTF-8", "save it as UTF-8") from error
    if not text.strip():
        raise _refusal(str(path), "HK202", "is empty", "copy a recipe from recipes/ to begin with")
    return text


def _bytes(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise _refusal(str(path), "HK201", "is a folder, not a recipe", _recipes_in(path))
        if path.exists() and not path.is_file():
            raise _refusal(str(path), "HK201", "is not a regular file")
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise _refusal(str(path), "HK201", "there is no such file", _near(path)) from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or str(error)
        raise _refusal(str(path), "HK201", f"cannot be read: {reason}") from error


def _recipes_in(folder: Path) -> str:
    names = sorted(path.name for path in folder.glob("*.toml"))
    return clipped("it holds " + ", ".join(names)) if names else ""


def _near(path: Path) -> str:
    if not path.parent.is_dir():
        return ""
    near = get_close_matches(path.stem, [other.stem for other in path.parent.glob("*.toml")], 1)
    return clipped(f"did you mean {path.parent / near[0]}.toml?", 200) if near else ""


def _line_faults(path: Path, text: str) -> "list[Fault]":
    """Lines too long to be meant, and lines that hold what must never stand in a recipe, comments included."""
    faults = []
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > MAX_LINE:
            faults.append(_fault(f"{path}:{number}", "HK203", f"is longer than {MAX_LINE // 1024} KiB in one line"))
        elif SECRET.search(line):
            faults.append(secret_fault(f"{path}:{number}"))
    return faults


def secret_fault(where: str) -> Fault:
    """An access token where no access token belongs. It is never repeated."""
    return _fault(
        where,
        "HK205",
        "holds what looks like an access token of the Hub",
        "take it out and make a new one at huggingface.co/settings/tokens, since this one was shared; "
        "hubkit finds it in HF_TOKEN or where `hf auth login` leaves it",
    )


def _syntax_error(path: Path, text: str, message: str) -> RecipeError:
    """What tomllib says, with its place in front."""
    found = _PLACE.search(message)
    line, column = found.groups() if found and found[1] else (str(len(text.rstrip("\n").split("\n"))), None)
    what = message[: found.start()] if found else message
    place = f"{path}:{line}:{column}" if column else f"{path}:{line}"
    if what == "Cannot overwrite a value":
        return _refusal(place, "HK204", "gives a key twice", "keep one of the two")
    if "twice" in what:
        return _refusal(place, "HK204", "gives a table twice", "put its keys together under one header")
    return _refusal(place, "HK204", f"is not TOML: {clipped(what)}")


def _fault(where: str, code: str, message: str, mend: str = "") -> Fault:
    return Fault(code, message, where=clipped(where, 200), help=mend)


def _refusal(where: str, code: str, message: str, mend: str = "") -> RecipeError:
    return RecipeError.of((_fault(where, code, message, mend),))
