"""When a commit does not hold what it should, `main` goes back to what it held before."""

from hubkit import hub
from hubkit.errors import ConflictError, IntegrityError, StoppedError
from hubkit.publishing.commit import Placed, restore
from hubkit.publishing.lock import Lock


def take_back(lock: Lock, repo: str, placed: Placed, found: IntegrityError) -> IntegrityError:
    """Bring back the tree before a release that did not verify, in one commit; what was found, and what came of it."""
    fault = found.faults[0]
    return IntegrityError(f"{fault.message}; {_taken_back(lock, repo, placed)}", help=fault.help, code=fault.code)


def _taken_back(lock: Lock, repo: str, placed: Placed) -> str:
    """What became of `main`, in words."""
    if not placed.created and (stands := [name for name, sha in hub.tags(repo).items() if sha == placed.commit]):
        return f"it was published before, as {', '.join(stands)}, and stays"
    before = placed.seen if placed.created else lock.parent.commit if lock.parent else None
    try:
        restore(repo, before, placed.commit, f"Take back {lock.name}: it did not verify on the Hub")
    except (ConflictError, StoppedError) as error:
        return f"and main could not be taken back to {before}: {error.faults[0].message}"
    return f"main is what it was at {before}" if before else "main is empty again"
