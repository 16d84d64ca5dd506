"""How it was trained: what was set, what was measured, what it took."""

from collections.abc import Iterator, Mapping
from typing import Any

from hubkit.card.chapters.figures import HOUR, duration, size
from hubkit.card.facts import Facts
from hubkit.card.sections import Code, Fold, Section, Table, Words
from hubkit.escaping import Markdown, code
from hubkit.recipe import Recipe, dump


def training(facts: Facts) -> Iterator[Section]:
    """The measured facts, the settings that are not defaults, and the whole recipe in a fold."""
    plot = facts.plots.get("loss")
    yield Section(
        "Training",
        [
            Words("training"),
            *([plot] if plot else []),
            Table(["measured", ""], [*measured(facts)]),
            Words("settings"),
            Table(["setting", "value"], [*changed(facts.recipe)]),
            Fold("The whole recipe, with every revision pinned", [Code(dump(facts.recipe), "toml")]),
        ],
    )


def measured(facts: Facts) -> Iterator[tuple[str, Any]]:
    """What the training did."""
    model = facts.model
    yield "steps", f"{model.steps:,}"
    yield "examples seen", f"{model.examples:,}"
    yield "times it saw each picture, on average", f"{model.examples / max(1, len(facts.images.train)):.3g}"
    yield "weights trained", f"{model.parameters_trained:,}"
    yield "loss, mean of the first and of the last steps", f"{model.first_loss:.4g}, {model.final_loss:.4g}"


def costs(facts: Facts) -> Iterator[Section]:
    """What it took of a machine, of money and of energy."""
    yield Section("Costs", [Words("costs"), Table(["measured", ""], [*taken(facts)])])


def taken(facts: Facts) -> Iterator[tuple[str, str]]:
    """Hours, hardware and memory, and what they came to."""
    model = facts.model
    yield "time", duration(model.seconds)
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
    yield "energy", f"{model.energy_kwh:.3g} kWh, metered by codecarbon for {duration(model.energy_seconds)}"
    if facts.co2_grams is not None:
        yield "CO₂, estimated", f"{facts.co2_grams:.3g} g, at the mean of {facts.recipe.card.country}"


def changed(recipe: Recipe) -> Iterator[tuple[str, Any]]:
    """Every hyperparameter that is not its default, by its name in the recipe."""
    for table in ("method", "training"):
        settings = getattr(recipe, table)
        keys = settings.changed | {"kind"}
        values = {key: value for key, value in settings.model_dump(mode="json").items() if key in keys}
        yield from ((name, code(value)) for name, value in flat(table, values))


def flat(prefix: str, values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Nested tables as dotted keys."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from flat(f"{prefix}.{key}", value)
        else:
            yield f"{prefix}.{key}", Markdown("not set") if value is None else value
