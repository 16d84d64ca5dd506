"""publish: a release is inspected, put in its place in one step, and verified there.

A target is a place to publish to; it must offer `Target`. What targets share stands here: `inspect` says what may be
published at all, `place` makes a repo's tree exactly the release, `verify_…` reads it back, `usage` is the code that
draws with it, for readers and for the verification alike.
"""

from hubkit.publishing.commit import Placed, place, tag
from hubkit.publishing.history import Standing, StandingCard, follow, predecessor, standing, standing_card
from hubkit.publishing.inspection import inspect
from hubkit.publishing.interface import interface_of
from hubkit.publishing.lock import LOCK, Interface, Lock, LockedScore, Parent, SourceCode
from hubkit.publishing.release import ACCEPTED, Accepted, Publication, Release, Target, hashes
from hubkit.publishing.source import source_code
from hubkit.publishing.undoing import take_back
from hubkit.publishing.usage import BlankError, draw, usage
from hubkit.publishing.verification import verify_by_drawing, verify_hashes

__all__ = [
    "ACCEPTED", "LOCK", "Accepted", "BlankError", "Interface", "Lock", "LockedScore", "Parent", "Placed", "Publication",
    "Release", "SourceCode", "Standing", "StandingCard", "Target", "draw", "follow", "hashes", "inspect",
    "interface_of", "place", "predecessor", "source_code", "standing", "standing_card", "tag", "take_back", "usage",
    "verify_by_drawing", "verify_hashes",
]  # fmt: skip
