"""Where things are: the Hub, its repos and files, the caches, the client."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from huggingface_hub import HfApi

Kind = Literal["model", "dataset", "space"]

PREFIXES: Final[Mapping[Kind, str]] = {"model": "", "dataset": "datasets/", "space": "spaces/"}
"""What stands before a repo's id in its address."""

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


def endpoint() -> str:
    """The Hub's address, without a slash at its end."""
    from huggingface_hub import constants

    return str(constants.ENDPOINT)


def repo_url(repo: str, kind: Kind = "model", *, revision: str | None = None) -> str:
    """The page of a repo, or of its tree at one revision."""
    page = f"{endpoint()}/{PREFIXES[kind]}{repo}"
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
