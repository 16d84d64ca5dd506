"""Trusted publishing: a job of a CI service shows who it is, and gets a token for one repository that soon expires.

The job's identity is a JWT with claims such as `repository` and `workflow` (OpenID Connect). A repository lists its
trusted publishers, each a set of claims that all must match; see https://huggingface.co/docs/hub/trusted-publishers.
"""

import base64
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from hubkit.localhub.errors import HubError, bad_request
from hubkit.localhub.repository import RepoKind, Repository
from hubkit.localhub.store import Store, check_repo_id

PATH = "/_issuer"
REQUEST_SECONDS = 6 * 3600  # as long as a job may run
REQUEST_USE = "id-token"
ID_TOKEN_SECONDS = 300
_LEEWAY_SECONDS = 10


@dataclass(frozen=True)
class Job:
    """One job of a GitHub workflow, with the names that GitHub's own claims have."""

    repository: str  # the code's, `owner/name`
    workflow: str  # the file's name below .github/workflows
    ref: str
    environment: str | None = None

    def claims(self) -> dict[str, str]:
        """https://docs.github.com/en/actions/reference/security/oidc"""
        workflow_ref = f"{self.repository}/.github/workflows/{self.workflow}@{self.ref}"
        where = f"environment:{self.environment}" if self.environment else f"ref:{self.ref}"
        return {
            "sub": f"repo:{self.repository}:{where}",
            "repository": self.repository,
            "repository_owner": self.repository.partition("/")[0],
            "ref": self.ref,
            "ref_type": "tag" if self.ref.startswith("refs/tags/") else "branch",
            "workflow": PurePosixPath(self.workflow).stem,  # the workflow's title; the file is in `workflow_ref`
            "workflow_ref": workflow_ref,
            "job_workflow_ref": workflow_ref,
            "event_name": "push",
            **({"environment": self.environment} if self.environment else {}),
        }


@dataclass(frozen=True)
class Issuer:
    """A service that tells who a job is, for tests: its key lives as long as its server."""

    _key: rsa.RSAPrivateKey = field(repr=False, default_factory=lambda: rsa.generate_private_key(65537, 2048))
    _key_id: str = field(default_factory=lambda: secrets.token_hex(8))

    def id_token(self, job: Job, *, origin: str, audience: str) -> str:
        """The job's identity as a signed JWT, good for `audience`."""
        now = int(time.time())
        times = {"iat": now, "nbf": now, "exp": now + ID_TOKEN_SECONDS}
        claims = {**job.claims(), **times, "iss": origin + PATH, "aud": audience, "jti": secrets.token_hex(16)}
        return jwt.encode(claims, self._key, "RS256", {"kid": self._key_id})

    def read(self, token: str, *, origin: str) -> dict[str, Any] | None:
        """What a JWT claims, or None when this issuer did not sign it for the Hub at `origin`, or when it expired."""
        try:
            return jwt.decode(
                token,
                self._key.public_key(),
                algorithms=["RS256"],
                issuer=origin + PATH,
                audience=origin,
                leeway=_LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "sub"]},
            )
        except jwt.InvalidTokenError:
            return None

    def public_keys(self) -> dict[str, Any]:
        """As a JSON Web Key Set, for whoever wants to check a signature."""
        numbers = self._key.public_key().public_numbers()
        own = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self._key_id}
        return {"keys": [{**own, "n": _base64(numbers.n), "e": _base64(numbers.e)}]}


def trusts(wanted: Mapping[str, str], claims: Mapping[str, Any]) -> bool:
    """Whether a publisher means this job: every claim is equal, no pattern, no prefix.

    Two names are the Hub's own: `branch` is a `ref` without its prefix, `workflow` the file's name.
    """
    ref, file = str(claims.get("ref", "")), str(claims.get("workflow_ref", "")).partition("@")[0]
    known = {**claims, "workflow": PurePosixPath(file).name}
    if ref.startswith("refs/heads/"):
        known["branch"] = ref.removeprefix("refs/heads/")
    return bool(wanted) and all(known.get(name) == value for name, value in wanted.items())


def add_publisher(store: Store, repo: Repository, claims: Mapping[str, str]) -> dict[str, Any]:
    """Let the jobs with these claims publish to a repository. Raises HubError for claims that would let in anybody."""
    if not {"repository", "sub"} & set(claims):
        raise bad_request("A publisher needs the claim repository (or sub): without it anybody's jobs would be trusted")
    publisher = {"id": secrets.token_hex(12), "claims": dict(claims)}
    with store.changing(repo):
        repo.change_settings(publishers=(*repo.settings.publishers, publisher))
    return publisher


def repo_of_resource(store: Store, resource: str) -> Repository:
    """The repository that `ns/name` or `datasets/ns/name` means. Raises HubError for what cannot be one."""
    first, _, rest = resource.partition("/")
    kinds: dict[str, RepoKind] = {"datasets": "dataset", "spaces": "space"}
    kind, repo_id = (kinds[first], rest) if first in kinds else ("model", resource)
    check_repo_id(repo_id)
    repo = store.repo(kind, repo_id)
    if not repo.exists:
        raise HubError(404, f"No such repository: {resource}", "RepoNotFound")
    return repo


def _base64(number: int) -> str:
    raw = number.to_bytes((number.bit_length() + 7) // 8)
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
