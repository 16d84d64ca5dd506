"""How recipes are spoken of: values that nobody vouches for, keys, and what a key may hold."""

import re
from typing import Any, Final

from hubkit.recipe.positions import KeyPath, value_at

LONGEST: Final = 80
SECRET: Final = re.compile(r"hf_[A-Za-z0-9]{20,}")
"""What an access token of the Hub looks like."""


def shown(value: Any) -> str:
    """A value of the recipe, fit for a terminal: on one line, without control characters or tokens, cut."""
    if isinstance(value, bool):
        return str(value).lower()
    try:
        return clipped(repr(value) if isinstance(value, str | int | float | list | dict) else str(value))
    except ValueError:  # Python refuses to write out a number of thousands of digits
        return "a number of thousands of digits"


def clipped(text: str, longest: int = LONGEST) -> str:
    """Text fit for a terminal: without control characters or tokens, cut."""
    readable = "".join(character if character.isprintable() else "?" for character in text[: 2 * longest])
    masked = SECRET.sub("hf_***", readable)
    return masked if len(masked) <= longest and len(text) <= 2 * longest else masked[: longest - 1] + "…"


def dotted(path: KeyPath, tables: Any) -> str:
    """A key as `--set` addresses it: 'training.steps', 'metrics.kid.gate'."""
    words = [_word(path[: depth + 1], tables) for depth in range(len(path))]
    return clipped(".".join(words))


def _word(path: KeyPath, tables: Any) -> str:
    """The last key of `path`; for a table in an array its kind."""
    kind = value_at((*path, "kind"), tables) if isinstance(path[-1], int) else None
    return kind if isinstance(kind, str) else str(path[-1])


def in_words(allowed: dict[str, Any]) -> str:
    """What a key may hold, from its JSON Schema: 'a whole number from 1 on'."""
    if "const" in allowed:
        return shown(allowed["const"])
    if "enum" in allowed:
        return "one of " + ", ".join(shown(value) for value in allowed["enum"])
    if "items" in allowed:
        return f"an array, each item {in_words(allowed['items'])}" + _length(allowed)
    return _NOUNS.get(allowed.get("type", ""), "a table") + _limits(allowed) + _length(allowed)


_NOUNS: Final = {
    "integer": "a whole number",
    "number": "a finite number",
    "string": "text",
    "boolean": "true or false",
}


def _limits(allowed: dict[str, Any]) -> str:
    lowest, above = allowed.get("minimum"), allowed.get("exclusiveMinimum")
    highest, below = allowed.get("maximum"), allowed.get("exclusiveMaximum")
    step = f", a multiple of {allowed['multipleOf']}" if "multipleOf" in allowed else ""
    if (lowest, above) == (None, None) or (highest, below) == (None, None):
        bounds = ((" from {} on", lowest), (" above {}", above), (" up to {}", highest), (" below {}", below))
        return "".join(words.format(bound) for words, bound in bounds if bound is not None) + step
    left = f"[{lowest}" if above is None else f"({above}"
    right = f"{highest}]" if below is None else f"{below})"
    return f" in {left}, {right}{step}"


def _length(allowed: dict[str, Any]) -> str:
    for unit, least, most in (("items", "minItems", "maxItems"), ("characters", "minLength", "maxLength")):
        if least in allowed and most in allowed:
            return f" ({allowed[least]} to {allowed[most]} {unit})"
        if least in allowed:
            return f" (at least {allowed[least]} {unit})"
        if most in allowed:
            return f" (at most {allowed[most]} {unit})"
    return ""
