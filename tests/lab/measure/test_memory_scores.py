"""Scores of films whose memory is known: perfect, forgetful, astray, frozen."""

from dataclasses import replace

import pytest
import torch

from studio.lab.measure import memory_scores, memory_summary
from studio.lab.measure.histories import ARMS, NONE, PAIRED, TRUE, FilmedSection, SectionFilmer
from studio.lab.measure.journeys import KINDS, MemoryCase, journey
from studio.lab.measure.memory_scores import Score
from studio.lab.measure.views import view
from tests.lab.measure import recollections
from tests.lab.measure.recollections import HEIGHT, SECTION, WIDTH

GAP = 7
"""Sections of 12 frames: six of them are in the recent window."""
RECENT = 76


def cases(kind: str = "return") -> list[MemoryCase]:
    return [journey(kind, GAP, "coffee", number, WIDTH, HEIGHT, SECTION) for number in range(4)]


def showing(case: MemoryCase, which: int) -> FilmedSection:
    """The true section over candidate `which`."""
    frames = [view(case.canvases[which], pose, WIDTH, HEIGHT) for pose in case.pose]
    return FilmedSection(torch.stack(frames), case.pose[-1], from_state=True)


def of_all(films: dict[str, list[FilmedSection]], some: list[MemoryCase]) -> list[Score]:
    return [memory_scores.score_section(case, arm, made, RECENT)
            for arm, line in films.items() for case, made in zip(some, line, strict=True)]


def test_a_film_that_remembers_is_perfect_and_depends_on_its_memory() -> None:
    some = cases()
    scores = of_all({TRUE: [showing(c, c.true_index) for c in some], PAIRED: [showing(c, c.paired_index) for c in some]}, some)
    mine = [score for score in scores if score.arm == TRUE]
    assert all(score.values["part psnr"] > 50 and score.values["part ssim"] > 0.99 for score in mine)
    assert all(score.values["motion energy over truth"] == pytest.approx(1, abs=0.02) for score in mine)
    assert all(12 < score.values["blind part psnr"] < 25 for score in mine)
    assert memory_summary.identification(mine)["accuracy"] == 1
    assert memory_summary.identification([s for s in scores if s.arm == PAIRED])["paired history's"]["accuracy"] == 1
    gained = memory_summary.memory_dependence(scores, "return")
    assert gained["registered part psnr"]["low"] > 20 and gained["identity"]["mean"] == 1


def test_a_film_that_forgets_scores_chance_and_depends_on_nothing() -> None:
    some = cases()
    scores = of_all({arm: [showing(c, 0) for c in some] for arm in ARMS}, some)      # the same guess, whatever was there
    for arm in ARMS:
        found = memory_summary.identification([score for score in scores if score.arm == arm])
        assert found["accuracy"] == found["chance"] == 0.25
    gained = memory_summary.memory_dependence(scores, "return")
    assert gained["registered part psnr"]["mean"] == gained["identity"]["mean"] == 0
    assert memory_summary.memory_dependence(scores, "return", NONE)["whole psnr"]["mean"] == 0


def test_the_smoothest_candidate_is_not_preferred() -> None:
    draw = torch.Generator().manual_seed(0)
    rough = [torch.rand(3, 16, 16, generator=draw) for _ in range(3)]
    candidates = [torch.tensor([0.45, 0.5, 0.55]).view(3, 1, 1).expand(3, 16, 16), *rough]
    whole = torch.ones(16, 16, dtype=torch.bool)
    assert [memory_scores.most_similar(candidate, candidates, whole) for candidate in candidates] == [0, 1, 2, 3]
    blurred = [torch.nn.functional.avg_pool2d(picture[None], 3, 1, 1)[0] for picture in rough]
    assert [memory_scores.most_similar(picture, candidates, whole) for picture in blurred] == [1, 2, 3]
    strangers = [memory_scores.most_similar(torch.rand(3, 16, 16, generator=draw), candidates, whole) for _ in range(40)]
    assert {strangers.count(k) > 0 for k in range(4)} == {True}      # the smallest distance says 0 every time


def test_memory_is_not_credited_where_the_truth_has_changed() -> None:
    some = cases("changed")
    # Shows what it saw, with either past: the true past saw what is there no more.
    scores = of_all({TRUE: [showing(c, c.paired_index) for c in some], PAIRED: [showing(c, c.true_index) for c in some]}, some)
    gained = memory_summary.memory_dependence(scores, "changed")
    assert gained["registered part psnr"]["high"] < 0 and gained["identity"]["mean"] == -1


def test_a_camera_that_goes_astray_is_told_from_a_memory_that_fails() -> None:
    (case, *_) = cases()
    pose = case.pose[-1] + torch.tensor([12.0, 0, 0])
    seen = view(case.canvases[case.true_index], pose, WIDTH, HEIGHT)
    astray = FilmedSection(seen.expand(SECTION, -1, -1, -1), pose, from_state=True)
    found = memory_scores.score_section(case, TRUE, astray, RECENT)
    assert found.values["camera error"] == pytest.approx(12)
    assert found.values["part psnr"] < 30 and found.values["registered part psnr"] == 100
    assert found.nearest == case.true_index
    wrong = memory_scores.score_section(case, TRUE, showing(case, case.paired_index), RECENT)
    assert wrong.values["camera error"] == 0 and wrong.values["registered part psnr"] < 20
    moved = torch.roll(astray.frames[-1], 5, dims=2)
    shifted = replace(astray, frames=moved[None].expand(SECTION, -1, -1, -1))
    assert memory_scores.score_section(case, TRUE, shifted, RECENT).values["position error"] == pytest.approx(5, abs=1)


def test_a_frozen_film_moves_nothing() -> None:
    (case, *_) = cases()
    still = case.past.frames[-1].float().div(255).expand(SECTION, -1, -1, -1)
    found = memory_scores.score_section(case, NONE, FilmedSection(still, case.past.pose[-1], from_state=True), RECENT)
    assert found.values["motion energy over truth"] == 0
    assert (found.values["dynamic"], found.values["dynamic of truth"]) == (0, 1)
    assert found.nearest is None and found.values["camera error"] == pytest.approx(144)


@pytest.mark.parametrize(("listens", "gain"), [(True, 3.0), (False, 0.0)])
def test_the_whole_way_from_history_to_score(listens: bool, gain: float) -> None:
    filmer = SectionFilmer(recollections.model("a", listens))
    scores = [s for kind in ("return", "hold") for case in cases(kind)
              for s in memory_scores.score_arms(case, filmer.film(case), filmer.recent_frames)]
    summary = memory_summary.summarize(scores)
    gained = summary["return"]["memory dependence"]["paired"]["all gaps"]
    arms = summary["return"]
    if listens:
        assert gained["registered part psnr"]["low"] > gain
        assert arms[TRUE]["all gaps"]["identity"]["accuracy"] == 1
        assert arms[PAIRED]["all gaps"]["identity"]["paired history's"]["accuracy"] == 1
        assert arms[TRUE]["all gaps"]["camera error"]["mean"] < 0.1
    else:
        assert gained["whole psnr"]["mean"] == gain
        assert arms[TRUE]["all gaps"]["camera error"]["mean"] == pytest.approx(144, abs=0.1)
        held = summary["hold"]["memory dependence"]["paired"]["all gaps"]["whole psnr"]
        assert held["low"] == held["high"] == 0


def test_without_a_long_term_memory_nothing_is_faked() -> None:
    filmer = SectionFilmer(recollections.model("a", listens=False, remembers=False))
    (case, *_) = cases()
    films = filmer.film(case)
    assert list(films) == [NONE]
    summary = memory_summary.summarize(list(memory_scores.score_arms(case, films, filmer.recent_frames)))
    assert "no long-term memory" in summary["return"]["memory dependence"]
    assert TRUE not in summary["return"]


def test_every_kind_is_scored() -> None:
    filmer = SectionFilmer(recollections.model("a", listens=True))
    for kind in KINDS:
        case = journey(kind, GAP, "coffee", 1, WIDTH, HEIGHT, SECTION)
        found = list(memory_scores.score_arms(case, filmer.film(case), filmer.recent_frames))
        assert [score.arm for score in found] == list(ARMS)
        assert all(score.nearest is not None for score in found if score.arm != NONE)
