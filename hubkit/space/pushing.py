"""Put a demo on the Hub: one commit to a Space, verified."""

from collections.abc import Mapping
from typing import Final

from hubkit import hub
from hubkit.errors import ConflictError, IntegrityError
from hubkit.publishing import Publication
from hubkit.space.demo import Demo
from hubkit.space.files import SETTINGS, files

PROGRAM: Final = "app.py"


def address(demo: Demo, wanted: str | None, account: hub.Account) -> str:
    """Where the Space goes: `name` or `namespace/name` as wanted; else the model's own name, in its own namespace
    where the account may write there.
    """
    namespace, _, name = demo.model.repo.partition("/")
    if wanted:
        return wanted if "/" in wanted else f"{account.name}/{wanted}"
    return f"{namespace if namespace in account.writable else account.name}/{name}"


def push(demo: Demo, wanted: str | None = None) -> Publication:
    """One commit with the files that differ, on top of the head that was seen; none where the Space is right already.
    What else is in the Space stays.

    Raises AuthorisationError, RecipeError for a name or a card the Hub refuses, and ConflictError for a Space that
    hubkit did not make.
    """
    account = hub.account()
    space = address(demo, wanted, account)
    hub.check_repo_id(space)
    hub.check_may_write(account, space, "space")
    content = files(demo, space)
    hub.validate_card(content["README.md"].decode(), "space")
    hub.create_repo(space, "space", private=demo.private)
    seen = hub.head(space, "space")
    if seen is None:
        raise ConflictError(f"the Space {space} was created but is not there", code="HK904")
    there = hub.tree(space, seen, "space")
    if PROGRAM in there and SETTINGS not in there:
        raise ConflictError(
            f"{space} is a Space that hubkit did not make", help="choose another name with --repo", code="HK921"
        )
    changed, _others = hub.difference(content, there)
    commit = seen
    if changed:
        title = f"Demo of {demo.model.repo} at {demo.tag or demo.model.revision[:8]}"
        commit = hub.commit(space, changed, message=title, parent=seen, kind="space")
    return Publication(
        url=hub.repo_url(space, "space"),
        repo=space,
        commit=commit,
        revision=commit,
        created=bool(changed),
        verified=(_verified(content, space, commit),),
    )


def _verified(content: Mapping[str, hub.Content], space: str, commit: str) -> str:
    """Compare the Hub's listing with what was sent. Raises IntegrityError."""
    wrong, _others = hub.difference(content, hub.tree(space, commit, "space"))
    if wrong:
        raise IntegrityError(
            f"the Space {space} at {commit} does not hold what was sent: {', '.join(sorted(wrong))}", code="HK1022"
        )
    return f"all {len(content)} files have their hashes in the Hub's listing"
