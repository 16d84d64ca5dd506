"""The releases of a repo, from each version's tag over its lock to its source and its bytes: what does not hold?

Nothing large is downloaded: the Hub's listing has the hashes of large files, and small ones are read.
"""

import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from pydantic import Field

from hubkit import hub
from hubkit.errors import IntegrityError, RecipeError
from hubkit.publishing import CARD, SourceCode, StandingRelease, Version, newest, unlike
from hubkit.recipe.reading import read
from hubkit.releases.locating import tags_of
from hubkit.values import Record

RECIPE: Final = "recipe.toml"
COMMIT: Final = re.compile(r"[0-9a-f]{40}")
SOURCE_TAG: Final = re.compile(r"refs/tags/models/[A-Za-z0-9][A-Za-z0-9._-]{0,127}/(?P<version>[A-Za-z0-9._-]{1,40})")


class Audited(Record):
    """A version of a model, and what of it does not hold."""

    tag: str
    commit: str
    weights: str | None = Field(description="Equal for equal weights; none where there is no lock.")
    parent: str | None = Field(description="The release it was described to follow.")
    source: SourceCode | None = Field(description="Where it was made; none for a release made outside of a workflow.")
    faults: tuple[str, ...]


class Audit(Record):
    """What was found of a repo."""

    repo: str
    releases: tuple[Audited, ...]
    main: str = Field(description="What stands there, in words.")
    faults: tuple[str, ...] = Field(description="What is wrong with what stands there.")
    others: tuple[str, ...] = Field(description="Tags that are no versions: nobody looked at them.")

    @property
    def holds(self) -> bool:
        """Whether everything does."""
        return not self.faults and not any(one.faults for one in self.releases)


def audit(repo: str, checkout: Path | None = None) -> Audit:
    """Look at every version of a repo, oldest first, and at `main`.

    `checkout` is a clone of the repository that the releases come from: their commits and tags are looked for there.
    Raises RecipeError where there is no such repo, or no such clone.
    """
    tags = tags_of(repo)
    if checkout and _git(checkout, "rev-parse", "--git-dir") is None:
        raise RecipeError(f"{checkout} is no clone of a git repository", code="HK251")
    versions = sorted((one for tag in tags if (one := Version.parse(tag))), key=lambda version: version.rank)
    main, faults = _main(repo, tags)
    return Audit(
        repo=repo,
        releases=tuple(_audited(repo, version, tags, checkout) for version in versions),
        main=main,
        faults=faults,
        others=tuple(sorted(tags.keys() - {version.tag for version in versions})),
    )


def _audited(repo: str, version: Version, tags: Mapping[str, str], checkout: Path | None) -> Audited:
    commit = tags[version.tag]
    try:
        release = StandingRelease.at(repo, commit, version.tag)
    except IntegrityError as error:
        return Audited(
            tag=version.tag, commit=commit, weights=None, parent=None, source=None, faults=(error.faults[0].message,)
        )
    lock = release.lock
    return Audited(
        tag=version.tag,
        commit=commit,
        weights=lock.weights_id,
        parent=(lock.parent.tag or lock.parent.commit) if lock.parent else None,
        source=lock.source,
        faults=(
            *_tag_faults(release),
            *unlike(release, hub.tree(repo, commit)),
            *_recipe_faults(release),
            *_chain_faults(release, version, tags),
            *_source_faults(release, checkout),
        ),
    )


def _tag_faults(release: StandingRelease) -> Iterator[str]:
    """A tag is set by the publication that its lock was written for, and never moves."""
    said = release.lock.version
    if said != release.tag:
        yield f"the lock is that of {said}: the tag was moved" if said else "the lock is of no version: a tag by hand"


def _recipe_faults(release: StandingRelease) -> Iterator[str]:
    """The recipe stands in the release twice: as a file, and in the lock."""
    lock = release.lock
    if lock.files.get(RECIPE) != lock.recipe.sha256:
        yield f"{RECIPE} is not the recipe that the lock names"
        return
    content = release.content(RECIPE)
    if hub.hashed(content, "sha256") == lock.recipe.sha256 and _tables(content) != lock.recipe.tables:
        yield f"the lock tells another recipe than {RECIPE}"


def _tables(recipe: bytes) -> dict[str, Any] | None:
    """A recipe's tables; None for what none can be. It is read as a stranger's, within limits."""
    with TemporaryDirectory(prefix="hubkit-recipe-") as desk:
        path = Path(desk, RECIPE)
        path.write_bytes(recipe)
        try:
            return read(path)[0]
        except RecipeError:
            return None


def _chain_faults(release: StandingRelease, version: Version, tags: Mapping[str, str]) -> Iterator[str]:
    """A version follows the greatest one that is less than it, where that still stands."""
    if release.lock.version != version.tag:
        return  # it is another version's lock
    lower = [tag for tag in tags if (other := Version.parse(tag)) and other.rank < version.rank]
    before, parent = newest(lower), release.lock.parent
    said = parent.tag if parent else None
    if parent and said and Version.parse(said) and said not in tags:
        yield f"it follows {said}, whose tag is gone"
    elif parent and said and tags.get(said, parent.commit) != parent.commit:
        yield f"it follows {said} at {parent.commit[:12]}, and that tag was moved to {tags[said][:12]}"
    elif before and said != before.tag:
        yield f"it follows {said or (parent.commit[:12] if parent else 'nothing')}, not {before.tag}"


def _source_faults(release: StandingRelease, checkout: Path | None) -> Iterator[str]:
    """The commit, the tag and the run that a release says it was made by, as far as they can be known here."""
    source = release.lock.source
    if source is None:
        return
    tag = SOURCE_TAG.fullmatch(source.ref)
    if not COMMIT.fullmatch(source.commit):
        yield f"its source {source.commit[:60]!r} is no commit"
        return
    if not source.run_url.startswith(f"{source.server}/{source.repository}/actions/runs/"):
        yield f"its run {source.run_url[:120]!r} is none of {source.repository[:80]!r}"
    if tag and tag["version"] != release.tag:
        yield f"it was made for the source's tag {source.ref[:120]!r}"
    if checkout and _git(checkout, "cat-file", "-e", f"{source.commit}^{{commit}}") is None:
        yield f"its source has no commit {source.commit[:12]}"
    elif (
        checkout and tag and (stands := _git(checkout, "rev-parse", "-q", f"{source.ref}^{{commit}}")) != source.commit
    ):
        yield f"the source's tag {source.ref} stands at {(stands or 'nothing')[:12]}, not at {source.commit[:12]}"


def _git(checkout: Path, *arguments: str) -> str | None:
    """What git answers in a clone; None where it fails."""
    command = ["git", "-C", str(checkout), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - only hashes and tags
    return None if done.returncode else done.stdout.strip()


def _main(repo: str, tags: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """What stands on `main`, in words, and what is wrong with it. People may edit the card there."""
    head = hub.resolve_model(repo, "main").sha
    there = hub.tree(repo, head)
    if same := [tag for tag, commit in tags.items() if hub.same_files(hub.tree(repo, commit), there)]:
        version = newest(same)
        return version.tag if version else same[0], ()
    try:
        release = StandingRelease.at(repo, head)
    except IntegrityError as error:
        return f"no release ({head[:12]})", (error.faults[0].message,)
    wrong = list(unlike(release, there))
    edits = [fault for fault in wrong if fault.startswith(f"{CARD!r} is another")]
    said = f"the release {release.lock.version}" if release.lock.version else "a release without a version"
    edited = ", its card edited by hand" if edits else ""
    return f"{said}{edited} ({head[:12]})", tuple(fault for fault in wrong if fault not in edits)
