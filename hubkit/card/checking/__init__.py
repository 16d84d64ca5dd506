"""Is a card true? Its numbers are held against the lock beside it, its links and pictures against what is there, its
metadata against the Hub's rules; and its code is executed, where it is the code that hubkit writes.

Everything that is wrong is found at once. A card may be edited by people. A section of hubkit's with the hash that the
lock has of it is word for word what was written from the facts. One that was edited is named as not checked, but for
numbers beside the name of a score: they are the lock's or a fault. What people add is theirs.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hubkit.card.checking.code import tried
from hubkit.card.checking.held import Held, of_folder, of_repo
from hubkit.card.checking.links import Asked, link_faults, picture_faults
from hubkit.card.checking.marks import marks_of
from hubkit.card.checking.metadata import metadata_faults
from hubkit.card.checking.numbers import number_faults, scores_of
from hubkit.card.edits import HEAD, OPENED, by_hand, digest, sections, split
from hubkit.errors import Fault

__all__ = ["Checked", "Held", "check", "of_folder", "of_repo"]


@dataclass(frozen=True)
class Checked:
    """What became of a check."""

    where: str
    faults: tuple[Fault, ...]
    """Everything that is not true."""
    edited: tuple[str, ...]
    """Titles of hubkit's own sections that are not as it wrote them."""
    metadata: tuple[str, ...]
    """Keys of hubkit's own metadata that say something else than it wrote."""
    seen: tuple[str, ...]
    """What was looked at, in words."""

    @property
    def verdict(self) -> str:
        """What the check amounts to, in words: a card is called true only as far as it was checked."""
        edited = ", ".join([*map(repr, self.edited), *(f"{key!r} in the metadata" for key in self.metadata)])
        true, but = ("the card is not true", "; ") if self.faults else ("the card is true", ", but for ")
        return f"{true}{but}{edited}, edited by hand and not checked" if edited else true


def check(held: Held, *, run: bool = True) -> Checked:
    """Look at a card and all that it speaks of; `run` executes its code, in a Python of its own without a network.

    What is executed is hubkit's own template with the lock's prompt in it, and only where the card holds exactly that.
    Raises AuthorisationError and StoppedError where the Hub does not answer; a fault of the card is no error here.
    """
    marks, asked = marks_of(held.card), Asked()
    there = sections(marks.body, held.lock.card)
    edited = tuple(titles(there, held.lock.card))
    faults = [
        *metadata_faults(held),
        *number_faults(held, marks, [there[title] for title in edited]),
        *picture_faults(held, marks),
        *link_faults(held, marks, asked),
    ]
    wrong, executed = tried(held, marks, run=run)
    return Checked(
        where=held.where,
        faults=(*faults, *wrong),
        edited=tuple(title or OPENED for title in edited),
        metadata=tuple(by_hand(split(held.card)[0], held.lock.metadata)),
        seen=(
            f"{len(scores_of(held))} scores in the table and in the metadata, held against the lock",
            f"{len(marks.pictures)} pictures in the text, {asked.of_the_release} links within the release",
            f"{asked.on_the_hub} repositories asked for on the Hub, {asked.elsewhere} links elsewhere not followed",
            executed,
        ),
    )


def titles(there: Mapping[str, str], known: Mapping[str, str]) -> Iterator[str]:
    """hubkit's sections that are not as it wrote them. All that are there, where the lock does not know them."""
    yield from (title for title, text in there.items() if not known and (title != HEAD or text))
    yield from (title for title, sha in known.items() if title in there and digest(there[title]) != sha)
