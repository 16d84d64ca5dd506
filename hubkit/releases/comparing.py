"""Two releases of a repo, side by side: what their locks say, and what both draw from the same seeds."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hubkit import hub
from hubkit.card.pictures import Pair, save_pairs
from hubkit.data.decoding import MAX_BYTES, UnreadableError, decode
from hubkit.errors import IntegrityError, RecipeError
from hubkit.escaping import Markdown, inline
from hubkit.publishing import StandingRelease, changelog
from hubkit.releases.locating import locate
from hubkit.values import write_atomically

if TYPE_CHECKING:
    from PIL.Image import Image

TEXT: Final = "changelog.md"
GRID: Final = "side-by-side.webp"
FEW: Final = 4
"""Pairs that stand two in a row; more stand three in a row."""


@dataclass(frozen=True)
class Compared:
    """A release, and the one it is held against."""

    old: StandingRelease
    new: StandingRelease

    @property
    def names(self) -> tuple[str, str]:
        """What they are called."""
        old, new = (one.tag or one.commit[:12] for one in (self.old, self.new))
        return old, new

    @property
    def text(self) -> Markdown:
        """The changelog, without pictures."""
        return changelog(self.old.lock, self.new.lock, self.names)

    def save(self, folder: Path) -> tuple[Path, ...]:
        """Write the changelog and, where both drew the same prompts from the same seeds, the picture into a folder; the
        files. Raises IntegrityError where a picture is not the lock's, or none.
        """
        folder.mkdir(parents=True, exist_ok=True)
        pairs = list(self.pairs())
        if not pairs:
            write_atomically(folder / TEXT, self.text.encode())
            return (folder / TEXT,)
        save_pairs(pairs, self.names, min(len(pairs), 2 if len(pairs) <= FEW else 3), folder / GRID)
        prompts = ", ".join(f"“{pair.prompt}”" for pair in pairs)
        shows = f"Pairs of pictures from the same seeds, {self.names[0]} left and {self.names[1]} right: {prompts}"
        write_atomically(folder / TEXT, f"{self.text}\n![{inline(shows)}]({GRID})\n".encode())
        return folder / TEXT, folder / GRID

    def pairs(self) -> Iterator[Pair]:
        """The cards' samples that both drew alike: same prompt, seed and sampling."""
        if self.old.lock.sampling != self.new.lock.sampling:
            return
        drawn = {(one.prompt, one.seed): one.path for one in self.old.lock.pictures}
        for one in self.new.lock.pictures:
            if before := drawn.get((one.prompt, one.seed)):
                yield Pair(one.prompt, _picture(self.old, before), _picture(self.new, one.path))


def compare(repo: str, old: str | None = None, new: str | None = None) -> Compared:
    """Two releases by their tags or commits; by default the newest version and the one it followed.

    Raises RecipeError where there is no such release, or where the newest followed none; IntegrityError.
    """
    after = locate(f"{repo}@{new}" if new else repo)
    if old:
        return Compared(locate(f"{repo}@{old}"), after)
    parent = after.lock.parent
    if parent is None:
        raise RecipeError(f"{after} is the first: it followed none", help="name two: hubkit changelog REPO OLD NEW")
    return Compared(locate(f"{repo}@{parent.tag or parent.commit}"), after)


def _picture(release: StandingRelease, path: str) -> "Image":
    """A picture of a release, if it is the one its lock names."""
    there = hub.tree(release.repo, release.commit)
    if path not in there or there[path].size > MAX_BYTES:
        raise IntegrityError(f"{release} holds no picture {path[:120]!r}", code="HK1003")
    content = release.content(path)
    if hub.hashed(content, "sha256") != release.lock.files.get(path):
        raise IntegrityError(f"{path[:120]!r} of {release} is another file than its lock names", code="HK1003")
    try:
        return decode(content)
    except UnreadableError as error:
        raise IntegrityError(
            f"{path[:120]!r} of {release} cannot be shown: {str(error)[:120]}", code="HK1003"
        ) from None
