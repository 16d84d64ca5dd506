"""Asking the Hub: again while it is busy, not for ever, and with errors a user can act on."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from email.utils import parsedate_to_datetime
from functools import cache
from typing import TYPE_CHECKING, Final, TypeVar

from hubkit.errors import (
    AuthorisationError,
    BaseModelError,
    ConflictError,
    DatasetError,
    HubkitError,
    RecipeError,
    StoppedError,
)
from hubkit.hub.addresses import endpoint, repo_url
from hubkit.hub.trust import forget_token

if TYPE_CHECKING:
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError

T = TypeVar("T")

log = logging.getLogger(__name__)

MISSING: Final[Mapping[str, type[HubkitError]]] = {
    "model": BaseModelError,
    "dataset": DatasetError,
    "space": ConflictError,
}
"""What it means that a repo we read from is not there; a Space is only read where it was written."""

LOGIN_HELP: Final = (
    "log in with `hf auth login`, or set HF_TOKEN, or set HF_OIDC_RESOURCE in a CI job that may request an identity"
    " token (trusted publishing); to try it without an account, add `--hub local`"
)

UNKNOWN_TOKEN: Final = 401
BUSY: Final = frozenset({408, 429, 500, 502, 503, 504, 507})
PATIENCE: Final = (1.0, 2.0, 4.0)
"""Seconds between attempts while the Hub answers that it is busy. An unreachable Hub is reported at once."""

LONGEST_WAIT: Final = 60.0

CONNECT_SECONDS: Final = 10.0
SILENCE_SECONDS: Final = 90.0
"""How long the Hub may say nothing while we wait for an answer; gateways give up on it sooner and answer 504."""


class UnavailableError(StoppedError):
    """The Hub cannot be reached, or was busy for too long. Whether the last request took effect is not known."""

    code = "HK7501"
    asked_to_wait: float = 0.0
    """Seconds that the Hub asks us to wait, at most `LONGEST_WAIT`; 0 where it does not say."""


def ask(call: Callable[[], T], repo: str, missing: type[HubkitError]) -> T:
    """Make a request that may safely be made again, and make it again while the Hub answers that it is busy."""
    from huggingface_hub.errors import HfHubHTTPError

    for pause in PATIENCE:
        try:
            return once(call, repo, missing)
        except UnavailableError as error:
            if not isinstance(error.__cause__, HfHubHTTPError):
                raise
            seconds = error.asked_to_wait or pause
            log.warning("the Hub is busy; trying again in %.0f s", seconds)
            time.sleep(seconds)
    return once(call, repo, missing)


def once(call: Callable[[], T], repo: str, missing: type[HubkitError]) -> T:
    """Make a request once. A job's token that has expired is exchanged for a new one: what the Hub refused for it had
    no effect, and is asked again.
    """
    with told(repo, missing):
        try:
            return _unwrapped(call)
        except Exception as error:
            if not _is_of_token(error) or not forget_token():
                raise
        return _unwrapped(call)


def _unwrapped(call: Callable[[], T]) -> T:
    """Make a call; what went wrong in one of its threads that upload is told as that itself."""
    try:
        return call()
    except RuntimeError as error:
        if isinstance(error.__cause__, Exception) and "Error while uploading" in str(error):
            raise error.__cause__ from None
        raise


def _is_of_token(error: Exception) -> bool:
    """Whether the Hub did not know the token. hf_xet has only words for that."""
    from huggingface_hub.errors import HfHubHTTPError

    if isinstance(error, HfHubHTTPError):
        return error.response.status_code == UNKNOWN_TOKEN
    return isinstance(error, ConnectionError) and f"{UNKNOWN_TOKEN} Unauthorized" in str(error)


@contextmanager
def told(repo: str, missing: type[HubkitError]) -> Iterator[None]:
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

    _wait_no_longer()
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
        raise RecipeError(f"{repo!r} is not a repo id: {first_words(error)}", code="HK281") from error
    except RemoteEntryNotFoundError as error:
        raise missing(f"{repo} lacks a file: {first_words(error)}") from error
    except BadRequestError:
        raise  # what was wrong is known to the caller only
    except HfHubHTTPError as error:
        raise _of_status(error, repo) from error
    except (httpx2.HTTPError, ConnectionError, TimeoutError, LocalEntryNotFoundError) as error:
        raise UnavailableError(
            f"the Hub at {endpoint()} cannot be reached: {first_words(error)}",
            help="check the network, then run the same command again: it continues from here",
        ) from error


@cache
def _wait_no_longer() -> None:
    """Give the client limits of its own: by default it waits for an answer for ever."""
    from huggingface_hub import set_client_factory

    set_client_factory(_client)


def _client() -> "httpx2.Client":
    """The client's own, but that no request waits for ever: most of its functions ask for just that."""
    import httpx2
    from huggingface_hub.utils._http import default_client_factory

    def limit(request: httpx2.Request) -> None:
        asked = request.extensions.get("timeout", {})
        if asked.get("read") is None:
            limits = httpx2.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS)
            request.extensions = {**request.extensions, "timeout": limits.as_dict()}

    client = default_client_factory()
    client.event_hooks = {**client.event_hooks, "request": [*client.event_hooks["request"], limit]}
    return client


def _of_status(error: "HfHubHTTPError", repo: str) -> HubkitError:
    status = error.response.status_code if error.response is not None else 0
    said = (error.server_message or first_words(error))[:200]
    if status in {401, 403}:
        return AuthorisationError(f"not allowed on {repo or endpoint()}: {said}", help=LOGIN_HELP, code="HK804")
    if status in {409, 412}:
        return ConflictError(
            f"{repo} was changed by somebody else meanwhile: {said}", help="run the same command again", code="HK901"
        )
    if status in BUSY:
        busy = UnavailableError(
            f"the Hub answers {status}: {said}", help="run the same command again later: it continues from here"
        )
        busy.asked_to_wait = min(_asked_to_wait(error.response.headers), LONGEST_WAIT)
        return busy
    return HubkitError(f"the Hub answers {status} for {repo}: {said}")


def _asked_to_wait(headers: Mapping[str, str]) -> float:
    """Seconds, from `Retry-After` (RFC 9110: seconds, or a date) or from `RateLimit: "api";r=0;t=55`; 0 for neither."""
    after = headers.get("retry-after", "").strip()
    if after.isdecimal():
        return float(after)
    if after:
        with suppress(ValueError):
            return max(0.0, parsedate_to_datetime(after).timestamp() - time.time())
    left = [part.strip().removeprefix("t=") for part in headers.get("ratelimit", "").split(";") if "t=" in part]
    return float(left[0]) + 1 if left and left[0].isdecimal() else 0.0


def first_words(error: BaseException) -> str:
    """The first words of an error, on one line."""
    return " ".join(str(error).split())[:200] or type(error).__name__
