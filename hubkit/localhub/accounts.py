"""Who may do what: users, their organizations and their tokens."""

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hubkit.localhub.durable import write_file
from hubkit.localhub.repository import Repository
from hubkit.localhub.signing import Signer

Role = Literal["read", "write", "admin"]
ROLES: tuple[Role, ...] = ("read", "write", "admin")

_JOB = "[OIDC]"  # whom the Hub names as the author of what a trusted publisher pushes
_JOB_PREFIX = "hf_jwt_"


class TokenFileError(ValueError):
    """A line of a token file is not what it should be."""


@dataclass(frozen=True)
class Caller:
    """Who sent a request. `read` and `write` are the Hub's roles; `admin` may write in any namespace, for seeding."""

    user: str | None = None
    role: Role = "read"
    orgs: tuple[str, ...] = ()
    only: str | None = None  # the id of the one repository that the token is good for

    @property
    def is_anonymous(self) -> bool:
        return self.user is None

    def belongs_to(self, namespace: str) -> bool:
        return self.role == "admin" or namespace == self.user or namespace in self.orgs

    def is_insider(self, repo: Repository) -> bool:
        """Whether a private or gated repository is open to them."""
        return self.only == repo.settings.id if self.only else self.belongs_to(repo.namespace)

    def may_push(self, repo: Repository) -> bool:
        return self.role != "read" and self.is_insider(repo)

    def may_propose(self, repo: Repository) -> bool:
        """Whether they may open a pull request or a discussion, which others than insiders may."""
        return self.role != "read" and self.only in (None, repo.settings.id)

    def may_manage(self, namespace: str) -> bool:
        """Create, move and delete repositories, and change their settings."""
        return self.role != "read" and self.only is None and self.belongs_to(namespace)


ANONYMOUS = Caller()


class Accounts:
    """The callers by their tokens, as a file tells them; a token that is added to the file works at once.

    A line is `user role token [org,org…]`; `#` starts a comment.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read()

    def caller(self, token: str) -> Caller | None:
        if token not in self._callers and self._file.stat().st_mtime_ns != self._read_at:
            self._read()
        return self._callers.get(token)

    def knows(self, user: str) -> bool:
        return any(one.user == user for one in self._callers.values())

    def token(self, role: Role, user: str | None = None) -> str:
        """The first token of that role, or "" when there is none."""
        found = (token for token, one in self._callers.items() if one.role == role and user in (None, one.user))
        return next(found, "")

    def _read(self) -> None:
        self._read_at = self._file.stat().st_mtime_ns
        lines = enumerate(self._file.read_text().splitlines(), start=1)
        entries = [_entry(line, f"{self._file}:{number}") for number, line in lines]
        self._callers = dict(entry for entry in entries if entry)


def job_token(signer: Signer, repo: Repository, *, seconds: int) -> str:
    """A token for a trusted publisher's job: good for pushing to one repository, and for so long."""
    return _JOB_PREFIX + signer.sign({"use": "push", "repo": repo.settings.id}, seconds=seconds)


def job_caller(signer: Signer, token: str) -> Caller | None:
    """Whose token that is, or None when it is none of `job_token`, or has expired."""
    claim = signer.read(token.removeprefix(_JOB_PREFIX)) if token.startswith(_JOB_PREFIX) else None
    return Caller(_JOB, "write", only=claim["repo"]) if claim and claim.get("use") == "push" else None


def _entry(line: str, place: str) -> tuple[str, Caller] | None:
    match line.partition("#")[0].split():
        case []:
            return None
        case [user, ("read" | "write" | "admin") as role, token, *orgs] if len(orgs) <= 1:
            return token, Caller(user, role, tuple(",".join(orgs).split(",")) if orgs else ())
        case _:
            raise TokenFileError(f"{place}: expected `user role token [org,org]`, the role one of {', '.join(ROLES)}")


def generated_accounts(path: Path, user: str, scratch: Path) -> Accounts:
    """The store's own tokens, one per role, made when `user` first uses it and readable by their owner alone."""
    known = path.read_text() if path.exists() else ""
    if not any(line.split()[:1] == [user] for line in known.splitlines()):
        lines = "".join(f"{user} {role} hf_local_{role}_{secrets.token_hex(16)}\n" for role in ROLES)
        write_file(path, (known + lines).encode(), scratch, private=True)
    return Accounts(path)
