"""The recipe as a value: one frozen object whose fields are the tables of the file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Protocol

from pydantic import Field, GetCoreSchemaHandler
from pydantic_core import core_schema

from hubkit.data import CaptionedImages, Source
from hubkit.families import FAMILIES, Family
from hubkit.methods import METHODS
from hubkit.metrics import METRICS
from hubkit.publishing import Target
from hubkit.recipe.card import Card
from hubkit.sampling import Samples
from hubkit.scoring import Metric, PromptStudy, Shows, StyleDial
from hubkit.targets import TARGETS
from hubkit.training import Method, Training
from hubkit.values import HubName, Settings, Several


@dataclass(frozen=True)
class OneOf:
    """Marks a table whose `kind` picks its class: a new kind is a name in one of the four tables, and nothing here."""

    kinds: Mapping[str, type[Settings]]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """A union told apart by `kind`."""
        choices = {kind: handler.generate_schema(settings) for kind, settings in self.kinds.items()}
        return core_schema.tagged_union_schema(choices, discriminator="kind")


class Finetuning(Method, Shows, Protocol):
    """What a way of finetuning offers: to the loop what it learns from, to the scoring what shows it, to the card what
    it is.
    """

    title: ClassVar[str]
    """Its name in words."""
    paper: ClassVar[str]
    tags: ClassVar[tuple[str, ...]]
    """What the Hub files it under."""

    @property
    def trigger(self) -> str | None:
        """What a prompt must hold to call what was taught; None where every prompt does."""
        ...

    def facts(self, images: CaptionedImages) -> Mapping[str, str | int | float]:
        """What it was told beyond the captions, by what a card calls it."""
        ...


class Recipe(Settings):
    """One run, from the dataset to the published model."""

    name: HubName = Field(description="Of the run, and of the repo unless `publish.repo` says otherwise.")
    hub: Literal["local"] | None = Field(
        None, description="'local' runs against a Hub of one's own on this machine, as the quickstart does."
    )
    model: Annotated[Family, OneOf(FAMILIES)] = Field(description="The base that is finetuned.")
    data: Source = Field(description="The captioned pictures it learns from.")
    method: Annotated[Finetuning, OneOf(METHODS)] = Field(description="The way of finetuning.")
    training: Training = Field(description="How long, how fast, how exactly.")
    samples: Samples = Field(description="What the base and the finetuned model draw.")
    metrics: Several[Annotated[Metric, OneOf(METRICS)]] = Field(
        (), description="What is measured on the samples, and what the model must meet to be published."
    )
    study: PromptStudy | None = Field(
        None, description="Which template is best, and is one needed? Without this table nobody asks."
    )
    dial: StyleDial | None = Field(
        None, description="Weights between the base and what was learnt, held against one another before one is taken."
    )
    publish: Annotated[Target, OneOf(TARGETS)] = Field(description="Where the model goes.")
    card: Card = Field(Card(), description="What the author says on the card.")
