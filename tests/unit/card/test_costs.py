"""What a training took of money and energy, and whom its pictures are for: on the card where the recipe says so."""

from pathlib import Path
from typing import Any

import pytest

from hubkit import hub
from hubkit.card.edits import split
from hubkit.card.emissions import grams
from hubkit.card.writing import front
from hubkit.recipe import Recipe

from .conftest import Scored, recipe_of, scored
from .test_chapters import chapter, facts_of

METERED = {"energy_kwh": 0.12, "energy_seconds": 90.0}


@pytest.fixture
def plain(tmp_path: Path) -> Scored:
    """An ordinary run of an hour and a half, whose model is never loaded."""
    run = scored(tmp_path, tmp_path / "run", recipe_of())
    return run.but(model=run.model.model_copy(update={"seconds": 5400.0}))


def metered(run: Scored, **energy: float) -> Scored:
    return run.but(model=run.model.model_copy(update=energy))


def test_the_cost_is_the_time_at_the_price_that_the_author_states(plain: Scored):
    """In their currency; nothing is said of money where they state no price."""
    stated = {"card": {"hourly_price": 1.2, "currency": "EUR"}}

    assert "| time to train | 1 h 30 min |" in chapter("Costs", facts_of(plain))
    assert "| cost of the training | 1.80 EUR, at 1.2 EUR an hour |" in chapter("Costs", facts_of(plain, stated))
    assert "cost of" not in chapter("Costs", facts_of(plain))


@pytest.mark.usefixtures("as_alice")
def test_a_model_that_is_not_for_all_audiences_is_tagged_so(plain: Scored):
    """Once, in the word that the Hub knows; the recipe decides."""
    said = front(facts_of(plain, {"card": {"not_for_all_audiences": True}}))
    hub.put_repo("alice/tagged", "model", {"README.md": f"---\ntags: {said['tags']}\n---\n".encode()}, "a card")

    assert 1 == said["tags"].count("not-for-all-audiences")
    assert "not-for-all-audiences" in hub.resolve_model("alice/tagged").tags
    assert "not-for-all-audiences" not in front(facts_of(plain))["tags"]


def test_energy_is_told_with_how_long_it_was_metered(plain: Scored):
    """And no CO2 where no country is known; nothing where nothing was metered."""
    costs = chapter("Costs", facts_of(metered(plain, **METERED)))

    assert (
        "| energy of the training | 0.12 kWh, metered by codecarbon for 1 min 30 s, from the second minute on |"
        in costs
    )
    assert "CO₂" not in costs
    assert "energy" not in chapter("Costs", facts_of(plain))
    assert "co2_eq_emissions" not in front(facts_of(plain))


def test_co2_is_the_countrys_in_the_table_and_in_the_metadata(run: Any):
    """Of the energy that was metered, unrounded where the Hub reads it; who shows it sees what it is of."""
    tables = run.recipe.model_dump(exclude_none=True) | {"card": {"country": "DEU"}}
    german = metered(run, **METERED).but(recipe=Recipe.model_validate(tables))
    said, body = split((german.describe().folder / "README.md").read_text(encoding="utf-8"))
    emitted = grams("DEU", METERED["energy_kwh"])

    assert emitted is not None
    assert {
        "emissions": emitted,
        "source": "codecarbon",
        "training_type": "fine-tuning",
        "geographical_location": "DEU",
        "hardware_used": "1 x CPU (x86_64, 2 threads)",
    } == said["co2_eq_emissions"]
    assert f"| CO₂, estimated | {emitted:.3g} g, at the mean of DEU |" in body
