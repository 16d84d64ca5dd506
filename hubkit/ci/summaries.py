"""What people read on the page of a run: Markdown in which every text of a recipe is a stranger's."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from hubkit import hub
from hubkit.ci.changes import Change
from hubkit.ci.planning import Planned
from hubkit.ci.room import GIGABYTE
from hubkit.ci.rows import Row
from hubkit.errors import Fault
from hubkit.escaping import Markdown, code, inline, table
from hubkit.publishing import Lock, Publication, Release, changelog, past_at
from hubkit.scoring import Score, Scores, verdict

KEYS_SHOWN: Final = 30
PICTURES: Final = ("images/first.webp", "images/before-after.webp", "images/before-after.png")


def of_plan(planned: Sequence[Planned]) -> str:
    """What will be trained."""
    if not planned:
        return "No recipe changed that is trained here.\n"
    rows = [
        [
            code(one.row.recipe),
            code(one.row.repo),
            code(one.row.version) if one.row.version else "",
            f"{one.room.training / GIGABYTE:.0f} / {one.room.publishing / GIGABYTE:.0f}" if one.room else "unknown",
            f"from run {one.row.run}, step {one.row.step}" if one.row.run else "the beginning",
        ]
        for one in planned
    ]
    return f"### To train\n\n{table(('recipe', 'goes to', 'release', 'disk, GB: train / publish', 'from'), rows)}\n"


def of_changes(changes: Sequence[Change], faults: Sequence[Fault]) -> str:
    """Which recipes a pull request changes, in what, and what is wrong with them."""
    parts = ["### Recipes\n"] if changes else ["No recipe changed.\n"]
    for change in changes:
        parts.append(f"{code(change.path)}{' is new' if change.new else ''}\n")
        if not change.new:
            keys = list(change.keys.items())
            cells = [[code(key), _value(old), _value(now)] for key, (old, now) in keys[:KEYS_SHOWN]]
            more = f"\nand {len(keys) - KEYS_SHOWN} more\n" if len(keys) > KEYS_SHOWN else ""
            parts.append(f"{table(('key', 'before', 'now'), cells)}\n{more}")
    if faults:
        parts.append("### Faults\n\n" + "".join(f"- {code(str(fault).partition(chr(10))[0])}\n" for fault in faults))
    return "\n".join(parts)


def of_scores(scores: Scores) -> str:
    """The scores, base beside finetuned, and whether the gates are met."""
    marks = {True: "met", False: Markdown("**not met**"), None: ""}
    rows = [
        [named(one), f"{one.base:.4g}", f"{one.value:.4g}", verdict(one), str(one.n), marks[one.gate_met]]
        for one in scores.scores
    ]
    return table(("score", "base", "finetuned", "difference", "n", "gate"), rows) + "\n"


def named(score: Score) -> Markdown:
    """A score's name and its panel: one metric may look at several sets of prompts."""
    there = score.metric.endswith(f" {score.panel}")
    return code(score.metric) if there else Markdown(f"{code(score.metric)} {inline(score.panel)}")


def of_training(row: Row, scores: Scores | None, end: str) -> str:
    """How a training ended."""
    return f"### {code(row.recipe)}: {end}\n\n" + (of_scores(scores) if scores else "")


def of_publication(publication: Publication, release: Release, scores: Scores, changed: str) -> str:
    """Where the model is, its scores and its pictures; the text of the release on GitHub too."""
    at = publication.tag or publication.commit
    picture = next((path for path in PICTURES if path in release.manifest), None)
    shown = f"![base | finetuned]({hub.file_url(publication.repo, publication.commit, picture)})\n\n" if picture else ""
    return (
        f"### [{publication.repo}]({hub.repo_url(publication.repo, revision=at)}) at {code(at)}\n\n"
        f"{shown}{of_scores(scores)}\n{changed}\n"
        f"Commit {code(publication.commit)}; {'; '.join(publication.verified)}.\n\n"
        f'```python\nStableDiffusionPipeline.from_pretrained("{publication.repo}", revision="{at}")\n```\n'
    )


def since_the_last(publication: Publication, lock: Lock) -> str:
    """What changed since the release that this one follows; nothing where it follows none that is known."""
    if lock.parent is None or publication.revision is None:
        return ""
    before = past_at(publication.repo, lock.parent.commit, {})
    names = lock.parent.tag or lock.parent.commit[:12], publication.tag or publication.commit[:12]
    return changelog(before.lock, lock, names, level=4) if before.lock else ""


def _value(value: Any) -> str:
    return "" if value is None else code(value)


def read_scores(run: Path) -> Scores | None:
    """The scores of a run folder, where it has come so far."""
    return Scores.load(run / "scores.json")
