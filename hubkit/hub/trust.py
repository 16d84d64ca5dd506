"""Trusted publishing: a CI job proves who it is, and gets a token that is good for one repo and for an hour.

huggingface_hub exchanges the job's identity for a token when `HF_OIDC_RESOURCE` names the repo, and keeps it until
shortly before it expires; but what began with a token, such as a long upload, goes on with it. What that leaves to do
stands here.
"""

import os
from typing import Final

from hubkit.hub.addresses import repo_url

RESOURCE: Final = "HF_OIDC_RESOURCE"
OTHER_KINDS: Final = ("datasets/", "spaces/", "kernels/")

STEPS: Final = """once, by somebody who may write to {namespace}:
    1. hf repos create {repo}
    2. open {url}/settings, "Trusted Publishers", and add GitHub Actions with
       repository = {repository}, workflow = {workflow}
    3. start this run again"""


def trusted_repo() -> str | None:
    """The model repo that this job's token is for; None where trusted publishing is not asked for, or not for one."""
    resource = os.environ.get(RESOURCE, "")
    return resource if "/" in resource and not resource.startswith(OTHER_KINDS) else None


def forget_token() -> bool:
    """Let the next request exchange this job's identity for a new token; False where there is none to exchange."""
    if not os.environ.get(RESOURCE):
        return False
    from huggingface_hub.utils import _auth

    _auth._OIDC_TOKEN_CACHE = None  # noqa: SLF001 - it has no other way
    return True


def steps(repo: str) -> str:
    """What a person does once so that a workflow may publish to a repo without a stored token."""
    workflow = os.environ.get("GITHUB_WORKFLOW_REF", "").partition("@")[0].rpartition("/")[2]
    return STEPS.format(
        repo=repo,
        namespace=repo.partition("/")[0],
        url=repo_url(repo),
        repository=os.environ.get("GITHUB_REPOSITORY") or "OWNER/NAME",
        workflow=workflow or "train.yml",
    )
