"""Whether a repo holds a release, to the last byte, and whether the model draws what its card shows."""

from hubkit.publishing import StandingRelease, verify_by_drawing, verify_hashes


def verify(release: StandingRelease) -> tuple[str, ...]:
    """Compare the Hub's listing with the lock, download everything into an empty cache, load it and draw the proof
    again; what was found, in words.

    Raises IntegrityError, which names the first files that are missing, too many, or other ones.
    """
    where = release.repo, release.commit
    return verify_hashes(release, *where), *verify_by_drawing(release, *where)
