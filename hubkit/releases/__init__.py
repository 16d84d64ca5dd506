"""What one does with a release that is published: verify it, audit those of a repo, go back, compare, make it again.

A release is known by the lock among its files; everything here works on another machine than it was made on.
"""

from hubkit.releases.auditing import Audit, Audited, audit
from hubkit.releases.comparing import Compared, compare
from hubkit.releases.locating import locate
from hubkit.releases.reproducing import Reproduction, held_against, recipe_of
from hubkit.releases.returning import Returned, roll_back
from hubkit.releases.verifying import verify

__all__ = [
    "Audit",
    "Audited",
    "Compared",
    "Reproduction",
    "Returned",
    "audit",
    "compare",
    "held_against",
    "locate",
    "recipe_of",
    "roll_back",
    "verify",
]
