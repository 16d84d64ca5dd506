"""What the scoring stage leaves behind, and what a recipe may demand of it."""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from hubkit.values import Record, Settings


class Gate(Settings):
    """What a score must meet for the model to be published. A score that is not finite meets no gate."""

    better_than: Literal["base"] | None = Field(None, description="Better than the base model's score.")
    within: float | None = Field(None, ge=0, description="At most this much worse than the base model's score.")
    at_least: float | None = Field(None, description="At least this.")
    at_most: float | None = Field(None, description="At most this.")

    def problems(self) -> Iterator[tuple[str, str]]:
        """What is wrong between the keys of this table."""
        if not self.model_fields_set:
            yield "", "demands nothing: say one of better_than, within, at_least, at_most"
        if self.better_than and self.within is not None:
            yield "within", "contradicts better_than = 'base': a score is either better, or at most so much worse"
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            yield "at_least", f"contradicts at_most = {self.at_most}: no score is both"


class Sample(Record):
    """One picture that was drawn: its prompt, its seed, and the file, relative to the run folder."""

    prompt: str
    seed: int
    file: str
    sha256: str


class Interval(Record):
    """Where the truth lies in 95 of 100 cases."""

    low: float
    high: float


class Score(Record):
    """One number, with everything that makes it comparable, and the base's number beside it."""

    metric: str = Field(description="Name with its protocol, such as 'fid@122' or 'fd[mini-clip]'.")
    kind: str = Field(description="Of the metric in the recipe.")
    panel: str = Field("holdout", description="Name of the panel, the set of prompts the pictures were drawn for.")
    value: float
    base: float
    interval: Interval | None = Field(None, description="Of the value, where the metric has one.")
    base_interval: Interval | None = Field(None, description="Of the base's value.")
    difference_interval: Interval | None = Field(None, description="Of value - base, paired: the same rows in both.")
    difference_error: float | None = Field(
        None, description="Standard error of value - base, where the metric has one."
    )
    intervals_by: str = Field("", description="How the intervals were made, in words.")
    real: float | None = Field(
        None, description="What real pictures score among themselves: the noise floor of a distance, the ceiling of a "
        "likeness."
    )  # fmt: skip
    released: float | None = Field(None, description="The same score of the last tagged release, where there is one.")
    better: Literal["higher", "lower"]
    n: int
    scale: str = Field(description="Unit in words, such as '100 * cosine'.")
    extractor: str
    extractor_revision: str
    settings: dict[str, str | int | float]
    reference: dict[str, str | int] = Field(
        description="Repo, revision, split and rows the samples are compared to; empty without one."
    )
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = Field((), description="What ought to worry a reader, in words.")
    gate: str | None = Field(None, description="The gate in words.")
    gate_met: bool | None = None


class Scores(Record):
    """What the scoring stage leaves behind: the pictures of both models from the same prompts and seeds, and the
    scores.
    """

    finetuned: tuple[Sample, ...] = Field(description="The card's pictures: subjects x templates, in this order.")
    base: tuple[Sample, ...] = Field(description="The same prompts and seeds drawn by the base.")
    templates: tuple[str, ...]
    subjects: tuple[str, ...]
    scores: tuple[Score, ...]
    sampling: dict[str, str | int | float] = Field(
        description="Steps, guidance scale, scheduler, size: how every picture was drawn."
    )

    @property
    def unmet(self) -> tuple[Score, ...]:
        """The scores whose gate is not met."""
        return tuple(score for score in self.scores if score.gate_met is False)
