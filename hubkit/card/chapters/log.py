"""The training, stretch by stretch."""

from collections.abc import Iterator

from hubkit.card.chapters.figures import number
from hubkit.card.facts import Facts
from hubkit.card.sections import Fold, Section, Table


def log(facts: Facts) -> Iterator[Section]:
    """The loss beside the steps, in a fold; nothing where the journal is not at hand."""
    if facts.log:
        rows = [[f"{one.step:,}", number(one.loss), number(one.learning_rate)] for one in facts.log]
        header = ["up to step", "loss, mean since the line before", "learning rate"]
        yield Section("Training log", [Fold("Loss and learning rate by step", [Table(header, rows, range(3))])])
