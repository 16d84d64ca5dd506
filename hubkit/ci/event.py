"""What started the workflow: the file GitHub leaves on the runner. It is data, whoever wrote it."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from hubkit.errors import RecipeError

NOTHING: Final = "0" * 40
"""What GitHub calls the commit before a branch's first."""


@dataclass(frozen=True)
class Event:
    """A push, a dispatch or a pull request, at one commit of one repository."""

    name: str
    ref: str
    sha: str
    repository: str
    payload: Mapping[str, Any]

    @classmethod
    def of_environment(cls) -> Self:
        """The event of the run this process belongs to. Raises RecipeError outside of a workflow."""
        try:
            return cls(
                name=os.environ["GITHUB_EVENT_NAME"],
                ref=os.environ["GITHUB_REF"],
                sha=os.environ["GITHUB_SHA"],
                repository=os.environ["GITHUB_REPOSITORY"],
                payload=json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_bytes()),
            )
        except (KeyError, OSError, ValueError) as error:
            raise RecipeError(
                f"this is no GitHub workflow: {error!s:.120}",
                help="this command is for .github/workflows",
                code="HK241",
            ) from error

    @property
    def inputs(self) -> Mapping[str, str]:
        """What was typed where the run was started by hand; empty fields are left out."""
        given = self.payload.get("inputs") or {}
        return {key: str(value).strip() for key, value in given.items() if str(value).strip()}

    @property
    def before(self) -> str:
        """The commit it is to be compared with: where main was, or is; `NOTHING` for a branch's first push."""
        asked = self.payload.get("pull_request") or {}
        queued = self.payload.get("merge_group") or {}
        told = (asked.get("base") or {}).get("sha") or queued.get("base_sha") or self.payload.get("before")
        return str(told or NOTHING)

    @property
    def tag(self) -> str:
        """The tag that was pushed, or that the run was started on."""
        return self.ref.removeprefix("refs/tags/") if self.ref.startswith("refs/tags/") else ""

    @property
    def main(self) -> str:
        """The branch that reviewed work is on."""
        return str((self.payload.get("repository") or {}).get("default_branch") or "main")
