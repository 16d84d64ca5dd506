"""The only door to huggingface_hub: what the Hub knows of a repo, its files, who is logged in, how a repo is changed.

Every function raises errors a user can act on. huggingface_hub is imported inside the functions: it reads `HF_ENDPOINT`
when it is imported, and `hubkit check` must answer without it. Tokens are found by huggingface_hub (`HF_TOKEN`,
`hf auth login`, OIDC); they are never printed.
"""

from hubkit.hub.addresses import Kind, api, cache_folder, endpoint, file_url, is_local, repo_cache, repo_url
from hubkit.hub.asking import LOGIN_HELP, UnavailableError
from hubkit.hub.files import MANAGED, Content, RemoteFile, git_blob, hashed, same_files
from hubkit.hub.identity import Account, account, check_may_write, check_repo_id, whoami
from hubkit.hub.proposals import Proposal, close, proposals, propose
from hubkit.hub.reading import (
    RepoFacts,
    agreed_license,
    head,
    languages,
    read,
    resolve,
    resolve_dataset,
    resolve_model,
    resolve_own,
    snapshot,
    tags,
    tree,
)
from hubkit.hub.trust import steps
from hubkit.hub.writing import commit, copy_tree, create_repo, difference, put_repo, put_tag, validate_card

__all__ = [
    "LOGIN_HELP",
    "MANAGED",
    "Account",
    "Content",
    "Kind",
    "Proposal",
    "RemoteFile",
    "RepoFacts",
    "UnavailableError",
    "account",
    "agreed_license",
    "api",
    "cache_folder",
    "check_may_write",
    "check_repo_id",
    "close",
    "commit",
    "copy_tree",
    "create_repo",
    "difference",
    "endpoint",
    "file_url",
    "git_blob",
    "hashed",
    "head",
    "is_local",
    "languages",
    "proposals",
    "propose",
    "put_repo",
    "put_tag",
    "read",
    "repo_cache",
    "repo_url",
    "resolve",
    "resolve_dataset",
    "resolve_model",
    "resolve_own",
    "same_files",
    "snapshot",
    "steps",
    "tags",
    "tree",
    "validate_card",
    "whoami",
]
