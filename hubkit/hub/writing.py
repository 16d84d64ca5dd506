"""Changing a repo: in one commit, on top of the head that was seen."""

import json
import warnings
from collections.abc import Iterable, Mapping
from typing import Final

from hubkit.errors import AuthorisationError, ConflictError, IntegrityError, RecipeError
from hubkit.hub.addresses import Kind, api
from hubkit.hub.asking import ask, first_words, once
from hubkit.hub.files import MANAGED, Content, RemoteFile
from hubkit.hub.reading import head, tree

# A table in a model's repo is meant: the rows that its scores are computed from.
warnings.filterwarnings("ignore", message="It seems that you are about to commit a data file")

LOST: Final = "pointed to a file that does not exist"
"""What the Hub says of a commit whose large files it does not have."""


def create_repo(repo: str, kind: Kind = "model", *, private: bool = False, token: str | None = None) -> None:
    """Create a repo unless it is there. Its visibility is only decided here: an existing repo keeps its own."""
    sdk = "gradio" if kind == "space" else None
    ask(
        lambda: api(token).create_repo(repo, repo_type=kind, private=private, exist_ok=True, space_sdk=sdk),
        repo,
        AuthorisationError,
    )


def commit(
    repo: str,
    files: Mapping[str, Content],
    *,
    deletions: Iterable[str] = (),
    message: str,
    parent: str,
    kind: Kind = "model",
    token: str | None = None,
) -> str:
    """One commit on top of `parent`; its sha. It is sent once.

    Raises ConflictError when `main` is no longer at `parent`, IntegrityError when the Hub has lost what was uploaded,
    and UnavailableError when it is not known whether the commit was made: read the head then.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationCopy, CommitOperationDelete

    operations: list[CommitOperationAdd | CommitOperationCopy | CommitOperationDelete] = [
        *(CommitOperationAdd(path, content) for path, content in sorted(files.items())),
        *(CommitOperationDelete(path) for path in sorted(deletions)),
    ]
    try:
        done = once(
            lambda: api(token).create_commit(
                repo, operations, commit_message=message, repo_type=kind, parent_commit=parent, revision="main"
            ),
            repo,
            AuthorisationError,
        )
    except ValueError as error:
        if LOST in str(error):
            raise IntegrityError(
                f"{repo} lacks what was uploaded to it: {first_words(error)}",
                help="nothing was published; run the same command again: it is uploaded anew",
                code="HK1030",
            ) from error
        raise RecipeError(
            f"the Hub does not accept the commit to {repo}: {first_words(error)}", code="HK283"
        ) from error
    return str(done.oid)


def copy_tree(repo: str, source: str | None, *, onto: str, message: str) -> str:
    """One commit on top of `onto`, after which `main` of a model repo has the tree of another of its commits, or an
    empty one; its sha. It is sent once, and large files stay where they are. Raises as `commit` does.
    """
    from huggingface_hub import CommitOperationCopy, CommitOperationDelete

    there = tree(repo, onto)
    wanted = tree(repo, source) if source else {}
    operations: list[CommitOperationCopy | CommitOperationDelete] = [
        *(
            CommitOperationCopy(path, path, src_revision=source)
            for path, file in sorted(wanted.items())
            if path not in MANAGED and not (path in there and file.is_same(there[path]))
        ),
        *(CommitOperationDelete(path) for path in sorted(there.keys() - wanted.keys() - MANAGED)),
    ]
    done = once(
        lambda: api().create_commit(repo, operations, commit_message=message, parent_commit=onto, revision="main"),
        repo,
        AuthorisationError,
    )
    return str(done.oid)


def put_tag(repo: str, tag: str, sha: str, message: str = "") -> None:
    """Tag a commit of a model repo. Raises ConflictError when the tag exists; tags never move."""
    once(lambda: api().create_tag(repo, tag=tag, revision=sha, tag_message=message or None), repo, AuthorisationError)


def put_repo(
    repo: str,
    kind: Kind,
    files: Mapping[str, Content],
    message: str,
    *,
    token: str | None = None,
    private: bool = False,
) -> str:
    """Make a repo's tree exactly `files`; the commit `main` then stands at.

    The repo is created when it is missing, and no commit is made when the tree is already right.
    """
    create_repo(repo, kind, private=private, token=token)
    parent = head(repo, kind, token=token)
    if parent is None:
        raise ConflictError(f"{repo} was created but is not there", code="HK904")
    there = tree(repo, parent, kind, token=token)
    changed, stale = difference(files, there)
    if not changed and not stale:
        return parent
    return commit(repo, changed, deletions=stale, message=message, parent=parent, kind=kind, token=token)


def difference(
    files: Mapping[str, Content], there: Mapping[str, RemoteFile], known: Mapping[str, str] | None = None
) -> tuple[dict[str, Content], tuple[str, ...]]:
    """What must be added or replaced, and what must be deleted, for a tree to hold exactly `files`.

    `known` holds the sha256 of files that were hashed before: gigabytes are not read again for each comparison. What
    the Hub manages itself is left alone.
    """
    hashes = known or {}
    changed = {
        path: content
        for path, content in files.items()
        if path not in there or not there[path].holds(content, hashes.get(path))
    }
    return changed, tuple(path for path in there if path not in files and path not in MANAGED)


def validate_card(card: str, kind: Kind = "model") -> None:
    """Ask the Hub whether it accepts a card's metadata. Raises RecipeError with what it says."""
    from huggingface_hub import DatasetCard, ModelCard, SpaceCard

    cards = {"model": ModelCard, "dataset": DatasetCard, "space": SpaceCard}
    try:
        ask(lambda: cards[kind](card).validate(kind), "", AuthorisationError)
    except ValueError as error:
        raise RecipeError(
            f"the Hub does not accept the card: {_reasons(error)}",
            help="the card's metadata come from the recipe and from the base model's and the dataset's own cards",
            code="HK280",
        ) from None


def _reasons(error: ValueError) -> str:
    """What the Hub's `validate-yaml` objects to, on one line."""
    try:
        said = json.loads(str(error))
        return "; ".join(str(fault["message"]) for fault in said["errors"])
    except (ValueError, KeyError, TypeError):
        return first_words(error)
