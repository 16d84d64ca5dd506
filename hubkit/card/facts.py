"""Everything a card may speak of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hubkit.card.metadata import Licence, of_release
from hubkit.card.sections import Picture
from hubkit.data import CaptionedImages
from hubkit.publishing import Past
from hubkit.recipe import Recipe
from hubkit.scoring import Sample, Scores
from hubkit.training import TrainedModel


@dataclass(frozen=True)
class Facts:
    """What the stages of a run left behind, and the pictures that were made of it."""

    recipe: Recipe
    images: CaptionedImages
    model: TrainedModel
    scores: Scores
    model_id: str
    snippet: str
    proof: Sample
    gallery: Sequence[tuple[Sample, str]]
    """Samples and the paths of their pictures in the release."""
    safety_checker: bool
    """Whether the pipeline brings its base's."""
    accepted: str | None = None
    """Why it is published though a gate is not met."""
    before: Past | None = None
    """The release that it follows."""
    plots: Mapping[str, Picture] = field(default_factory=dict)
    """Curves and sheets in the release, by what they show: 'before-after', 'loss', 'scores' …"""

    @property
    def dataset(self) -> str:
        """The dataset's name as a card gives it."""
        return self.images.name

    @property
    def licence(self) -> Licence:
        """What the release comes under."""
        model = self.model
        base = Licence(model.base_license, model.base_license_name, model.base_license_link)
        return of_release(base, self.images.license)
