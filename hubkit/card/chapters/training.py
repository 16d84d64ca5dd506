"""How it was trained: what was set, what was measured, what it took."""

from collections.abc import Iterator
from typing import Any

from hubkit.card.chapters.figures import HOUR, count, duration, size
from hubkit.card.facts import Facts
from hubkit.card.sections import Code, Fold, Section, Table, Words, joined
from hubkit.escaping import Markdown, code
from hubkit.recipe import Recipe, dump, toml
from hubkit.training import LOSSES_AVERAGED
from hubkit.values import Settings


def training(facts: Facts) -> Iterator[Section]:
    """The measured facts, the settings that are not defaults, and the whole recipe in a fold."""
    plot = facts.plots.get("loss")
    yield Section(
        "Training",
        [
            *learnt(facts),
            *([plot] if plot else []),
            Table(["", ""], [*measured(facts)]),
            Words("settings"),
            Table(["", ""], [*changed(facts.recipe)]),
            Fold("The whole recipe, with every revision pinned", [Code(dump(facts.recipe), "toml")]),
        ],
    )


def learnt(facts: Facts) -> Iterator[Words]:
    """Which parts learnt, and which are the base's."""
    model = facts.model
    parts = {path.partition("/")[0] for path in model.weights}
    if model.trained:
        rest = joined(sorted(parts - set(model.trained)))
        weights = f"{model.parameters_trained:,}"
        yield Words("training", {"trained": joined(model.trained, " and "), "weights": weights, "rest": rest})


def measured(facts: Facts) -> Iterator[tuple[str, Any]]:
    """What the training did."""
    model = facts.model
    yield "steps", f"{model.steps:,}"
    yield "examples seen", f"{model.examples:,}"
    yield "times it saw each picture, on average", f"{model.examples / max(1, len(facts.images.train)):.3g}"
    many = count(min(LOSSES_AVERAGED, model.steps), "step")
    yield f"loss, mean of the first and of the last {many}", f"{model.first_loss:.4g}, {model.final_loss:.4g}"


def costs(facts: Facts) -> Iterator[Section]:
    """What it took of a machine, of money and of energy."""
    yield Section("Costs", [Words("costs"), Table(["", ""], [*taken(facts)])])


def taken(facts: Facts) -> Iterator[tuple[str, str]]:
    """Hours, hardware and memory, and what they came to."""
    model = facts.model
    yield "time to train", duration(model.seconds)
    if facts.scoring:
        pictures = f"{facts.scoring.pictures:,} pictures looked at, drawn and real"
        yield "time to draw and score", f"{duration(facts.scoring.seconds)}; {pictures}"
    yield "hardware", f"{model.processes} x {model.device}"
    yield "peak memory", size(model.peak_memory_bytes)
    yield "examples per second", f"{model.examples_per_second:.2f}"
    yield from cost(facts)
    yield from energy(facts)


def cost(facts: Facts) -> Iterator[tuple[str, str]]:
    """What the machine's time came to, at the price the author states."""
    said = facts.recipe.card
    if said.hourly_price is not None:
        price = said.hourly_price * facts.model.seconds / HOUR
        yield "cost of the training", f"{price:.2f} {said.currency}, at {said.hourly_price:g} {said.currency} an hour"


def energy(facts: Facts) -> Iterator[tuple[str, str]]:
    """What codecarbon metered, and for how long."""
    model = facts.model
    if model.energy_kwh is None or model.energy_seconds is None:
        return
    metered = f"metered by codecarbon for {duration(model.energy_seconds)}, from the second minute on"
    yield "energy of the training", f"{model.energy_kwh:.3g} kWh, {metered}"
    if facts.co2_grams is not None:
        yield "CO₂, estimated", f"{facts.co2_grams:.3g} g, at the mean of {facts.recipe.card.country}"


def changed(recipe: Recipe) -> Iterator[tuple[str, Any]]:
    """Every hyperparameter that is not its default, by its name in the recipe."""
    for table in ("method", "training"):
        yield from unlike_default(table, getattr(recipe, table))


def unlike_default(name: str, settings: Settings) -> Iterator[tuple[str, Any]]:
    """The keys of a table that say something else than their default, and its kind; of tables within it the same."""
    for key in type(settings).model_fields:
        value = getattr(settings, key)
        if isinstance(value, Settings):
            yield from unlike_default(f"{name}.{key}", value)
        elif key == "kind" or key in settings.changed:
            yield f"{name}.{key}", Markdown("not set") if value is None else code(toml(value))
