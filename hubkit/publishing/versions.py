"""The version of a model, held against the difference to the release before it.

Semantic Versioning, read for weights: major where code that loads the model may break, minor for new weights, patch
where the weights are the same. Below 1.0.0 a minor version may break.
"""

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Self

from hubkit.errors import ConflictError
from hubkit.publishing.changes import Changes

FORM: Final = re.compile(r"(?P<v>v?)(?P<core>\d+\.\d+\.\d+)(?:-(?P<pre>[0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?")


class Bump(IntEnum):
    """Which number of a version grows."""

    PATCH = 2
    MINOR = 1
    MAJOR = 0


@dataclass(frozen=True)
class Version:
    """A semantic version, as a tag says it."""

    tag: str
    core: tuple[int, int, int]
    pre: str = ""

    @classmethod
    def parse(cls, tag: str) -> Self | None:
        """The version of a tag such as `v1.2.0` or `v1.2.0-rc.1`; None where it says none."""
        said = FORM.fullmatch(tag)
        if not said:
            return None
        major, minor, patch = map(int, said["core"].split("."))
        return cls(tag, (major, minor, patch), said["pre"] or "")

    @property
    def rank(self) -> tuple[object, ...]:
        """Orders versions: numbers count as numbers, and a release comes after its own previews (SemVer 2.0, 11)."""
        parts = tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in self.pre.split("."))
        return (self.core, not self.pre, parts)

    def bumped(self, bump: Bump) -> str:
        """The tag of the next version."""
        numbers = [*self.core[:bump], self.core[bump] + 1, 0, 0][:3]
        return f"{'v' if self.tag.startswith('v') else ''}{'.'.join(map(str, numbers))}"

    def bump_from(self, last: "Version") -> Bump:
        """The first number that grew since `last`."""
        return Bump(next(place for place in range(3) if self.core[place] != last.core[place]))


def newest(tags: list[str]) -> Version | None:
    """The highest version among tags, previews left out."""
    versions = [version for tag in tags if (version := Version.parse(tag)) and not version.pre]
    return max(versions, key=lambda version: version.rank, default=None)


def demanded(last: Version, changes: Changes) -> tuple[Bump, str]:
    """The least that must grow after `last`, and why."""
    if changes.interface:
        broken = "; ".join(f"{one.what}: {one.before} -> {one.after}" for one in changes.interface)
        return (Bump.MAJOR if last.core[0] else Bump.MINOR), f"code that loads the model may break ({broken})"
    if changes.weights:
        return Bump.MINOR, "the weights are new"
    return Bump.PATCH, "the weights are the same"


def hold(tag: str, last: str, changes: Changes) -> None:
    """Refuse a version that is not greater than the last, or that promises more likeness than there is.

    Tags that are no versions are nobody's promise. Raises ConflictError.
    """
    version, before = Version.parse(tag), Version.parse(last)
    if version is None or before is None:
        return
    check_greater(version, before)
    bump, why = demanded(before, changes)
    if version.core != before.core and version.bump_from(before) > bump:
        raise ConflictError(
            f"{tag} after {last} is too small a step: {why}",
            help=f"the next version is {before.bumped(bump)}",
            code="HK906",
        )


def check_greater(version: Version, last: Version) -> None:
    """Refuse a version that is not greater than the last. Raises ConflictError."""
    if not version.rank > last.rank:
        raise ConflictError(
            f"{version.tag} is not greater than {last.tag}, the newest version there",
            help=f"versions only grow: {', '.join(map(last.bumped, sorted(Bump, reverse=True)))}",
            code="HK907",
        )
