"""What the author says: the recipe's `[card]` table."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from hubkit.values import RepoId, Settings, Several

Text = Annotated[str, Field(min_length=1, max_length=10_000)]
"""Plain text; an empty line begins a paragraph. Markup in it is shown, not obeyed: a recipe may be a stranger's."""


Name = Annotated[str, Field(min_length=1, max_length=300)]


class Card(Settings):
    """The author's own words, and what the card needs to know that no run can tell."""

    description: Text | None = Field(
        None, description="What the model is, in your words; they come first. Plain text with paragraphs."
    )
    intended_use: Text | None = Field(None, description="What it is meant for, and what it is not. Plain text.")
    authors: Several[Name] = Field((), max_length=32, description="Who made it.")
    contact: Name | None = Field(None, description="Where to ask: a page, or an address.")
    pictures: Several[str] = Field(
        (), max_length=64, description="Subjects in the order in which the card shows them; the rest follow."
    )
    training_pictures: bool = Field(
        default=False,
        description="Show the training's pictures that drawn ones are nearest to, where `memorisation` is measured.",
    )
    new_version: RepoId | None = Field(
        None, description="Model that supersedes this one, `namespace/name`: the Hub then sends its readers there."
    )
    not_for_all_audiences: bool = Field(
        default=False, description="Ask the Hub to warn before it shows the model's pictures."
    )
    hourly_price: float | None = Field(
        None, gt=0, le=10_000, description="Of the machine, in `currency` per hour: the card then tells what it cost."
    )
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = Field("USD", description="Three letters (ISO 4217).")
    country: Annotated[str | None, Field(pattern="^[A-Z]{3}$")] = Field(
        None,
        description="Where the machine stands, in three letters (ISO 3166): with codecarbon installed, the energy that"
        " was measured then becomes an estimate of the CO2.",
    )

    def problems(self) -> Iterator[tuple[str, str]]:
        """What is wrong between the keys of this table."""
        if "currency" in self.changed and self.hourly_price is None:
            yield "currency", "would be ignored: there is no hourly_price"
        for number, subject in enumerate(self.pictures):
            if subject in self.pictures[:number]:
                yield f"pictures.{number}", "is named already"
