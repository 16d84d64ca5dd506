"""Are the numbers those that come of what was measured? Computed again, without a picture or a weight."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from hubkit import hub
from hubkit.errors import Fault, IntegrityError, RecipeError
from hubkit.recipe import reload
from hubkit.releases.locating import locate
from hubkit.scoring import Again, recompute

RECIPE: Final = "recipe.toml"
MEASURED: Final = "scores"
"""The folder of a release that holds its scores, and what they were computed from."""


def rescore(address: str) -> Sequence[Again]:
    """Every number of a run folder, of a release in a folder, or of one on the Hub. Raises IntegrityError where one
    comes out otherwise, RecipeError where nothing to compute them from is there.
    """
    folder = Path(address) if Path(address).is_dir() else _downloaded(address)
    place = folder / MEASURED if (folder / MEASURED / "scores.json").is_file() else folder
    if not (place / "scores.json").is_file() or not (folder / RECIPE).is_file():
        raise RecipeError(
            f"{address} brings nothing that its scores could be computed from",
            help="a release has it in its folder scores/, unless it learnt from pictures that are no dataset",
        )
    found = list(recompute(place, reload(folder / RECIPE).metrics))
    if faults := [Fault("HK1014", f"{one.name}: {said}", where=address) for one in found for said in one.differing]:
        raise IntegrityError.of(tuple(faults))
    return found


def _downloaded(address: str) -> Path:
    release = locate(address)
    return hub.snapshot(release.repo, release.commit, allow=[RECIPE, f"{MEASURED}/*"])
