"""Which release is meant by `REPO[@TAG]`."""

from hubkit import hub
from hubkit.errors import ConflictError, RecipeError
from hubkit.publishing import StandingRelease, newest


def locate(address: str) -> StandingRelease:
    """The release at `namespace/name[@revision]`: at a tag, a branch or a commit; by default at the newest version, and
    at `main` where there is none.

    Raises RecipeError where there is no such repo or revision, IntegrityError where that is no release.
    """
    repo, _, revision = address.partition("@")
    tags = tags_of(repo)
    version = newest(list(tags))
    revision = revision or (version.tag if version else "main")
    if revision in tags:
        return StandingRelease.at(repo, tags[revision], revision)
    return StandingRelease.at(repo, _commit(repo, revision, tags))


def tags_of(repo: str) -> dict[str, str]:
    """The commit of every tag of a repo. Raises RecipeError where there is no such repo."""
    hub.check_repo_id(repo)
    if "/" not in repo or hub.head(repo) is None:
        raise RecipeError(
            f"there is no model {repo!r} at {hub.endpoint()}, or none that we may see",
            help="a release is named as namespace/name, or namespace/name@v1.0.0; `--hub local` means the local Hub",
            code="HK250",
        )
    return hub.tags(repo)


def _commit(repo: str, revision: str, tags: dict[str, str]) -> str:
    try:
        commit = hub.head(repo, revision=revision)
    except ConflictError:
        commit = None
    if commit is None:
        known = f"it has {', '.join(sorted(tags))}" if tags else "it has no tags"
        raise RecipeError(f"{repo} has no {revision[:80]!r}", help=known[:300], code="HK250")
    return commit
