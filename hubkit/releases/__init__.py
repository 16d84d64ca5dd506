"""What one does with a release that is published: verify it, audit those of a repo, go back, compare, make it again.

A release is known by the lock among its files; everything here works on another machine than it was made on.
"""

from hubkit.releases.auditing import Audit, Audited, audit
from hubkit.releases.comparing import Compared, compare
from hubkit.releases.locating import locate
from hubkit.releases.reproducing import Reproduction, held_against, recipe_of
from hubkit.releases.rescoring import rescore
from hubkit.releases.returning import Returned, roll_back
from hubkit.releases.verifying import verify
from hubkit.releases.versioning import Next, check_version, next_version

__all__ = [
    "Audit",
    "Audited",
    "Compared",
    "Next",
    "Reproduction",
    "Returned",
    "audit",
    "check_version",
    "compare",
    "held_against",
    "locate",
    "next_version",
    "recipe_of",
    "rescore",
    "roll_back",
    "verify",
]
