"""What a card says, chapter by chapter, from the facts of a run: pictures first, then how good it is and how to use
it, then all that it is made of.
"""

from hubkit.card.chapters.changes import changes
from hubkit.card.chapters.data import data, method
from hubkit.card.chapters.dial import dial
from hubkit.card.chapters.drawing import before_and_after, usage
from hubkit.card.chapters.log import log
from hubkit.card.chapters.nearest import nearest
from hubkit.card.chapters.opening import opening
from hubkit.card.chapters.origin import citation, provenance, reproduction
from hubkit.card.chapters.people import people
from hubkit.card.chapters.prompts import prompts
from hubkit.card.chapters.scores import scores
from hubkit.card.chapters.terms import licence, limitations, uses
from hubkit.card.chapters.training import costs, training
from hubkit.card.facts import Facts
from hubkit.card.sections import Section

CHAPTERS = (
    usage, before_and_after, scores, prompts, dial, nearest, changes, training, log, method, data, costs, provenance,
    reproduction, uses, limitations, licence, citation, people,
)  # fmt: skip
"""In the order in which they stand. Each yields its section, or none where there is nothing to say."""


def card(facts: Facts) -> Section:
    """The whole card below its metadata."""
    chapters = [section for chapter in CHAPTERS for section in chapter(facts)]
    return Section(facts.recipe.name, [*opening(facts)], chapters)
