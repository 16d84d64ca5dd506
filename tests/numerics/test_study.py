"""The arithmetic of the prompt study, against tables, loops, and worlds whose truth is known."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.nn.functional import cosine_similarity

from hubkit.sampling import Samples, study
from hubkit.scoring import PromptStudy, ranking
from hubkit.scoring.ranking import Cells, Scale, Scales
from hubkit.scoring.student import quantile
from hubkit.scoring.study import CARD, FURTHER, Seen, Sheet, among, cells, change, shots_of_study, studied
from hubkit.scoring.values import BARE, Interval, Measured, Sample

TEMPLATES = (BARE, "{subject} ninja portrait", "{subject} in the style of Naruto")
NINJA, NARUTO = 1, 2
EVEN = Scales(identity=Scale(0, 10, counts=True), style=Scale(0, 10, counts=True))
"""Ten points of identity are worth ten of style."""


def world(
    subjects=6, latents=4, identity=(80.0, 80.0, 80.0), style=(40.0, 40.0, 40.0), noise=1.0, seed=0
) -> Cells:  # fmt: skip
    """Pictures of three templates: subjects differ, each takes to each template in its own way, and latents differ."""
    draws = np.random.default_rng(seed)

    def drawn(means: tuple[float, ...]) -> np.ndarray:
        own = draws.normal(scale=5, size=(subjects, 1, 1)) + draws.normal(scale=noise, size=(subjects, 1, 3))
        return np.asarray(means) + own + draws.normal(scale=noise, size=(subjects, latents, 3))

    return Cells(drawn(identity), drawn(style))


def ranked(finetuned, base=None, scales=EVEN, templates=TEMPLATES):
    """The ranking, against a base of no style unless there is another."""
    return ranking.ranked(templates, finetuned, base or Cells(finetuned.identity, 0 * finetuned.style), scales)


@pytest.mark.parametrize(
    ("confidence", "freedom", "t"),
    [(0.95, 1, 12.706), (0.95, 2, 4.303), (0.95, 3, 3.182), (0.99, 4, 4.604), (0.95, 5, 2.571), (0.998, 10, 4.144),
     (0.95, 30, 2.042), (0.5, 7, 0.711)],
)  # fmt: skip
def test_students_t_is_that_of_the_tables(confidence, freedom, t):
    """Abramowitz and Stegun, table 26.10."""
    assert quantile(confidence, freedom) == pytest.approx(t, abs=6e-4)


@pytest.mark.parametrize("subjects", [3, 4, 8])
def test_intervals_over_few_subjects_cover_the_truth(subjects):
    """In 92 to 98 of 100 cases; a percentile bootstrap over the subjects does so in far fewer, which is why there is
    none.
    """
    draws, covered, by_bootstrap = np.random.default_rng(1), 0, 0
    for _ in range(500):
        found = draws.normal(size=(subjects, 1)) + draws.normal(size=(subjects, 4))
        interval = ranking.over_subjects(found).interval
        means = found.mean(axis=1)[draws.integers(subjects, size=(400, subjects))].mean(axis=1)
        low, high = np.quantile(means, [0.025, 0.975])
        covered += interval.low <= 0 <= interval.high
        by_bootstrap += low <= 0 <= high

    assert 0.92 <= covered / 500 <= 0.98
    assert by_bootstrap / 500 < 0.92


@pytest.mark.parametrize("ahead", [0.0, 1.0, 3.0])
def test_intervals_of_a_share_cover_the_truth(ahead):
    """Also where every subject agrees, and a plain interval would have no width."""

    def shares(seed: int, subjects: int) -> np.ndarray:
        finetuned = world(subjects=subjects, style=(40 + ahead, 40, 40), seed=seed)
        return ranking.shares_won(EVEN.merit(finetuned))[..., 0]

    truth = shares(0, 20_000).mean()
    intervals = [ranking.share(shares(seed, 4)).interval for seed in range(1, 301)]

    assert np.mean([one.low <= truth <= one.high for one in intervals]) >= 0.92
    assert all(0 <= one.low <= one.high <= 1 for one in intervals)


def test_a_pair_is_won_as_a_loop_has_it():
    """Same subject, same latents, and half a win for a tie."""
    merit = np.random.default_rng(3).integers(0, 4, size=(5, 3, 4)).astype(float)
    won = np.zeros_like(merit)
    for place in np.ndindex(*merit.shape):
        others = [merit[(*place[:2], other)] for other in range(4) if other != place[2]]
        won[place] = sum(1.0 if merit[place] > other else 0.5 if merit[place] == other else 0.0 for other in others) / 3

    assert ranking.shares_won(merit) == pytest.approx(won, abs=1e-12)
    assert ranking.leads(won).sum() == pytest.approx(1.0)


def test_a_planted_template_comes_first_with_its_interval():
    """It gives six points of style for two of identity; nothing else is better than the bare subject."""
    finetuned = world(identity=(80, 78, 80), style=(40, 46, 40))
    first, *others = ranked(finetuned)

    assert first.template == TEMPLATES[NINJA]
    assert first.wins.interval.low > 0.5
    assert first.leads > 0.99
    assert first.added.interval.low <= 6 <= first.added.interval.high
    assert first.cost.interval.low <= 2 <= first.cost.interval.high
    assert ranking.needed(TEMPLATES, finetuned, EVEN, first.template)
    assert all(other.wins.value < 0.5 for other in others)


def test_a_template_that_costs_more_than_it_adds_is_not_recommended():
    """Three points of style for nine of identity."""
    finetuned = world(identity=(80, 71, 80), style=(40, 43, 40))

    assert ranked(finetuned)[-1].template == TEMPLATES[NINJA]


def test_equal_templates_are_not_needed():
    """Identical pictures tie in every pair, and the bare subject comes first; of worlds that differ by chance alone,
    few show a difference.
    """
    same = world(noise=0.0)
    rows = ranked(same)
    called = sum(
        ranking.needed(TEMPLATES, finetuned, EVEN, ranked(finetuned)[0].template)
        for finetuned in (world(subjects=4, seed=seed) for seed in range(300))
    )

    assert [row.wins.value for row in rows] == [0.5, 0.5, 0.5]
    assert rows[0].template == BARE
    assert [row.leads for row in rows] == pytest.approx([1 / 3, 1 / 3, 1 / 3])
    assert called / 300 <= 0.05


def test_a_template_that_helps_the_base_as_much_is_no_gain_of_the_finetune():
    """Difference in differences: five points in both models are nothing the finetune gave; five more are."""
    base = world(style=(20, 25, 20), noise=0.0, seed=4)
    rows = {row.template: row for row in ranked(world(style=(40, 45, 50), noise=0.0, seed=5), base)}
    ninja, naruto = rows[TEMPLATES[NINJA]], rows[TEMPLATES[NARUTO]]

    assert ninja.added.value == pytest.approx(5.0)
    assert ninja.interaction.value == pytest.approx(0.0, abs=1e-9)
    assert naruto.added.value == pytest.approx(10.0)
    assert naruto.interaction.value == pytest.approx(10.0)
    assert naruto.gain.value - rows[BARE].gain.value == pytest.approx(10.0)
    assert (rows[BARE].added, rows[BARE].cost, rows[BARE].interaction) == (None, None, None)


def test_the_order_of_templates_subjects_and_latents_does_not_matter():
    """The same rows come out, the same one first."""
    finetuned, base = world(style=(40, 42, 41)), world(style=(20, 20, 20), seed=9)
    templates, subjects, latents = [2, 0, 1], [3, 1, 5, 0, 2, 4], [2, 0, 3, 1]

    def shuffled(cells: Cells) -> Cells:
        return Cells(*(one[subjects][:, latents][..., templates] for one in (cells.identity, cells.style)))

    straight = ranked(finetuned, base)
    mixed = ranked(shuffled(finetuned), shuffled(base), templates=[TEMPLATES[number] for number in templates])

    assert [row.template for row in straight] == [row.template for row in mixed]
    for one, other in zip(straight, mixed, strict=True):
        assert one.wins.value == pytest.approx(other.wins.value)
        assert one.merit.interval.low == pytest.approx(other.merit.interval.low)
        assert one.leads == pytest.approx(other.leads, abs=0.05)


def test_the_scales_begin_and_end_at_the_anchors():
    """The base's bare pictures have all the identity and no style, real ones all the style and no identity."""
    base = world(identity=(90, 70, 70), style=(30, 50, 50))
    real_identity, real_style = np.full((7, 6), 20.0), np.full(7, 80.0)
    found = ranking.scales(base, 0, real_identity, real_style)
    bare = Cells(base.identity[..., :1], base.style[..., :1])

    assert (found.identity.counts, found.style.counts) == (True, True)
    assert (found.identity.zero, found.style.one) == pytest.approx((20.0, 80.0))
    assert found.merit(bare).mean() == pytest.approx(0.5)
    assert found.merit(Cells(np.full((1, 1, 1), 20.0), np.full((1, 1, 1), 80.0))).item() == pytest.approx(0.5)


def test_an_axis_whose_ends_do_not_differ_measurably_does_not_count():
    """Where real pictures fit the subjects as well as the base's, identity says nothing; where neither axis says
    anything, all are alike.
    """
    base, finetuned = world(seed=6), world(identity=(80, 10, 80), style=(40, 46, 40))
    no_identity = ranking.scales(base, 0, np.full((7, 6), 80.0), np.full(7, 80.0))
    nothing = ranking.scales(base, 0, np.full((7, 6), 99.0), np.full(7, 10.0))

    assert (no_identity.identity.counts, no_identity.style.counts) == (False, True)
    assert ranked(finetuned, base, no_identity)[0].template == TEMPLATES[NINJA]
    assert [row.merit.value for row in ranked(finetuned, base, nothing)] == [0.0, 0.0, 0.0]
    assert not ranking.needed(TEMPLATES, finetuned, nothing, TEMPLATES[NINJA])


def test_one_subject_says_nothing_of_others():
    """Numbers without intervals, and no recommendation."""
    finetuned = world(subjects=1, style=(40, 60, 40))
    first = ranked(finetuned, world(subjects=1, seed=8))[0]

    assert first.template == TEMPLATES[NINJA]
    assert (first.merit.interval, first.wins.interval) == (None, None)
    assert not ranking.needed(TEMPLATES, finetuned, EVEN, first.template)


SAMPLES = Samples(subjects=("Yoda", "a cat"), templates=TEMPLATES[1:], seed=5)
STUDY = PromptStudy(seeds=3)


def test_a_row_is_drawn_from_equal_latents_and_the_card_shows_the_first():
    """The bare subject is drawn though the recipe lacks it; what the card shows is drawn once."""
    sheet, shots = Sheet.of(STUDY, SAMPLES), shots_of_study(STUDY, SAMPLES)
    cell_SLT = np.array([shot.seed for shot in sheet.shots]).reshape(sheet.shape)

    assert sheet.templates == TEMPLATES
    assert (cell_SLT == cell_SLT[:, :, :1]).all()
    assert len(np.unique(cell_SLT)) == 2 * 3
    assert shots[CARD] == study(SAMPLES)
    assert len(shots[CARD]) + len(shots[FURTHER]) == len(sheet.shots) == len({*shots[CARD], *shots[FURTHER]})
    assert {*sheet.shots} == {*shots[CARD], *shots[FURTHER]}
    assert shots_of_study(None, SAMPLES) == {CARD: study(SAMPLES)}


def seen(features: torch.Tensor, base: torch.Tensor, texts: torch.Tensor, real: torch.Tensor) -> Seen:
    """What an extractor saw of two subjects, three latents, three templates."""
    sheet = Sheet.of(STUDY, SAMPLES)
    drawn = [
        Sample(prompt=one.prompt, seed=one.seed, file=f"{place}", sha256="") for place, one in enumerate(sheet.shots)
    ]
    eyes = SimpleNamespace(source="someone/clip", revision="c" * 40)
    return Seen(sheet, eyes, drawn, drawn, base, features, texts, real, {"rows": len(real)}, ())


def test_identity_is_held_against_the_bare_subject_and_style_against_the_mean_of_real_pictures():
    """As loops have it; the real pictures' own style leaves each out of the mean."""
    draws = torch.Generator().manual_seed(0)
    features, texts, real = (torch.randn(count, 8, generator=draws) for count in (18, 2, 5))
    found = cells(features, seen(features, features, texts, real))
    unit = real / real.norm(dim=1, keepdim=True)

    for number, (subject, turn, template) in enumerate(np.ndindex(2, 3, 3)):
        identity = 100 * cosine_similarity(features[number], texts[subject], dim=0)
        style = 100 * cosine_similarity(features[number], unit.mean(dim=0), dim=0)
        assert found.identity[subject, turn, template] == pytest.approx(identity.item(), abs=1e-4)
        assert found.style[subject, turn, template] == pytest.approx(style.item(), abs=1e-4)
    rest = (unit.sum(dim=0) - unit[3]) / 4
    assert among(real)[3].item() == pytest.approx(cosine_similarity(real[3], rest, dim=0).item(), abs=1e-6)


def test_the_study_says_what_the_template_adds_and_costs():
    """One picture's features by construction: subject and style stand on axes of their own, and the ninja template
    moves the finetuned model's pictures from one to the other.
    """
    texts, style_axis, other = torch.eye(8)[:2].double(), torch.eye(8)[6].double(), torch.eye(8)[7].double()
    real = torch.stack([style_axis + 0.1 * shift * other for shift in (-1, 0, 1)])

    def drawn(*styles: float) -> torch.Tensor:
        return torch.stack([
            texts[subject] + (style + 0.01 * turn) * style_axis for subject in range(2) for turn in range(3)
            for style in styles
        ])  # fmt: skip

    found = studied(seen(drawn(0.1, 0.9, 0.1), drawn(0.1, 0.1, 0.1), texts, real))

    assert found.counted == ("identity", "style")
    assert found.templates[0].template == TEMPLATES[NINJA]
    assert found.templates[0].gain.value == pytest.approx(found.templates[0].added.value)
    assert found.needed
    assert found.prompts == ("Yoda ninja portrait", "a cat ninja portrait")
    assert found.verdict.startswith("a template is needed: “{subject} ninja portrait” adds ")
    assert " points of style and costs " in found.verdict
    assert [one.prompt for one in found.finetuned[:3]] == ["Yoda", "Yoda ninja portrait", "Yoda in the style of Naruto"]
    assert [one.seed for one in found.finetuned] == [5] * 3 + [6] * 3
    assert found.columns == TEMPLATES


@pytest.mark.parametrize(
    ("value", "low", "high", "said"),
    [
        (3.04, 2.0, 4.2, "adds 3.0 (2.0 to 4.2) points of style"),
        (-3.04, -4.2, -2.0, "costs 3.0 (2.0 to 4.2) points of style"),
        (3.0, -1.0, 7.0, "leaves style without measurable change"),
        (-3.0, -7.0, 1.0, "leaves style without measurable change"),
        (0.0, 0.0, 0.0, "leaves style without measurable change"),
    ],
)
def test_a_difference_whose_interval_holds_zero_is_none(value, low, high, said):
    assert said == change(Measured(value=value, interval=Interval(low=low, high=high)), "style")
