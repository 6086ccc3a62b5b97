"""Figures of the procedural world: they do what their section says, and the truth knows where they are."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from studio.lab.world import FRAMES, Film, Section, shoot
from studio.lab.world.camera import camera_path
from studio.lab.world.rendering import visible_area
from studio.lab.world.scenes import has_figure, scene

SIZE = (192, 128)


def people(hides: bool, count: int = 2) -> list[int]:
    """Seeds of scenes whose figure has something to hide behind, or has not."""
    path, found = camera_path([Section()]), []
    for seed in range(200):
        if has_figure(seed):
            made = scene(seed, lambda near: visible_area(path, near, 64, 48), True)
            if made.stage is not None and (made.stage.cover is not None) == hides:
                found.append(seed)
        if len(found) == count:
            break
    return found


def middle(made: Film, frame: int) -> Tensor:
    box = made.figure[frame]
    return (box[:2] + box[2:]) / 2


def test_a_figure_stands_in_the_picture() -> None:
    for seed in people(True) + people(False):
        made = shoot([Section()], *SIZE, seed)
        left, top, right, bottom = made.figure[0].tolist()
        assert 30 <= bottom - top <= 90
        assert 0 <= left < right <= SIZE[0]
        assert 0 <= top < bottom <= SIZE[1]
        assert torch.equal(made.figure[0], made.figure[-1])


@pytest.mark.parametrize(("action", "side"), [("walk left", -1), ("walk right", 1)])
def test_a_walk(action: str, side: int) -> None:
    made = shoot([Section(action=action), Section()], *SIZE, people(False)[0])
    went = middle(made, 20) - middle(made, 8)
    assert float(went[0]) == pytest.approx(side * 1.5 * 12, abs=6)
    assert abs(float(went[1])) < 4
    hits = [bool(((made.flow[t, 0] + side * 1.5 * t).abs() < 0.01).any()) for t in range(10, 31)]
    assert any(hits)                       # some cell's middle lies on it
    assert made.flow[:, 1].abs().max() < 1e-3


def test_a_hop_goes_up_and_comes_down() -> None:
    made = shoot([Section(action="hop")], *SIZE, people(False)[0])
    tops = made.figure[:, 1]
    assert tops[0] - tops.min() > 5
    assert tops[0] == tops[12] == tops[24] == tops[36]


def test_a_turn_mirrors_the_figure() -> None:
    turned = [shoot([Section(action="turn"), Section(action="turn")], *SIZE, seed) for seed in people(False)]
    for made in turned:
        assert not torch.equal(made.scene[0], made.scene[FRAMES])
        assert torch.equal(made.scene[0], made.scene[-1])
    # a mirror image is not the same thing
    assert any(bool((~made.known[FRAMES]).any()) for made in turned)


@pytest.mark.parametrize("hides", [True, False])
def test_who_hides_is_gone_until_the_return(hides: bool) -> None:
    for seed in people(hides):
        made = shoot([Section(action="hide"), Section(), Section(action="return"), Section()], *SIZE, seed)
        gone = made.figure.isnan().any(1)
        assert not gone[0]
        assert gone[FRAMES : 2 * FRAMES + 1].all()
        assert not gone[3 * FRAMES :].any()
        assert (middle(made, 4 * FRAMES) - middle(made, 0)).abs().max() < 14   # it may face the other way now


def test_what_a_figure_uncovers_is_not_known() -> None:
    made = [shoot([Section(action="hide")], *SIZE, seed) for seed in people(False)]
    new = torch.stack([~film.known[FRAMES] for film in made])
    assert 0 < new.sum() < 0.2 * new.numel()


def test_an_action_brings_a_figure_into_a_scene_that_has_none() -> None:
    seed = next(seed for seed in range(50) if not has_figure(seed))
    assert shoot([Section()], *SIZE, seed).figure.isnan().all()
    assert not shoot([Section(action="hop")], *SIZE, seed).figure[0].isnan().any()


def test_each_figure_has_its_own_look() -> None:
    one, two = (shoot([Section(action="hop")], *SIZE, seed) for seed in people(False))
    heights = [float(made.figure[0, 3] - made.figure[0, 1]) for made in (one, two)]
    assert heights[0] != heights[1]
