"""The card of a release, from its facts and nothing else."""

from typing import Any

from hubkit.card.chapters import card
from hubkit.card.emissions import emissions
from hubkit.card.facts import Facts
from hubkit.card.metadata import metadata
from hubkit.escaping import front_matter


def written(facts: Facts) -> str:
    """The whole README.md, as it is where nobody edited one before."""
    return f"{front_matter(front(facts))}\n{body(facts)}"


def front(facts: Facts) -> dict[str, Any]:
    """Its metadata."""
    return metadata(
        facts.recipe,
        facts.licence,
        facts.scores.scores,
        facts.images.revision,
        [(sample.prompt, path) for sample, path in facts.gallery],
        facts.hub,
        {
            "language": list(facts.images.languages),
            "thumbnail": facts.thumbnail,
            "co2_eq_emissions": emissions(facts.model, facts.recipe.card.country, facts.co2_grams),
        },
    )


def body(facts: Facts) -> str:
    """What stands below them."""
    return card(facts).render()
