"""What the Hub knows of a repo at one commit, and its files."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hubkit.errors import BaseModelError, ConflictError, RecipeError
from hubkit.hub.addresses import Kind, api
from hubkit.hub.asking import MISSING, ask
from hubkit.hub.files import RemoteFile

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class RepoFacts:
    """A repo at one commit."""

    repo: str
    sha: str
    private: bool
    license: str | None
    license_name: str | None
    license_link: str | None
    tags: frozenset[str]
    """As the Hub lists them: those of its card, and those it gives itself."""
    files: Mapping[str, int]
    """Bytes of every file, by its path."""
    languages: tuple[str, ...] = ()
    """Codes of the languages that the card names."""


def agreed_license(repo: str, card: str | None, recipe: str | None) -> str | None:
    """The licence of what a repo or folder holds: its card's; the recipe's where its card says none.

    Raises RecipeError where they differ: a recipe cannot change another's terms.
    """
    if card and recipe and card.lower() != recipe.lower():
        raise RecipeError(
            f"the recipe states the licence {recipe!r} for {repo}, whose own card says {card!r}",
            help="leave it out of the recipe: it is for where the card says none",
            code="HK284",
        )
    return card or recipe


def resolve_model(repo: str, revision: str | None = None) -> RepoFacts:
    """A model repo at the commit a revision stands for. Raises BaseModelError, AuthorisationError, StoppedError."""
    return resolve(repo, revision, "model")


def resolve_dataset(repo: str, revision: str | None = None) -> RepoFacts:
    """A dataset repo at the commit a revision stands for. Raises DatasetError, AuthorisationError, StoppedError."""
    return resolve(repo, revision, "dataset")


def resolve(repo: str, revision: str | None, kind: Kind) -> RepoFacts:
    """A repo at the commit a revision stands for."""
    info: Any = ask(
        lambda: api().repo_info(repo, revision=revision, repo_type=kind, files_metadata=True), repo, MISSING[kind]
    )
    said = info.card_data.to_dict() if info.card_data else {}
    tagged = next((tag.removeprefix("license:") for tag in info.tags or () if tag.startswith("license:")), None)
    return RepoFacts(
        repo=repo,
        sha=str(info.sha),
        private=bool(info.private),
        license=first_of(said.get("license")) or tagged,
        license_name=first_of(said.get("license_name")),
        license_link=first_of(said.get("license_link")),
        tags=frozenset(info.tags or ()),
        files={file.rfilename: file.size or 0 for file in info.siblings or ()},
        languages=languages(said.get("language")),
    )


def languages(said: Any) -> tuple[str, ...]:
    """What a card names as its language or languages, as far as it is a code (ISO 639)."""
    found = said if isinstance(said, list) else [said]
    return tuple(dict.fromkeys(one for one in found if isinstance(one, str) and re.fullmatch(r"[a-z]{2,3}", one)))


def snapshot(
    repo: str, sha: str, *, kind: Kind = "model", allow: Iterable[str] | None = None, cache: Path | None = None
) -> Path:
    """The folder of a repo's files at one commit, downloaded into the client's cache, or into another.

    `allow` holds shell patterns; without it every file is wanted.
    """
    from huggingface_hub import snapshot_download

    patterns = list(allow) if allow is not None else None
    folder = ask(
        lambda: snapshot_download(repo, revision=sha, repo_type=kind, allow_patterns=patterns, cache_dir=cache),
        repo,
        MISSING[kind],
    )
    return Path(folder)


def tree(repo: str, revision: str, kind: Kind = "model", *, token: str | None = None) -> dict[str, RemoteFile]:
    """Every file of a repo at one revision, as the Hub lists it."""
    from huggingface_hub.hf_api import RepoFile

    def listed() -> dict[str, RemoteFile]:
        entries = api(token).list_repo_tree(repo, revision=revision, repo_type=kind, recursive=True)
        return {
            entry.path: RemoteFile(entry.size, entry.blob_id, entry.lfs.sha256 if entry.lfs else None)
            for entry in entries
            if isinstance(entry, RepoFile)
        }

    return ask(listed, repo, MISSING[kind])


def head(repo: str, kind: Kind = "model", *, revision: str = "main", token: str | None = None) -> str | None:
    """The commit that `main`, or another revision, stands at; None when there is no such repo, or none that we may
    see.
    """
    from huggingface_hub.errors import RepositoryNotFoundError

    def sha() -> str | None:
        try:
            return str(api(token).repo_info(repo, repo_type=kind, revision=revision).sha)
        except RepositoryNotFoundError:
            return None

    return ask(sha, repo, ConflictError)


def resolve_own(repo: str) -> RepoFacts | None:
    """A model repo we mean to write to, at its head; None when there is none yet, or none that we may see."""
    try:
        return resolve(repo, "main", "model")
    except BaseModelError:
        return None


def tags(repo: str) -> dict[str, str]:
    """The commit of every tag of a model repo."""
    refs = ask(lambda: api().list_repo_refs(repo, repo_type="model"), repo, ConflictError)
    return {ref.name: ref.target_commit for ref in refs.tags}


def read(repo: str, revision: str, path: str) -> bytes:
    """The content of a file of a model repo, which its reader knows to be small."""
    from huggingface_hub import hf_hub_download

    return Path(ask(lambda: hf_hub_download(repo, path, revision=revision), repo, ConflictError)).read_bytes()


def first_of(value: Any) -> str | None:
    """A licence field may be a list; its first entry is meant."""
    first = value[0] if isinstance(value, list) and value else value
    return str(first) if first else None
