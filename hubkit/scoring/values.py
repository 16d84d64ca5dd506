"""What the scoring stage leaves behind, and what a recipe may demand of it."""

from collections.abc import Iterator
from typing import Final, Literal

from pydantic import Field

from hubkit.values import Record, Settings

BARE: Final = "{subject}"
"""The template that is the subject alone."""


class Gate(Settings):
    """What a score must meet for the model to be published. A score that is not finite meets no gate.

    Until there is a release, the base stands in for it.
    """

    better_than: Literal["base", "release"] | None = Field(
        None, description="Better than the base model's score, or than that of the last tagged release."
    )
    within: float | None = Field(None, ge=0, description="At most this much worse than the base model's score.")
    within_release: float | None = Field(None, ge=0, description="At most this much worse than the last release's.")
    at_least: float | None = Field(None, description="At least this.")
    at_most: float | None = Field(None, description="At most this.")
    confident: bool = Field(
        default=False, description="With its whole 95 % interval: a number that has none meets no such gate."
    )

    @property
    def on_release(self) -> bool:
        """Whether it asks for the last release."""
        return self.better_than == "release" or self.within_release is not None

    def problems(self) -> Iterator[tuple[str, str]]:
        """What is wrong between the keys of this table."""
        if not self.model_fields_set - {"confident"}:
            yield "", "demands nothing: say one of better_than, within, within_release, at_least, at_most"
        for other, key in (("base", "within"), ("release", "within_release")):
            if self.better_than == other and getattr(self, key) is not None:
                yield key, f"contradicts better_than = {other!r}: a score is either better, or at most so much worse"
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            yield "at_least", f"contradicts at_most = {self.at_most}: no score is both"


class Sample(Record):
    """One picture that was drawn: its prompt, its seed, and the file, relative to the run folder."""

    prompt: str
    seed: int
    file: str
    sha256: str


class Neighbours(Record):
    """A drawn picture, and the training picture that is nearest to it."""

    file: str = Field(description="Of the drawn picture, relative to the run folder.")
    row: int = Field(description="Of the training picture in the dataset.")
    mirrored: bool = Field(description="Whether it is nearest when mirrored, as the training saw it too.")
    distance: float = Field(description="1 - cosine of their features.")
    threshold: float = Field(description="The distance below which a picture counts as a copy.")


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
    withheld: str = Field("", description="Why there is no number, in words; empty where there is one.")
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
    nearest: tuple[Neighbours, ...] = Field(
        (), description="Where training pictures are searched: the pairs of a drawn and a training picture that are "
        "nearest, nearest first."
    )  # fmt: skip
    gate: str | None = Field(None, description="The gate in words.")
    gate_met: bool | None = Field(
        None, description="None without a gate, and while one on the last release waits for the publishing."
    )


def upwards(value: float, better: Literal["higher", "lower"]) -> float:
    """A value of which more is better: its sign is turned where less was."""
    return value if better == "higher" else -value


class Measured(Record):
    """A number with the interval the truth lies in, in 95 of 100 cases."""

    value: float
    interval: Interval | None = None

    @property
    def negated(self) -> "Measured":
        """The same with the other sign: a cost as a gain."""
        turned = self.interval and Interval(low=-self.interval.high, high=-self.interval.low)
        return Measured(value=-self.value, interval=turned)


class Template(Record):
    """How one template did in the prompt study. Differences are paired: same subject, same initial latents."""

    template: str = Field(description="Such as '{subject} ninja portrait'; '{subject}' alone is the bare one.")
    identity: Measured = Field(
        description="Of the finetuned model's pictures: 100 x the cosine to the bare subject's text, in every cell."
    )
    style: Measured = Field(description="100 x the cosine to the mean of the real held-out pictures.")
    base_identity: Measured = Field(description="The same of the base's pictures, from the same prompts and latents.")
    base_style: Measured
    gain: Measured = Field(description="Style that finetuning gave under this template: style - base_style.")
    interaction: Measured | None = Field(
        None, description="Difference in differences: what the template adds to the finetuned model's style beyond "
        "what it adds to the base's. None for the bare one."
    )  # fmt: skip
    added: Measured | None = Field(
        None, description="Style the template adds to the finetuned model: style - style of the bare one."
    )
    cost: Measured | None = Field(None, description="Points of identity it costs: identity of the bare one - identity.")
    merit: Measured = Field(
        description="Identity and style together, each on a scale from one anchor (0) to the other (1): the base's "
        "bare pictures are all subject and no style, real held-out pictures all style and not the subject."
    )
    wins: Measured = Field(
        description="Share of pairs won by merit against the other templates; a tie is half a win. The rank."
    )
    leads: float = Field(description="Share of the resamples in which it came first: how stable the rank is.")


class Study(Record):
    """The prompt study: subjects x templates x latents, drawn by the base and by the finetuned model."""

    templates: tuple[Template, ...] = Field(description="Best first, by `wins`.")
    needed: bool = Field(description="Whether the winner is measurably better than the bare subject.")
    verdict: str = Field(description="In words: is a template needed, what does it add, what does it cost?")
    subjects: tuple[str, ...]
    seeds: int = Field(description="Initial latents per subject.")
    counted: tuple[str, ...] = Field(
        description="What the merit is made of: 'identity', 'style', or both; one whose anchors do not differ "
        "measurably does not count."
    )
    anchors: dict[str, float] = Field(
        description="Where the scales begin and end: 'identity of the base', 'identity of real pictures', 'style of "
        "the base', 'style of real pictures'."
    )
    intervals_by: str
    extractor: str
    extractor_revision: str
    reference: dict[str, str | int] = Field(description="The real pictures that the style is held against.")
    notes: tuple[str, ...] = ()
    columns: tuple[str, ...] = Field((), description="The templates in the order of the pictures.")
    finetuned: tuple[Sample, ...] = Field(
        (), description="Subject by subject, every template from the first of the subject's latents."
    )
    base: tuple[Sample, ...] = Field((), description="The same prompts and latents drawn by the base.")

    @property
    def winner(self) -> str:
        """The template that is recommended: the first where one is needed, else the bare subject."""
        return self.templates[0].template if self.needed else BARE

    @property
    def prompts(self) -> tuple[str, ...]:
        """The winner with every subject: what a widget or a snippet should show."""
        return tuple(self.winner.replace(BARE, subject) for subject in self.subjects)


class Candidate(Record):
    """Weights that might have been published: one step of the training, at one position of the style dial."""

    name: str = Field(description="Such as 'step 700' or 'step 700, dial 0.5'.")
    step: int
    position: float = Field(
        description="0 is the base, 1 what the training leaves (the average where there is one), 2 the last raw "
        "weights; between them the weights are mixed."
    )
    values: dict[str, float] = Field(description="By the metric's kind, over the dial's own prompts and seeds.")
    errors: dict[str, float | None] = Field(
        description="Standard error of each value's difference to the candidate at position 1 of the last step."
    )
    front: bool = Field(description="Whether none is better in both style and prompt.")
    picked: bool


class Dial(Record):
    """The style dial: candidates beside one another, and the one that was picked, scored and published."""

    candidates: tuple[Candidate, ...] = Field(description="The base first, then by step and position.")
    pick: str = Field(description="The recipe's rule: 'knee', 'best:kid', 'last'.")
    reason: str = Field(description="Why this one, in words.")
    style: str = Field(description="The metric's kind on the style axis, such as 'kid': lower is nearer the style.")
    prompt: str = Field(description="The metric's kind on the prompt axis, such as 'clip-score': higher is better.")
    names: dict[str, str] = Field(description="The metrics' names with their protocols, by kind.")
    prompts: int = Field(description="Held-out captions that were drawn: used for nothing else.")
    first_seed: int
    measurements: dict[str, str] = Field(
        {}, description="sha256 of the files that the candidates' numbers can be computed from again, by name."
    )

    @property
    def picked(self) -> Candidate:
        """The one that is scored and published."""
        return next(candidate for candidate in self.candidates if candidate.picked)


class Took(Record):
    """What a scoring took. It is kept beside the scores, which are the same whatever it took."""

    seconds: float = Field(
        description="Of drawing, looking and computing, every time these weights were scored. A scoring that was "
        "killed, and a dial's, are not counted."
    )
    pictures: int = Field(description="That were looked at: drawn ones, and real ones.")
    processes: int


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
    study: Study | None = Field(None, description="The prompt study, where the recipe has a `[study]`.")
    dial: Dial | None = Field(None, description="The style dial, where the recipe has a `[dial]`.")
    warnings: tuple[str, ...] = Field((), description="What ought to worry a reader of the whole, in words.")
    failures: tuple[str, ...] = Field(
        (), description="What forbids publishing whatever the gates say, in words: blank or repeated pictures."
    )
    release: str | None = Field(None, description="Tag of the last release, which gates may compare with.")
    measurements: dict[str, str] = Field(
        {}, description="sha256 of the files that every number can be computed from again, by their names beside "
        "`scores.json`: a row for each picture, and the features."
    )  # fmt: skip

    @property
    def unmet(self) -> tuple[Score, ...]:
        """The scores whose gate is not met."""
        return tuple(score for score in self.scores if score.gate_met is False)

    @property
    def refusals(self) -> tuple[str, ...]:
        """Why it must not be published, in words: unmet gates and failures. Empty when it may."""
        unmet = (f"{one.metric} = {one.value:.4g} (base {one.base:.4g}) is not {one.gate}" for one in self.unmet)
        return (*unmet, *self.failures)
