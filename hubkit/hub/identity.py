"""Who is logged in, and what they may write to."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from hubkit.errors import AuthorisationError, RecipeError
from hubkit.hub.addresses import LOOPBACK, Kind, api, endpoint
from hubkit.hub.asking import LOGIN_HELP, ask, first_words, told
from hubkit.hub.reading import head
from hubkit.hub.trust import steps, trusted_repo

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class Account:
    """Who is logged in, and the namespaces they may write to."""

    name: str
    writable: tuple[str, ...]
    role: str
    """Of the token: 'write', 'read', 'fineGrained' or, where the Hub does not say, ''."""
    only: str | None = None
    """The one repo that a job's token is good for."""


def whoami() -> str:
    """The name of whoever is logged in. Raises AuthorisationError."""
    return account().name


def account() -> Account:
    """Whoever is logged in. Raises AuthorisationError when nobody is, or when the token is not accepted."""
    from huggingface_hub.errors import LocalTokenNotFoundError

    _refuse_plain_http()
    if job := trusted_repo():
        return _of_job(job)
    try:
        said: dict[str, Any] = ask(lambda: api().whoami(), "", AuthorisationError)
    except LocalTokenNotFoundError:
        raise AuthorisationError(f"nobody is logged in at {endpoint()}", help=LOGIN_HELP, code="HK801") from None
    writing = {"admin", "write", "contributor"}
    orgs = [org["name"] for org in said.get("orgs", ()) if org.get("roleInOrg", "write") in writing]
    role = said.get("auth", {}).get("accessToken", {}).get("role", "")
    return Account(name=said["name"], writable=(said["name"], *orgs), role=role)


def _of_job(repo: str) -> Account:
    """A job with trusted publishing: the Hub knows its token in one repo only, so it is not asked who that is."""
    from huggingface_hub import get_token
    from huggingface_hub.errors import BadRequestError, OIDCError

    try:
        ask(get_token, repo, AuthorisationError)
    except OIDCError as error:
        raise AuthorisationError(
            f"trusted publishing failed: {first_words(error)}",
            help=f"give the job `permissions: id-token: write`; or unset HF_OIDC_RESOURCE and {LOGIN_HELP}",
            code="HK802",
        ) from None
    except BadRequestError as error:
        raise AuthorisationError(
            f"trusted publishing failed: the Hub gives this job no token for {repo}: {first_words(error)}",
            help=f"either the repo does not exist, or it does not trust this workflow; {steps(repo)}",
            code="HK808",
        ) from None
    namespace = repo.partition("/")[0]
    return Account(name=namespace, writable=(namespace,), role="write", only=repo)


def check_trusted(only: str, repo: str) -> None:
    """Refuse another repo than the one a job's token is good for. Raises AuthorisationError."""
    if repo != only:
        raise AuthorisationError(
            f"this job may publish to {only} alone (HF_OIDC_RESOURCE), and the model would go to {repo}",
            help=f"set HF_OIDC_RESOURCE={repo}, or publish there with --repo {only}",
            code="HK809",
        )
    if head(repo) is None:
        raise AuthorisationError(f"{repo} does not exist, and a job cannot create it", help=steps(repo), code="HK808")


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
    if account.only:
        check_trusted(account.only, repo)
        return
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
