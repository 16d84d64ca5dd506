"""Which version a finished run would be, after what stands where it goes."""

from dataclasses import dataclass
from typing import Final

from hubkit.errors import RecipeError
from hubkit.finished import Finished
from hubkit.publishing import Bump, Lock, Past, Version, changes, demanded

FIRST: Final = "v0.1.0"


@dataclass(frozen=True)
class Next:
    """The least version that a release may have, and why."""

    model: str
    least: str
    last: str | None
    """The newest version that stands there."""
    why: str


def next_version(run: Finished) -> Next:
    """The least version of a finished run where its recipe publishes it. Raises as the target's `present` does."""
    target, name = run.recipe.publish, run.recipe.name
    now = target.present(name)
    last = now.last if now else None
    version = Version.parse(last.tag or "") if last else None
    if last is None or version is None:
        return Next(target.model_id(name), FIRST, None, "it is the first")
    bump, why = _demanded(version, last, Lock.of_folder(run.folder / "release"))
    return Next(target.model_id(name), version.bumped(bump), version.tag, why)


def _demanded(version: Version, last: Past, lock: Lock) -> tuple[Bump, str]:
    """The number that must grow. Of a release without a lock nothing is known, so anything may break."""
    if last.lock is None:
        return (Bump.MAJOR if version.core[0] else Bump.MINOR), f"{version.tag} has no lock to compare it with"
    return demanded(version, changes(last.lock, lock))


def check_version(tag: str) -> None:
    """Refuse what is no version. Raises RecipeError."""
    if not Version.parse(tag):
        raise RecipeError(
            f"{tag[:80]!r} is no version",
            help="such as v1.2.0 or v1.2.0-rc.1; `hubkit publish RUN --tag` takes any tag",
            code="HK253",
        )
