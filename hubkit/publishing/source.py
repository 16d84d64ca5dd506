"""Where a release comes from: the commit and the run, as a workflow's environment tells them."""

import os

from hubkit.publishing.lock import SourceCode


def source_code() -> SourceCode | None:
    """The repository, commit and run of the GitHub workflow we are in; None outside of one."""
    said = os.environ
    if not all(said.get(name) for name in ("GITHUB_REPOSITORY", "GITHUB_SHA", "GITHUB_RUN_ID")):
        return None
    server = said.get("GITHUB_SERVER_URL") or "https://github.com"
    repository = said["GITHUB_REPOSITORY"]
    return SourceCode(
        server=server,
        repository=repository,
        commit=said["GITHUB_SHA"],
        ref=said.get("GITHUB_REF", ""),
        run_url=f"{server}/{repository}/actions/runs/{said['GITHUB_RUN_ID']}",
    )
