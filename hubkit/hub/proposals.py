"""Pull requests on the Hub: a tree that can be looked at and loaded before it is on `main`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hubkit.errors import AuthorisationError, ConflictError
from hubkit.hub.addresses import api, repo_url
from hubkit.hub.asking import ask, once
from hubkit.hub.reading import head

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class Proposal:
    """An open pull request of a model repo, and the commit it stands at."""

    repo: str
    number: int
    title: str
    commit: str

    @property
    def url(self) -> str:
        """Its page."""
        return f"{repo_url(self.repo)}/discussions/{self.number}"


def proposals(repo: str, prefix: str) -> list[Proposal]:
    """The open pull requests whose titles begin with `prefix`, the newest first."""

    def listed() -> list[Any]:
        found = api().get_repo_discussions(repo, discussion_type="pull_request", discussion_status="open")
        return [one for one in found if one.title.startswith(prefix)]

    known = [(one, head(repo, revision=f"refs/pr/{one.num}")) for one in ask(listed, repo, ConflictError)]
    return [Proposal(repo, one.num, one.title, commit) for one, commit in known if commit]


def propose(
    repo: str, files: Mapping[str, Path], deletions: Iterable[str], *, parent: str, title: str, words: str
) -> Proposal:  # fmt: skip
    """Open a pull request of one commit on top of `parent`. It is sent once: look for it where the answer is lost."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    operations: list[CommitOperationAdd | CommitOperationDelete] = [
        *(CommitOperationAdd(path, content) for path, content in sorted(files.items())),
        *(CommitOperationDelete(path) for path in sorted(deletions)),
    ]
    done = once(
        lambda: api().create_commit(
            repo, operations, commit_message=title, commit_description=words, parent_commit=parent, create_pr=True
        ),
        repo,
        AuthorisationError,
    )
    return Proposal(repo, int(done.pr_num or 0), title, str(done.oid))


def close(proposal: Proposal, words: str) -> None:
    """Close a pull request, and say why."""
    once(
        lambda: api().change_discussion_status(proposal.repo, proposal.number, "closed", comment=words),
        proposal.repo,
        AuthorisationError,
    )
