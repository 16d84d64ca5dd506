"""publish: a release is inspected, put in its place in one step, and verified there.

A target is a place to publish to; it must offer `Target`. What targets share stands here: `inspect` says what may be
published at all, `place` makes a repo's tree exactly the release, `verify_…` reads it back, `usage` is the code that
draws with it, for readers and for the verification alike.
"""

from hubkit.publishing.changelog import changelog, told
from hubkit.publishing.changes import Change, Changes, ScoreChange, changes
from hubkit.publishing.commit import Placed, found_repo, holds, place, restore, tag
from hubkit.publishing.history import (
    CARD,
    LARGEST_CARD,
    Past,
    Present,
    StandingCard,
    check_unmoved,
    past_at,
    present,
    read_lock,
)
from hubkit.publishing.inspection import ALLOWED, inspect, strange_libraries
from hubkit.publishing.interface import interface_of
from hubkit.publishing.lock import LOCK, Interface, Lock, LockedScore, Parent, SourceCode
from hubkit.publishing.release import ACCEPTED, HALF, Accepted, Publication, Release, Target, hashes
from hubkit.publishing.source import source_code
from hubkit.publishing.staging import FOR_REVIEW, propose, stage_title
from hubkit.publishing.standing import StandingRelease
from hubkit.publishing.undoing import take_back
from hubkit.publishing.usage import BlankError, draw, usage
from hubkit.publishing.verification import psnr, unlike, verify_by_drawing, verify_hashes
from hubkit.publishing.versions import Bump, Version, check_greater, demanded, hold, newest

__all__ = [
    "ACCEPTED", "ALLOWED", "CARD", "FOR_REVIEW", "HALF", "LARGEST_CARD", "LOCK", "Accepted", "BlankError", "Bump",
    "Change", "Changes", "Interface", "Lock", "LockedScore", "Parent", "Past", "Placed", "Present", "Publication",
    "Release", "ScoreChange", "SourceCode", "StandingCard", "StandingRelease", "Target", "Version", "changelog",
    "changes", "check_greater", "check_unmoved", "demanded", "draw", "found_repo", "hashes", "hold", "holds",
    "inspect", "interface_of", "newest", "past_at", "place", "present", "propose", "psnr", "read_lock", "restore",
    "source_code", "stage_title", "strange_libraries", "tag", "take_back", "told", "unlike", "usage",
    "verify_by_drawing", "verify_hashes",
]  # fmt: skip
