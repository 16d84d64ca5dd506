"""A row of the workflow's matrix: one recipe to train, as it travels from job to job.

Whatever a row holds is checked when it is made, since it is made of file names, tags and what somebody typed.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Self

from hubkit.errors import Fault, RecipeError

STEM: Final = r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}(?:\.[A-Za-z0-9_-]{1,31}){0,3}"
"""Of a recipe's file: what is safe as a tag, a group's name and a file's name alike."""

RECIPE: Final = re.compile(rf"recipes/({STEM})\.toml")
VERSION: Final = r"v(?:0|[1-9]\d{0,8})\.(?:0|[1-9]\d{0,8})\.(?:0|[1-9]\d{0,8})"
TAG: Final = re.compile(rf"models/({STEM})/({VERSION})")
"""`models/<recipe>/vX.Y.Z`: a tag of the source names the recipe and the version it releases."""

LONGEST_DAYS: Final = 4
"""GitHub ends a job on one's own runner after five days; the rest is for what comes after the training."""

PATTERNS: Final = {
    "recipe": RECIPE,
    "stem": re.compile(STEM),
    "name": re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}"),
    "repo": re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}"),
    "version": re.compile(rf"(?:{VERSION})?"),
    "run": re.compile(r"\d{0,20}"),
    "accept": re.compile(r"[^\x00-\x1f\x7f]{0,300}"),
}
RANGES: Final = {"minutes": (1, LONGEST_DAYS * 24 * 60), "step": (0, 10**9), "attempt": (1, 48)}
HELP: Final = {
    "recipe": "a recipe the workflow trains lies in recipes/ and is named with letters, digits, '-', '_' and '.'",
    "minutes": f"at least 1, at most {LONGEST_DAYS} days; a longer training goes on in another run by itself",
    "attempt": "it was stopped too often: look at why it does not get ahead, then start it again by hand",
    "run": "the number in the address of a run of this workflow",
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One recipe to train and publish. Raises RecipeError when a field holds what it must not."""

    recipe: str
    """The recipe's file, such as 'recipes/naruto.toml'."""
    stem: str
    """Its name without folder and ending: what artifacts and groups are named after."""
    name: str
    """The recipe's `name`: the run folder's."""
    repo: str
    """Where it will be published: 'namespace/name'."""
    version: str = ""
    """'vX.Y.Z' where a tag asks for a release."""
    minutes: int = 300
    """The training stops itself after these, with a checkpoint, and goes on in another run."""
    accept: str = ""
    """Why to publish although a gate is not met; nothing: it is not."""
    run: str = ""
    """The workflow run whose checkpoint to go on from."""
    step: int = 0
    """The step that checkpoint must at least have."""
    attempt: int = 1
    """1 in the run that began the training, one more in each that goes on with it."""

    def __post_init__(self) -> None:
        faults = [
            _fault(key, getattr(self, key))
            for key, pattern in PATTERNS.items()
            if not isinstance(getattr(self, key), str) or not pattern.fullmatch(getattr(self, key))
        ]
        faults += [
            _fault(key, getattr(self, key))
            for key, (least, most) in RANGES.items()
            if type(getattr(self, key)) is not int or not least <= getattr(self, key) <= most
        ]
        if faults:
            raise RecipeError.of(tuple(faults))

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Self:
        """A row from parsed JSON; unknown keys are refused, numbers may come as text."""
        known = {field.name for field in fields(cls)}
        if unknown := sorted(values.keys() - known):
            raise RecipeError(f"a row has no {unknown[0][:80]!r}", code="HK240")
        given = {key: _number(value) if key in RANGES else value for key, value in values.items()}
        if missing := sorted({"recipe", "stem", "name", "repo"} - given.keys()):
            raise RecipeError(f"a row lacks {missing[0]!r}", code="HK240")
        return cls(**given)

    def values(self) -> dict[str, Any]:
        """The row as JSON has it."""
        return asdict(self)


def stem_of(recipe: str) -> str:
    """The name of a recipe's file without folder and ending. Raises RecipeError for a file the workflow cannot name."""
    found = RECIPE.fullmatch(recipe)
    if not found:
        raise RecipeError.of((_fault("recipe", recipe),))
    return found[1]


def matrix(rows: Iterable[Row]) -> str:
    """Rows as the JSON of a job's `strategy.matrix`, on one line."""
    return json.dumps({"include": [row.values() for row in rows]})


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, str) and re.fullmatch(r"\d{1,9}", value) else value


def _fault(key: str, value: Any) -> Fault:
    return Fault("HK240", f"{key} cannot be {str(value)[:80]!r}", help=HELP.get(key, ""))
