"""What it is for, what it must not be used for, what it cannot do, and whose terms it comes under."""

from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

from hubkit.card import metadata
from hubkit.card.chapters.data import address
from hubkit.card.chapters.figures import between, count
from hubkit.card.chapters.opening import repo
from hubkit.card.facts import Facts
from hubkit.card.sections import Part, Plain, Section, Words
from hubkit.escaping import Markdown, code

OPENRAIL: Final = "creativeml-openrail-m"
"""That of Stable Diffusion 1."""
RESTRICTED: Final = ("rail", "stabilityai", "apple-amlr", "llama", "gemma", "-nc", "noncommercial", "non-commercial")
"""Parts of the names of licences that restrict what their models may be used for."""
TEXTS: Final = {
    OPENRAIL: "https://github.com/CompVis/stable-diffusion/blob/main/LICENSE",
    "apache-2.0": "https://www.apache.org/licenses/LICENSE-2.0",
    "mit": "https://opensource.org/license/mit",
    "cc0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "cc-by-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "cc-by-sa-4.0": "https://creativecommons.org/licenses/by-sa/4.0/",
    "cc-by-nc-4.0": "https://creativecommons.org/licenses/by-nc/4.0/",
    "cc-by-nc-sa-4.0": "https://creativecommons.org/licenses/by-nc-sa/4.0/",
}
"""Where the words of common licences stand."""
SAFE: Final = ":/?&=#%"


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
    parts: list[Part] = [*of_base(facts), *of_pictures(facts)]
    if facts.licence.id != facts.model.base_license:
        parts.append(Words("licence_shared", {"licence": terms(facts, facts.licence.id)}))
    yield Section("Licence", parts)


def of_base(facts: Facts) -> Iterator[Part]:
    """The base's licence, and what it asks of whoever uses this model."""
    model = facts.model
    base = repo(facts.hub, model.base, model.base_revision)
    stated = model.base_license
    if not (model.base_license_name or stated):
        yield Words("licence_base_missing", {"base": base})
        return
    yield Words("licence_base", {"base": base, "licence": terms(facts, stated)})
    if facts.licence.id == stated:
        yield Words("licence_same")
    if stated == OPENRAIL:
        yield Words("licence_restricts", {"text": terms(facts, stated)})
    elif any(part in (stated or "") for part in RESTRICTED):
        yield Words("licence_restricts_uses", {"base": base})
    if stated == "other":
        yield Words("licence_of_its_own", {"base": base})


def of_pictures(facts: Facts) -> Iterator[Part]:
    """The licence of what it learnt from."""
    dataset, stated = address(facts), facts.images.license
    if not stated:
        yield Words("licence_data_missing", {"dataset": dataset})
        return
    shown = "Those under Nearest training pictures are" if "nearest" in facts.plots else "None of them is"
    yield Words("licence_data", {"dataset": dataset, "licence": terms(facts, stated), "shown": shown})
    if stated.startswith("cc-by"):
        yield Words("licence_attribution")


def terms(facts: Facts, stated: str | None) -> Markdown:
    """A licence by its name, with a link to its text where that is known."""
    if stated == "other":
        model = facts.model
        said = metadata.licence(model.base, model.base_revision, facts.base_licence, facts.hub)
        return linked(said["license_name"], said["license_link"])
    return linked(stated or "none stated", TEXTS.get(stated or "", ""))


def linked(name: str, address: str) -> Markdown:
    """A name as a link, where there is somewhere to go."""
    leads = address.startswith(("https://", "/"))
    return Markdown(f"[{code(name)}](<{quote(address, safe=SAFE)}>)") if leads else code(name)
