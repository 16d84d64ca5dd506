"""The only door to huggingface_hub: what the Hub knows of a repo, its files, who is logged in, how a repo is changed.

Every function raises errors a user can act on. huggingface_hub is imported inside the functions: it reads `HF_ENDPOINT`
when it is imported, and `hubkit check` must answer without it. Tokens are found by huggingface_hub (`HF_TOKEN`,
`hf auth login`, OIDC); they are never printed.
"""

import hashlib
import json
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar
from urllib.parse import quote, urlsplit

from hubkit.errors import (
    AuthorisationError,
    BaseModelError,
    ConflictError,
    DatasetError,
    HubkitError,
    RecipeError,
    StoppedError,
)

if TYPE_CHECKING:
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

log = logging.getLogger(__name__)

Kind = Literal["model", "dataset"]
Content = bytes | Path
T = TypeVar("T")

MISSING: Final[Mapping[str, type[HubkitError]]] = {"model": BaseModelError, "dataset": DatasetError}
"""What it means that a repo we read from is not there."""

MANAGED: Final = frozenset({".gitattributes"})
"""Files the Hub writes itself; a release neither brings nor removes them."""

LOGIN_HELP: Final = (
    "log in with `hf auth login`, or set HF_TOKEN, or set HF_OIDC_RESOURCE in a CI job that may request an identity"
    " token (trusted publishing); to try it without an account, add `--hub local`"
)

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
BUSY: Final = frozenset({408, 429, 500, 502, 503, 504})
PATIENCE: Final = (1.0, 2.0, 4.0)
"""Seconds between attempts while the Hub answers that it is busy. An unreachable Hub is reported at once."""

LONGEST_WAIT: Final = 60.0


class UnavailableError(StoppedError):
    """The Hub cannot be reached, or was busy for too long. Whether the last request took effect is not known."""

    code = "HK7501"


@dataclass(frozen=True)
class RepoFacts:
    """A repo at one commit."""

    repo: str
    sha: str
    private: bool
    license: str | None
    license_name: str | None
    license_link: str | None
    files: Mapping[str, int]
    """Bytes of every file, by its path."""


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


@dataclass(frozen=True)
class RemoteFile:
    """A file as the Hub lists it: its git blob sha1, or its sha256 where the Hub keeps it outside git (LFS)."""

    size: int
    git_sha1: str
    sha256: str | None

    def holds(self, content: Content, sha256: str | None = None) -> bool:
        """Whether the Hub's file is this content, by size and hash; `sha256` is the content's, where it is known."""
        if self.size != (content.stat().st_size if isinstance(content, Path) else len(content)):
            return False
        if self.sha256:
            return self.sha256 == (sha256 or hashed(content, "sha256"))
        return self.git_sha1 == git_blob(content)


@dataclass(frozen=True)
class Account:
    """Who is logged in, and the namespaces they may write to."""

    name: str
    writable: tuple[str, ...]
    role: str
    """Of the token: 'write', 'read', 'fineGrained' or, through trusted publishing, ''."""


# ---------------------------------------------------------------------------------------------------- addresses


def endpoint() -> str:
    """The Hub's address, without a slash at its end."""
    from huggingface_hub import constants

    return str(constants.ENDPOINT)


def repo_url(repo: str, kind: Kind = "model", *, revision: str | None = None) -> str:
    """The page of a repo, or of its tree at one revision."""
    page = f"{endpoint()}/{'datasets/' if kind == 'dataset' else ''}{repo}"
    return f"{page}/tree/{quote(revision, safe='')}" if revision else page


def file_url(repo: str, revision: str, path: str, kind: Kind = "model") -> str:
    """Where one file of a repo is downloaded from."""
    return f"{repo_url(repo, kind)}/resolve/{quote(revision, safe='')}/{quote(path)}"


def is_local() -> bool:
    """Whether the Hub is one of this machine."""
    return urlsplit(endpoint()).hostname in LOOPBACK


def cache_folder() -> Path:
    """Where hubkit keeps what it makes of downloads: beside the client's own cache."""
    from huggingface_hub import constants

    return Path(constants.HF_HOME) / "hubkit"


def repo_cache(repo: str, kind: Kind) -> Path:
    """Where the client keeps what it downloads of one repo."""
    from huggingface_hub import constants
    from huggingface_hub.file_download import repo_folder_name

    return Path(constants.HF_HUB_CACHE) / repo_folder_name(repo_id=repo, repo_type=kind)


def api(token: str | None = None) -> "HfApi":
    """huggingface_hub's client."""
    from huggingface_hub import HfApi

    return HfApi(token=token)


# ---------------------------------------------------------------------------------------------------- reading


def resolve_model(repo: str, revision: str | None = None) -> RepoFacts:
    """A model repo at the commit a revision stands for. Raises BaseModelError, AuthorisationError, StoppedError."""
    return resolve(repo, revision, "model")


def resolve_dataset(repo: str, revision: str | None = None) -> RepoFacts:
    """A dataset repo at the commit a revision stands for. Raises DatasetError, AuthorisationError, StoppedError."""
    return resolve(repo, revision, "dataset")


def resolve(repo: str, revision: str | None, kind: Kind) -> RepoFacts:
    """A repo at the commit a revision stands for."""
    info: Any = _ask(
        lambda: api().repo_info(repo, revision=revision, repo_type=kind, files_metadata=True), repo, MISSING[kind]
    )
    said = info.card_data.to_dict() if info.card_data else {}
    tagged = next((tag.removeprefix("license:") for tag in info.tags or () if tag.startswith("license:")), None)
    return RepoFacts(
        repo=repo,
        sha=str(info.sha),
        private=bool(info.private),
        license=_one(said.get("license")) or tagged,
        license_name=_one(said.get("license_name")),
        license_link=_one(said.get("license_link")),
        files={file.rfilename: file.size or 0 for file in info.siblings or ()},
    )


def snapshot(
    repo: str, sha: str, *, kind: Kind = "model", allow: Iterable[str] | None = None, cache: Path | None = None
) -> Path:
    """The folder of a repo's files at one commit, downloaded into the client's cache, or into another.

    `allow` holds shell patterns; without it every file is wanted.
    """
    from huggingface_hub import snapshot_download

    patterns = list(allow) if allow is not None else None
    folder = _ask(
        lambda: snapshot_download(repo, revision=sha, repo_type=kind, allow_patterns=patterns, cache_dir=cache),
        repo,
        MISSING[kind],
    )
    return Path(folder)


def download(repo: str, sha: str, path: str, *, kind: Kind = "model") -> Path:
    """One file of a repo at one commit, in the client's cache."""
    from huggingface_hub import hf_hub_download

    return Path(_ask(lambda: hf_hub_download(repo, path, revision=sha, repo_type=kind), repo, MISSING[kind]))


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

    return _ask(listed, repo, MISSING[kind])


def head(repo: str, kind: Kind = "model", *, token: str | None = None) -> str | None:
    """The commit `main` stands at; None when there is no such repo, or none that we may see."""
    from huggingface_hub.errors import RepositoryNotFoundError

    def sha() -> str | None:
        try:
            return str(api(token).repo_info(repo, repo_type=kind, revision="main").sha)
        except RepositoryNotFoundError:
            return None

    return _ask(sha, repo, ConflictError)


def resolve_own(repo: str) -> RepoFacts | None:
    """A model repo we mean to write to, at its head; None when there is none yet, or none that we may see."""
    try:
        return resolve(repo, "main", "model")
    except BaseModelError:
        return None


def tags(repo: str) -> dict[str, str]:
    """The commit of every tag of a model repo."""
    refs = _ask(lambda: api().list_repo_refs(repo, repo_type="model"), repo, ConflictError)
    return {ref.name: ref.target_commit for ref in refs.tags}


# ---------------------------------------------------------------------------------------------------- identity


def whoami() -> str:
    """The name of whoever is logged in. Raises AuthorisationError."""
    return account().name


def account() -> Account:
    """Whoever is logged in. Raises AuthorisationError when nobody is, or when the token is not accepted."""
    from huggingface_hub.errors import LocalTokenNotFoundError, OIDCError

    _refuse_plain_http()
    try:
        said: dict[str, Any] = _ask(lambda: api().whoami(), "", AuthorisationError)
    except LocalTokenNotFoundError:
        raise AuthorisationError(f"nobody is logged in at {endpoint()}", help=LOGIN_HELP, code="HK801") from None
    except OIDCError as error:
        raise AuthorisationError(
            f"trusted publishing failed: {_line(error)}", help=f"or {LOGIN_HELP}", code="HK802"
        ) from None
    writing = {"admin", "write", "contributor"}
    orgs = [org["name"] for org in said.get("orgs", ()) if org.get("roleInOrg", "write") in writing]
    role = said.get("auth", {}).get("accessToken", {}).get("role", "")
    return Account(name=said["name"], writable=(said["name"], *orgs), role=role)


def check_repo_id(repo: str) -> None:
    """Refuse what the Hub does not take for a repo's name. Raises RecipeError."""
    from huggingface_hub.utils._validators import validate_repo_id

    with _errors(repo, RecipeError):
        validate_repo_id(repo)


def check_may_write(account: Account, repo: str) -> None:
    """Refuse a namespace or a token we cannot write with. Raises AuthorisationError.

    A fine-grained token is only fully known when it is used: what it may do on an existing repo is asked of the Hub.
    """
    namespace = repo.partition("/")[0]
    if account.role == "read":
        raise AuthorisationError(
            f"the token of {account.name} may only read",
            help="make one that may write, and log in with it",
            code="HK806",
        )
    if namespace not in account.writable and account.role != "admin":
        raise AuthorisationError(
            f"{account.name} may not write to {namespace}",
            help=f"publish to one of {', '.join(account.writable)} with --repo, or {LOGIN_HELP}",
            code="HK807",
        )
    if head(repo) is not None:
        _ask(lambda: api().auth_check(repo, write=True), repo, AuthorisationError)


def _refuse_plain_http() -> None:
    address = urlsplit(endpoint())
    if address.scheme != "https" and address.hostname not in LOOPBACK:
        raise AuthorisationError(
            f"{endpoint()} is not https: a token would travel in the clear",
            help="set HF_ENDPOINT to an https address, or to a Hub on this machine",
            code="HK805",
        )


# ---------------------------------------------------------------------------------------------------- writing


def create_repo(repo: str, kind: Kind = "model", *, private: bool = False, token: str | None = None) -> None:
    """Create a repo unless it is there. Its visibility is only decided here: an existing repo keeps its own."""
    _ask(lambda: api(token).create_repo(repo, repo_type=kind, private=private, exist_ok=True), repo, AuthorisationError)


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

    Raises ConflictError when `main` is no longer at `parent`, and UnavailableError when it is not known whether the
    commit was made: read the head then.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationCopy, CommitOperationDelete

    operations: list[CommitOperationAdd | CommitOperationCopy | CommitOperationDelete] = [
        *(CommitOperationAdd(path, content) for path, content in sorted(files.items())),
        *(CommitOperationDelete(path) for path in sorted(deletions)),
    ]
    try:
        with _errors(repo, AuthorisationError):
            done = api(token).create_commit(
                repo, operations, commit_message=message, repo_type=kind, parent_commit=parent, revision="main"
            )
    except ValueError as error:
        raise RecipeError(f"the Hub does not accept the commit to {repo}: {_line(error)}", code="HK283") from error
    return str(done.oid)


def put_tag(repo: str, tag: str, sha: str, message: str = "") -> None:
    """Tag a commit of a model repo. Raises ConflictError when the tag exists; tags never move."""
    with _errors(repo, AuthorisationError):
        api().create_tag(repo, tag=tag, revision=sha, tag_message=message or None)


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
    from huggingface_hub import DatasetCard, ModelCard

    cards = {"model": ModelCard, "dataset": DatasetCard}
    try:
        _ask(lambda: cards[kind](card).validate(kind), "", AuthorisationError)
    except ValueError as error:
        raise RecipeError(
            f"the Hub does not accept the card: {_reasons(error)}",
            help="the card's metadata come from the recipe and from the base model's and the dataset's own cards",
            code="HK280",
        ) from None


# ---------------------------------------------------------------------------------------------------- hashes


def hashed(content: Content, algorithm: str, prefix: bytes = b"") -> str:
    """The hash of bytes or of a file, in hexadecimal, with `prefix` before the content."""
    digest = hashlib.new(algorithm, prefix, usedforsecurity=False)
    if isinstance(content, bytes):
        digest.update(content)
        return digest.hexdigest()
    with content.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def git_blob(content: Content) -> str:
    """The sha1 git gives a file's content."""
    size = content.stat().st_size if isinstance(content, Path) else len(content)
    return hashed(content, "sha1", b"blob %d\0" % size)


# ---------------------------------------------------------------------------------------------------- errors


def _ask(call: Callable[[], T], repo: str, missing: type[HubkitError]) -> T:
    """Make a request that may safely be made again, and make it again while the Hub answers that it is busy."""
    from huggingface_hub.errors import HfHubHTTPError

    for pause in PATIENCE:
        try:
            with _errors(repo, missing):
                return call()
        except UnavailableError as error:
            if not isinstance(error.__cause__, HfHubHTTPError):
                raise
            seconds = min(_asked_to_wait(error.__cause__) or pause, LONGEST_WAIT)
            log.warning("the Hub is busy; trying again in %.0f s", seconds)
            time.sleep(seconds)
    with _errors(repo, missing):
        return call()


@contextmanager
def _errors(repo: str, missing: type[HubkitError]) -> Iterator[None]:
    """Turn what huggingface_hub raises into what a user can act on; `missing` is raised when there is no such repo."""
    import httpx2
    from huggingface_hub.errors import (
        BadRequestError,
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        RemoteEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    try:
        yield
    except GatedRepoError as error:
        raise AuthorisationError(
            f"{repo} is gated and we have no access to it",
            help=f"accept its conditions at {repo_url(repo)}, then {LOGIN_HELP}",
            code="HK803",
        ) from error
    except RepositoryNotFoundError as error:
        raise missing(
            f"there is no repo {repo!r} at {endpoint()}, or none that we may see",
            help=f"check the name; if it is private: {LOGIN_HELP}",
        ) from error
    except RevisionNotFoundError as error:
        raise missing(f"{repo} has no such revision", help=f"see {repo_url(repo)}/commits") from error
    except HFValidationError as error:
        raise RecipeError(f"{repo!r} is not a repo id: {_line(error)}", code="HK281") from error
    except RemoteEntryNotFoundError as error:
        raise missing(f"{repo} lacks a file: {_line(error)}") from error
    except BadRequestError:
        raise  # what was wrong is known to the caller only
    except HfHubHTTPError as error:
        raise _of_status(error, repo) from error
    except (httpx2.HTTPError, ConnectionError, TimeoutError, LocalEntryNotFoundError) as error:
        raise UnavailableError(
            f"the Hub at {endpoint()} cannot be reached: {_line(error)}",
            help="check the network, then run the same command again: it continues from here",
        ) from error


def _of_status(error: "HfHubHTTPError", repo: str) -> HubkitError:
    status = error.response.status_code if error.response is not None else 0
    said = (error.server_message or _line(error))[:200]
    if status in {401, 403}:
        return AuthorisationError(f"not allowed on {repo or endpoint()}: {said}", help=LOGIN_HELP, code="HK804")
    if status in {409, 412}:
        return ConflictError(
            f"{repo} was changed by somebody else meanwhile: {said}", help="run the same command again", code="HK901"
        )
    if status in BUSY:
        return UnavailableError(
            f"the Hub answers {status}: {said}", help="run the same command again later: it continues from here"
        )
    return HubkitError(f"the Hub answers {status} for {repo}: {said}")


def _asked_to_wait(error: "HfHubHTTPError") -> float | None:
    """Seconds, from `Retry-After` or from `RateLimit: "api";r=0;t=55`."""
    headers = error.response.headers
    if (after := headers.get("retry-after", "")).isdigit():
        return float(after)
    left = [part.removeprefix("t=") for part in headers.get("ratelimit", "").split(";") if part.startswith("t=")]
    return float(left[0]) + 1 if left and left[0].isdigit() else None


def _reasons(error: ValueError) -> str:
    """What the Hub's `validate-yaml` objects to, on one line."""
    try:
        said = json.loads(str(error))
        return "; ".join(str(fault["message"]) for fault in said["errors"])
    except (ValueError, KeyError, TypeError):
        return _line(error)


def _line(error: BaseException) -> str:
    """The first words of an error, on one line."""
    return " ".join(str(error).split())[:200] or type(error).__name__


def _one(value: Any) -> str | None:
    """A licence field may be a list; its first entry is meant."""
    first = value[0] if isinstance(value, list) and value else value
    return str(first) if first else None
