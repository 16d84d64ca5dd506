"""What it is for, what it must not be used for, what it cannot do, and whose terms it comes under."""

from collections.abc import Iterator

from hubkit.card.chapters.figures import between, count
from hubkit.card.facts import Facts
from hubkit.card.sections import Plain, Section, Words
from hubkit.escaping import Markdown, code

RESTRICTED = ("openrail", "stabilityai", "-nc", "noncommercial", "non-commercial")
"""Parts of the names of licences that restrict what their models may be used for."""


def uses(facts: Facts) -> Iterator[Section]:
    """The author's word on what it is meant for; and what nobody should do with any such model."""
    own = facts.recipe.card.intended_use
    yield Section("Intended use", [*([Plain(own)] if own else [Words("uses", {})]), Words("misuse")])


def limitations(facts: Facts) -> Iterator[Section]:
    """What a reader must not expect, each for a reason that is in the facts."""
    said = {
        "pictures": count(len(facts.images.train), "picture"),
        "dataset": code(facts.dataset),
        "resolution": facts.images.source.resolution,
        "base": code(facts.model.base),
    }
    found = facts.scores.scores
    measured = (
        Words("limits_scores", {"n": between(score.n for score in found)}) if found else Words("limits_no_scores")
    )
    safety = Words("limits_checked" if facts.safety_checker else "limits_unchecked")
    rest = {"measured": Markdown(measured.render()), "safety": Markdown(safety.render())}
    yield Section("Limitations and bias", [Words("limits", {**said, **rest})])


def licence(facts: Facts) -> Iterator[Section]:
    """Whose terms the weights and the pictures come under."""
    base = facts.model.base_license_name or facts.model.base_license
    shared = facts.licence.id
    of_base = Words("licence_base", {"base": code(facts.model.base), "licence": code(base or "")})
    shown = "Those under Nearest training pictures are" if "nearest" in facts.plots else "None of them is"
    of_data = Words(
        "licence_data",
        {"dataset": code(facts.dataset), "licence": code(facts.images.license or ""), "shown": shown},
    )
    restricts = any(part in (facts.model.base_license or "") for part in RESTRICTED)
    is_own = facts.model.base_license == "other"
    yield Section(
        "Licence",
        [
            of_base if base else Words("licence_base_missing", {"base": code(facts.model.base)}),
            *([Words("licence_restricts", {"base": code(facts.model.base)})] if restricts else []),
            *([Words("licence_of_its_own", {"base": code(facts.model.base)})] if is_own else []),
            of_data if facts.images.license else Words("licence_data_missing", {"dataset": code(facts.dataset)}),
            *([Words("licence_shared", {"licence": code(shared)})] if shared != facts.model.base_license else []),
        ],
    )
