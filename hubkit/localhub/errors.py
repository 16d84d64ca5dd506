"""What the Hub answers when it refuses.

Clients decide by the `X-Error-Code` header first and by the status second (`hf_raise_for_status` in huggingface_hub),
so both are always sent; `X-Error-Message` and the body carry the words that the user sees.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote


@dataclass(eq=False)  # not frozen: Python writes the traceback into an exception
class HubError(Exception):
    """A refusal: raised anywhere below a route, answered as JSON with the Hub's headers."""

    status: int
    message: str
    code: str | None = None
    body: Mapping[str, Any] = field(default_factory=dict)
    extra_headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.message

    @property
    def content(self) -> dict[str, Any]:
        return {"error": self.message, **self.body}

    @property
    def headers(self) -> dict[str, str]:
        code = {"X-Error-Code": self.code} if self.code else {}
        # A header holds Latin-1 without line breaks; a message may quote any file name.
        message = quote(self.message, safe=" !\"%#$&'()*+,-./:;<=>?@[]^_`{|}~")
        return {"X-Error-Message": message.strip(), **code, **self.extra_headers}


def invalid_credentials() -> HubError:
    """The exact words matter: with others, the client reports a missing repository."""
    return HubError(401, "Invalid credentials in Authorization header")


def repo_not_found(*, anonymous: bool) -> HubError:
    """Also for a private repo that is not the caller's: its existence is not told."""
    if anonymous:
        return HubError(401, "Invalid username or password.", "RepoNotFound")
    return HubError(404, "Repository not found", "RepoNotFound")


def revision_not_found(revision: str) -> HubError:
    return HubError(404, f"Invalid rev id: {revision}", "RevisionNotFound")


def entry_not_found(path: str, *, commit: str | None = None) -> HubError:
    """With `commit`, the client remembers that this commit has no such file and stops asking."""
    headers = {"X-Repo-Commit": commit} if commit else {}
    return HubError(404, f"Entry not found: {path}", "EntryNotFound", extra_headers=headers)


def gated(repo_id: str, *, anonymous: bool, asked: str | None = None) -> HubError:
    """`asked` is what became of the caller's request for access."""
    words = {
        "pending": f"Your request to access {repo_id} is awaiting a review from the repo authors.",
        "rejected": f"Your request to access {repo_id} has been rejected by the repo's authors.",
    }
    default = f"Access to {repo_id} is restricted and you are not in the authorized list. Ask for access first."
    return HubError(401 if anonymous else 403, words.get(asked or "", default), "GatedRepo")


def moved(location: str) -> HubError:
    """Not a refusal but a detour: clients follow it, with the same method and body."""
    return HubError(307, f"Temporary Redirect. Redirecting to {location}", extra_headers={"Location": location})


def bad_request(message: str) -> HubError:
    return HubError(400, message)


def forbidden(message: str) -> HubError:
    return HubError(403, message)


def conflict(message: str, **body: str) -> HubError:
    """The thing exists already; clients swallow this with `exist_ok=True`."""
    return HubError(409, message, body=body)
