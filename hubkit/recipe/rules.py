"""What is wrong between keys that are each right by themselves.

What concerns one table the table says itself (`Settings.problems`); what concerns several stands here. Each rule sees
whatever is valid: pydantic's own validators of a whole would be silenced by the first fault in a part.
"""

from collections.abc import Iterator, Mapping
from contextlib import nullcontext, suppress
from typing import Any

from hubkit.data import Source
from hubkit.errors import Fault
from hubkit.recipe.card import Card
from hubkit.recipe.faults import Draft
from hubkit.recipe.positions import KeyPath
from hubkit.recipe.validation import Checked
from hubkit.sampling import Samples
from hubkit.scoring import BARE, Metric, Shows, StyleDial
from hubkit.scoring.dial import AVERAGE
from hubkit.scoring.panels import OF_CAPTIONS
from hubkit.training import Method, Training
from hubkit.values import Settings

Problem = tuple[KeyPath, str]


def faults(draft: Draft, checked: Checked) -> Iterator[Fault]:
    """The faults between keys that have no fault of their own."""
    for rule in _rules(draft, checked.values):
        with suppress(TypeError) if checked.faulty else nullcontext():  # a faulty required key is None in its table
            for path, said in rule:
                if not any(path[:length] in checked.faulty for length in range(1, len(path) + 1)):
                    yield _fault(draft, path, said)


def _fault(draft: Draft, path: KeyPath, said: str) -> Fault:
    return draft.of_value(path, "HK220", said) if draft.holds(path) else draft.fault(path, "HK220", f" {said}")


def _rules(draft: Draft, values: Mapping[KeyPath, Any]) -> Iterator[Iterator[Problem]]:
    """What every table says of itself, then what stands between tables."""
    for path, value in values.items():
        yield from _own(path, value)
    data, samples, method = values.get(("data",)), values.get(("samples",)), values.get(("method",))
    metrics = {path: value for path, value in values.items() if path[0] == "metrics"}
    yield _metrics_once(draft)
    yield _gates_the_right_way(metrics)
    if samples:
        yield _holdout_used(samples, draft)
        yield _gates_have_a_number(samples, metrics)
    if samples and (card := values.get(("card",))):
        yield _pictures_drawn(card, samples)
    if samples and values.get(("study",)):
        yield _templates_there(samples)
    if data and method:
        yield _captions_read(data, method)
    if data and method:
        yield _holdout_there(data, method, metrics)
    if method:
        yield _panels_there(method, metrics)
    if dial := values.get(("dial",)):
        yield _dial_measured(dial, metrics)
    if dial and (training := values.get(("training",))):
        yield _dial_turned(dial, training)


def _own(path: KeyPath, value: Any) -> Iterator[Iterator[Problem]]:
    """What a table says of itself, and the tables within it."""
    if not isinstance(value, Settings):
        return
    yield (
        ((*path, *(int(part) if part.isdigit() else part for part in key.split(".") if part)), said)
        for key, said in value.problems()
    )
    for key in type(value).model_fields:
        yield from _own((*path, key), getattr(value, key))


def _metrics_once(draft: Draft) -> Iterator[Problem]:
    metrics = draft.tables.get("metrics")
    seen: set[str] = set()
    for index, table in enumerate(metrics if isinstance(metrics, list) else ()):
        kind = table.get("kind") if isinstance(table, dict) else None
        if isinstance(kind, str) and kind in seen:
            yield ("metrics", index, "kind"), "is measured already; one metric of a kind"
        seen.add(str(kind))


def _gates_the_right_way(metrics: Mapping[KeyPath, Metric]) -> Iterator[Problem]:
    """A Frechet distance that must be *at least* something is a slip."""
    for path, metric in metrics.items():
        wrong = {"lower": "at_least", "higher": "at_most"}[metric.better]
        if metric.gate and getattr(metric.gate, wrong) is not None:
            yield (*path, "gate", wrong), f"is the wrong way round: {metric.better} is better for this metric"


def _holdout_used(samples: Samples, draft: Draft) -> Iterator[Problem]:
    if draft.tables.get("metrics") and not samples.holdout:
        yield (
            ("samples", "holdout"),
            "leaves the metrics nothing to measure: they look at pictures of held-out captions",
        )
    if not draft.tables.get("metrics") and "holdout" in samples.changed and samples.holdout:
        yield ("samples", "holdout"), "would be ignored: they are drawn for metrics, and the recipe has none"


def _templates_there(samples: Samples) -> Iterator[Problem]:
    if not set(samples.templates) - {BARE}:
        yield ("samples", "templates"), "leaves [study] nothing to hold against the bare subject"


def _gates_have_a_number(samples: Samples, metrics: Mapping[KeyPath, Metric]) -> Iterator[Problem]:
    for path, metric in metrics.items():
        if metric.gate and samples.holdout < metric.fewest:
            yield (
                (*path, "gate"),
                f"is never met: no number under {metric.fewest} pictures, and samples.holdout is {samples.holdout}",
            )


def _captions_read(data: Source, method: Method) -> Iterator[Problem]:
    if method.reads_captions and not data.caption:
        yield ("data", "caption"), "names no column, but the method learns from the captions"
    if not method.reads_captions and "caption" in data.changed and data.caption:
        yield ("data", "caption"), "would be ignored: method.instance_prompt is the caption of every picture"


def _holdout_there(data: Source, method: Shows, metrics: Mapping[KeyPath, Metric]) -> Iterator[Problem]:
    """What looks at held-out captions needs some, unless the method shows it something else."""
    for metric in metrics.values() if data.holdout == 0 else ():
        if "holdout" in metric.panels and not set(metric.panels) & set(method.offers):
            yield ("data", "holdout"), f"leaves the metric {metric.kind!r} nothing to compare with"
            return


def _panels_there(method: Shows, metrics: Mapping[KeyPath, Metric]) -> Iterator[Problem]:
    for path, metric in metrics.items():
        if not set(metric.panels) & {*OF_CAPTIONS, *method.offers}:
            names = " and ".join(metric.panels)
            yield (*path, "kind"), f"looks at pictures of the {names} prompts, which this method has none of"


def _dial_measured(dial: StyleDial, metrics: Mapping[KeyPath, Metric]) -> Iterator[Problem]:
    measured = {metric.kind: metric for metric in metrics.values()}
    for key, kind in (("style", dial.style), ("prompt", dial.prompt), ("pick", dial.pick.partition(":")[2])):
        if kind and kind not in measured:
            yield ("dial", key), f"asks for the metric {kind!r}, which the recipe does not measure"
        elif kind and dial.prompts < measured[kind].fewest:
            yield (
                ("dial", key),
                f"asks for {kind!r}, which takes {measured[kind].fewest} pictures: dial.prompts is {dial.prompts}",
            )


def _dial_turned(dial: StyleDial, training: Training) -> Iterator[Problem]:
    if max(dial.positions) > AVERAGE and not training.ema:
        yield ("dial", "positions"), "goes beyond 1.0, but without training.ema those are the raw weights"


def _pictures_drawn(card: Card, samples: Samples) -> Iterator[Problem]:
    for number, subject in enumerate(card.pictures):
        if subject not in samples.subjects:
            yield ("card", "pictures", number), "is none of samples.subjects"
