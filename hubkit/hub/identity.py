"""Who is logged in, and what they may write to."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from hubkit.errors import AuthorisationError, RecipeError
from hubkit.hub.addresses import LOOPBACK, Kind, api, endpoint
from hubkit.hub.asking import LOGIN_HELP, ask, first_words, told
from hubkit.hub.reading import head

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class Account:
    """Who is logged in, and the namespaces they may write to."""

    name: str
    writable: tuple[str, ...]
    role: str
    """Of the token: 'write', 'read', 'fineGrained' or, through trusted publishing, ''."""


def whoami() -> str:
    """The name of whoever is logged in. Raises AuthorisationError."""
    return account().name


def account() -> Account:
    """Whoever is logged in. Raises AuthorisationError when nobody is, or when the token is not accepted."""
    from huggingface_hub.errors import LocalTokenNotFoundError, OIDCError

    _refuse_plain_http()
    try:
        said: dict[str, Any] = ask(lambda: api().whoami(), "", AuthorisationError)
    except LocalTokenNotFoundError:
        raise AuthorisationError(f"nobody is logged in at {endpoint()}", help=LOGIN_HELP, code="HK801") from None
    except OIDCError as error:
        raise AuthorisationError(
            f"trusted publishing failed: {first_words(error)}", help=f"or {LOGIN_HELP}", code="HK802"
        ) from None
    writing = {"admin", "write", "contributor"}
    orgs = [org["name"] for org in said.get("orgs", ()) if org.get("roleInOrg", "write") in writing]
    role = said.get("auth", {}).get("accessToken", {}).get("role", "")
    return Account(name=said["name"], writable=(said["name"], *orgs), role=role)


def check_repo_id(repo: str) -> None:
    """Refuse what the Hub does not take for a repo's name. Raises RecipeError."""
    from huggingface_hub.utils._validators import validate_repo_id

    with told(repo, RecipeError):
        validate_repo_id(repo)


def check_may_write(account: Account, repo: str, kind: Kind = "model") -> None:
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
    if head(repo, kind) is not None:
        ask(lambda: api().auth_check(repo, repo_type=kind, write=True), repo, AuthorisationError)


def _refuse_plain_http() -> None:
    address = urlsplit(endpoint())
    if address.scheme != "https" and address.hostname not in LOOPBACK:
        raise AuthorisationError(
            f"{endpoint()} is not https: a token would travel in the clear",
            help="set HF_ENDPOINT to an https address, or to a Hub on this machine",
            code="HK805",
        )
