"""Go back: `main` gets the tree of an older release, in one commit that the Hub makes of what it has."""

from dataclasses import dataclass

from hubkit import hub
from hubkit.errors import IntegrityError, RecipeError
from hubkit.publishing import StandingRelease, newest, restore, verify_hashes
from hubkit.releases.locating import tags_of


@dataclass(frozen=True)
class Returned:
    """Where `main` is now, what it was, and what was found there."""

    release: StandingRelease
    commit: str
    before: str
    created: bool
    """False where it was there already."""
    found: str
    newest: str | None
    """The greatest version of the repo, which stays; the next one must be greater."""


def roll_back(repo: str, tag: str, reason: str = "") -> Returned:
    """Make `main` what it was at a tag, in one commit on top of the head that was seen; no tag moves.

    Raises RecipeError where there is no such tag, AuthorisationError, ConflictError where somebody else changed `main`
    meanwhile, and IntegrityError where the tag holds no release, or not the one its lock names.
    """
    tags = tags_of(repo)
    if tag not in tags:
        known = f"it has {', '.join(sorted(tags))}"[:300] if tags else "it has none"
        raise RecipeError(f"{repo} has no tag {tag[:80]!r}", help=known, code="HK250")
    hub.check_may_write(hub.account(), repo)
    release = StandingRelease.at(repo, tags[tag], tag)
    _check_is_its_own(release)
    verify_hashes(release, repo, release.commit)
    seen = hub.resolve_model(repo, "main").sha
    message = f"Roll back to {tag}" + (f": {' '.join(reason.split())}" if reason else "")
    placed = restore(repo, release.commit, seen, message)
    found = verify_hashes(release, repo, placed.commit)
    greatest = newest(list(tags))
    return Returned(release, placed.commit, seen, placed.created, found, greatest.tag if greatest else None)


def _check_is_its_own(release: StandingRelease) -> None:
    """Refuse a tag on another release than its lock was written for."""
    if release.lock.version not in {None, release.tag}:
        raise IntegrityError(
            f"the tag {release.tag} of {release.repo} holds the release {release.lock.version}: it was moved",
            help=f"look at all of them with `hubkit audit {release.repo}`",
            code="HK1012",
        )
