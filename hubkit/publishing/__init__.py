"""publish: a release is inspected, put in its place in one step, and verified there.

A target is a place to publish to; it must offer `Target`. What targets share stands here: `inspect` says what may be
published at all, `place` makes a repo's tree exactly the release, `verify_…` reads it back, `usage` is the code that
draws with it, for readers and for the verification alike.
"""

from hubkit.publishing.commit import Placed, place, tag
from hubkit.publishing.inspection import inspect
from hubkit.publishing.release import Publication, Release, Target
from hubkit.publishing.usage import BlankError, draw, usage
from hubkit.publishing.verification import verify_by_drawing, verify_hashes

__all__ = [
    "BlankError",
    "Placed",
    "Publication",
    "Release",
    "Target",
    "draw",
    "inspect",
    "place",
    "tag",
    "usage",
    "verify_by_drawing",
    "verify_hashes",
]
