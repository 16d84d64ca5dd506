"""Who may do what: users, their organizations and their tokens."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from hubkit.localhub.durable import write_file

Role = Literal["read", "write", "admin"]
ROLES: tuple[Role, ...] = ("read", "write", "admin")


@dataclass(frozen=True)
class Caller:
    """Who sent a request. `read` and `write` are the Hub's roles; `admin` may write in any namespace, for seeding."""

    user: str | None = None
    role: Role = "read"
    orgs: tuple[str, ...] = ()

    @property
    def is_anonymous(self) -> bool:
        return self.user is None

    def belongs_to(self, namespace: str) -> bool:
        return self.role == "admin" or namespace == self.user or namespace in self.orgs

    def may_write(self, namespace: str) -> bool:
        return self.role != "read" and self.belongs_to(namespace)


ANONYMOUS = Caller()


@dataclass(frozen=True)
class Accounts:
    """The callers by their tokens."""

    callers: Mapping[str, Caller] = field(repr=False)

    def caller(self, token: str) -> Caller | None:
        return self.callers.get(token)

    def token(self, role: Role, user: str | None = None) -> str:
        """The first token of that role, or "" when there is none."""
        found = (token for token, one in self.callers.items() if one.role == role and user in (None, one.user))
        return next(found, "")


def read_token_file(path: Path) -> Accounts:
    """Read `user role token [org,org…]` lines; `#` starts a comment. No token but these will work."""
    callers = {}
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        if len(words) not in (3, 4) or words[1] not in ROLES:
            raise ValueError(
                f"{path}:{number}: expected `user role token [org,org]`, the role one of {', '.join(ROLES)}"
            )
        orgs = tuple(words[3].split(",")) if len(words) == 4 else ()  # noqa: PLR2004 - the optional fourth word
        callers[words[2]] = Caller(words[0], next(role for role in ROLES if role == words[1]), orgs)
    return Accounts(callers)


def generated_accounts(path: Path, user: str, scratch: Path) -> Accounts:
    """The store's own tokens, one per role, made when `user` first uses it and readable by their owner alone."""
    known = path.read_text() if path.exists() else ""
    if not any(line.split()[:1] == [user] for line in known.splitlines()):
        lines = "".join(f"{user} {role} hf_local_{role}_{secrets.token_hex(16)}\n" for role in ROLES)
        write_file(path, (known + lines).encode(), scratch, private=True)
    return read_token_file(path)
