"""Make a release again from the recipe in it, and hold what comes out against it.

The recipe is a stranger's. It is data, and checked as such; here, in addition, nothing of it may read a file of this
machine or write to a repo: it trains what is written, in a folder of its own, and nothing is published.
"""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Literal

from pydantic import Field

from hubkit import hub
from hubkit.errors import RecipeError
from hubkit.pinning import resolved
from hubkit.progress import say
from hubkit.publishing import Change, Lock, LockedScore, StandingRelease, changes, verify_hashes
from hubkit.publishing.lock import LockedInterval
from hubkit.recipe import Recipe, load, local
from hubkit.values import Record, Settings

RECIPE: Final = "recipe.toml"
ERRORS: Final = 2.0
"""Standard errors that a score may lie off where it has no interval: 95 of 100 do."""

Verdict = Literal["equal", "within its interval", "untested", "OUTSIDE its interval", "NOT measured"]
FAILED: Final[frozenset[Verdict]] = frozenset({"OUTSIDE its interval", "NOT measured"})


def recipe_of(release: StandingRelease, data: Path | None = None) -> Recipe:
    """The recipe of a release, as it may be run here; `data` is a folder in place of pictures that are not published.

    Raises IntegrityError where the repo does not hold the release, RecipeError where the recipe is none, reads files
    of this machine, or leaves a revision open.
    """
    verify_hashes(release, release.repo, release.commit)
    with TemporaryDirectory(prefix="hubkit-recipe-") as desk:
        path = Path(desk, RECIPE)
        path.write_bytes(release.content(RECIPE))
        recipe = load(path, folder=data)
    typed = {"data.folder"} if data else set()
    for key, said in local(recipe).items():
        if key not in typed:
            raise RecipeError(
                f"{release} was made with {key} = {Path(said).name[:80]!r}, which is not published",
                help="if you have those pictures: --data DIR" if key == "data.folder" else "it cannot be made again",
                code="HK252",
            )
    if recipe.hub == "local" and not hub.is_local():
        raise RecipeError(f"{release} was made on a local Hub", help="add `--hub local`", code="HK252")
    if resolved(recipe) != recipe:
        raise RecipeError(
            f"the recipe of {release} leaves a revision open: it would train something else", code="HK252"
        )
    return _without_writing(recipe)


def _without_writing(recipe: Recipe) -> Recipe:
    """The recipe without the keys that name a repo to write to."""
    update: dict[str, Any] = {}
    for name in Recipe.model_fields:
        table = getattr(recipe, name)
        if isinstance(table, Settings) and (named := {key for key in table.writes if getattr(table, key) is not None}):
            say(f"left out: {', '.join(f'{name}.{key}' for key in sorted(named))}; nothing is written to any repo")
            update[name] = table.model_copy(update=dict.fromkeys(named))
    return recipe.model_copy(update=update)


class ScoreAgain(Record):
    """A score of the release, and what came out now: untested where it differs and has no interval."""

    metric: str
    panel: str
    then: float | None
    now: float | None
    low: float | None = Field(description="From here …")
    high: float | None = Field(description="… to here the release's interval reaches.")
    verdict: Verdict

    @property
    def holds(self) -> bool:
        """False where it lies outside, or was claimed and not measured."""
        return self.verdict not in FAILED


class Reproduction(Record):
    """What came out of a release's recipe, beside the release."""

    weights_are_equal: bool
    scores: tuple[ScoreAgain, ...]
    otherwise: tuple[Change, ...] = Field(description="What it was made from, or with, and is another now.")

    @property
    def outside(self) -> tuple[ScoreAgain, ...]:
        """The scores that do not hold."""
        return tuple(one for one in self.scores if not one.holds)


def held_against(then: Lock, now: Lock) -> Reproduction:
    """What was made again, `now`, beside the release. Equal weights give equal scores; on another machine or with other
    versions both come out close.
    """
    found = changes(then, now)
    device = Change(what="device", before=then.device, after=now.device)
    return Reproduction(
        weights_are_equal=then.weights == now.weights,
        scores=tuple(_again(one, now.scores) for one in then.scores),
        otherwise=(*found.sources, *found.versions, *((device,) if then.device != now.device else ())),
    )


def _again(then: LockedScore, scores: Sequence[LockedScore]) -> ScoreAgain:
    now = next((one for one in scores if (one.metric, one.panel, one.n) == (then.metric, then.panel, then.n)), None)
    reach = _reach(then)
    return ScoreAgain(
        metric=then.metric,
        panel=then.panel,
        then=then.value,
        now=now.value if now else None,
        low=reach and reach.low,
        high=reach and reach.high,
        verdict=_verdict(then, now, reach) if now else "NOT measured",
    )


def _verdict(then: LockedScore, now: LockedScore, reach: LockedInterval | None) -> Verdict:
    if then.value == now.value:
        return "equal"
    if now.value is None or then.value is None:
        return "OUTSIDE its interval"
    if reach is None or reach.low is None or reach.high is None:
        return "untested"
    return "within its interval" if reach.low <= now.value <= reach.high else "OUTSIDE its interval"


def _reach(score: LockedScore) -> LockedInterval | None:
    """A score's interval; without one, two standard errors of its difference to the base, which is the same again."""
    error = (score.model_extra or {}).get("difference_error")
    if score.interval or score.value is None or not isinstance(error, int | float):
        return score.interval
    return LockedInterval(low=score.value - ERRORS * error, high=score.value + ERRORS * error)
