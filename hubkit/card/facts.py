"""Everything a card may speak of, as a value: the same facts give the same card, on any machine and without the run."""

from pydantic import Field

from hubkit.card.log import Logged
from hubkit.card.metadata import Licence, of_release
from hubkit.card.sections import Picture
from hubkit.data import CaptionedImages
from hubkit.publishing import Changes, Past, SourceCode
from hubkit.recipe import Recipe
from hubkit.scoring import Sample, Scores, Took
from hubkit.training import TrainedModel
from hubkit.values import Record

FACTS = "facts.json"
"""Their name in a run folder."""


class Facts(Record):
    """What the stages of a run left behind, and the pictures that were made of it."""

    recipe: Recipe = Field(description="As others may see it: paths of this machine are cut.")
    images: CaptionedImages
    model: TrainedModel
    scores: Scores
    model_id: str = Field(description="What a reader loads it by.")
    snippet: str = Field(description="Python that draws `proof`; it was executed.")
    proof: Sample
    gallery: tuple[tuple[Sample, str], ...] = Field(
        description="Samples and the paths of their pictures in the release."
    )
    safety_checker: bool = Field(description="Whether the pipeline brings its base's.")
    accepted: str | None = Field(None, description="Why it is published though a gate is not met.")
    source: SourceCode | None = Field(None, description="Commit and workflow run it came from, where there was one.")
    before: Past | None = Field(None, description="The release that it follows.")
    changes: Changes | None = Field(None, description="What is another than in that one, where hubkit made it.")
    plots: dict[str, Picture] = Field(
        {}, description="Curves and sheets in the release, by what they show: 'before-after', 'loss', 'scores' …"
    )
    scoring: Took | None = Field(None, description="What the scoring took, where it was measured.")
    weights_bytes: int = Field(0, description="Size of the weights a reader downloads.")
    log: tuple[Logged, ...] = Field((), description="The training in a few lines; none where its journal is gone.")
    hub: str = Field("", description="Address of the Hub that links lead to; empty on one of this machine.")
    thumbnail: str | None = Field(None, description="Address of what is shown where the model is linked to.")
    co2_grams: float | None = Field(None, description="Of the metered energy, at the mean of the country.")

    @property
    def dataset(self) -> str:
        """The dataset's name as a card gives it."""
        return self.images.name

    @property
    def base_licence(self) -> Licence:
        """What its base states."""
        model = self.model
        return Licence(model.base_license, model.base_license_name, model.base_license_link)

    @property
    def licence(self) -> Licence:
        """What the release comes under."""
        return of_release(self.base_licence, self.images.license)

    @property
    def is_rehearsal(self) -> bool:
        """Whether the run belongs to a Hub of one's own machine, whose repos are not those of the Hub."""
        return self.recipe.hub == "local" or not self.hub
