"""Paired histories: the same beginning and the same recent window, another past; and truths that are the world's."""

import pytest
import torch

from studio.lab.measure import journeys
from studio.lab.world import FRAMES, shoot

SIZE = (160, 64)
RECENT = 76


@pytest.mark.parametrize("name", ["coffee", "scene 1"])
@pytest.mark.parametrize("kind", journeys.KINDS)
def test_histories_differ_only_beyond_the_recent_window(kind: str, name: str) -> None:
    for number, gap in enumerate((2, 4)):
        case = journeys.journey(kind, gap, name, number, *SIZE)
        assert torch.equal(case.past.frames[0], case.paired_past.frames[0])
        assert torch.equal(case.past.frames[-RECENT:], case.paired_past.frames[-RECENT:])
        assert case.past.prompts == case.paired_past.prompts and len(case.past.prompts) * FRAMES + 1 == len(case.past.frames)
        assert not torch.equal(case.past.frames, case.paired_past.frames)
        assert torch.allclose(case.candidates[case.true_index], case.truth[-1].float() / 255, atol=1e-4)
        needed = case.memory_mask(RECENT)
        differ = (case.candidates[case.true_index] - case.candidates[case.paired_index]).abs().amax(0) > 0.1
        if kind == "hold":
            assert not bool(needed.any()) and not bool(differ.any())
        else:
            assert float(needed.float().mean()) > 0.5
            assert float((differ & needed).sum() / differ.sum()) > 0.95
            assert len({round(float(view.sum()), 3) for view in case.candidates}) == journeys.CANDIDATES


def test_after_one_section_the_window_still_shows_everything() -> None:
    case = journeys.journey("return", 1, "coffee", 0, *SIZE)
    assert not bool(case.memory_mask(RECENT).any())
    assert float(case.memory_mask(1).float().mean()) > 0.5


def test_what_was_seen_last_is_the_truth_unless_it_changed_unseen() -> None:
    visits = {"return": FRAMES, "updated": 3 * FRAMES, "changed": FRAMES}
    for kind, visit in visits.items():
        case = journeys.journey(kind, 2, "chelsea", 3, *SIZE)
        mine, other = case.past.frames[visit].float() / 255, case.paired_past.frames[visit].float() / 255
        seen, unseen = (other, mine) if kind == "changed" else (mine, other)
        assert torch.allclose(seen, case.candidates[case.true_index], atol=1e-4)
        assert torch.allclose(unseen, case.candidates[case.paired_index], atol=1e-4)


def test_films_that_are_cut_out_are_the_worlds() -> None:
    sections = journeys.script("loop", 1, moves=False)
    canvas = journeys.wide_pictures("rocket", *SIZE)[1]
    world = shoot(sections, *SIZE, 0, picture=canvas)
    frames, pose = journeys.pan_film(canvas, sections, *SIZE, stride=3)
    assert torch.equal(frames, world.frames()[::3]) and torch.equal(pose, world.pose[::3])


def test_prompts_name_nothing_that_memory_must_supply() -> None:
    assert all("camera" in words for words in journeys.PROMPTS.values())
    assert {words.split("the camera ")[1].split()[0] for words in journeys.PROMPTS.values()} == {"pans", "holds"}


def test_what_cannot_be_filmed_is_said() -> None:
    with pytest.raises(ValueError, match="at least one section"):
        journeys.script("return", 0, moves=False)
    with pytest.raises(ValueError, match="no journey 'walk'"):
        journeys.script("walk", 1, moves=False)
    with pytest.raises(ValueError, match="must be a multiple"):
        journeys.world_stride(35)
    with pytest.raises(ValueError, match="Only pans"):
        journeys.pan_film(journeys.wide_pictures("rocket", *SIZE)[0], [journeys.BACK], *SIZE, stride=1)


def test_photographs_and_scenes_take_turns() -> None:
    assert journeys.picture_names(2, 3) == ["astronaut", "scene 0", "chelsea", "scene 1", "scene 2"]
