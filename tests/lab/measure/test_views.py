"""Views of wide pictures are those of the world's camera, and what was not seen is counted to the pixel."""

import math

import pytest
import torch

from studio.lab.measure.pose_tracking import track_pose
from studio.lab.measure.views import unseen_mask, view
from studio.lab.world import Section, shoot

CANVAS = (torch.nn.functional.interpolate(torch.rand(1, 3, 24, 60, generator=torch.Generator().manual_seed(0)), (192, 480),
                                          mode="bicubic").clamp(0, 1)[0] * 255).byte()


@pytest.mark.parametrize("camera", ["right", "up", "in", "out"])
def test_a_view_is_what_the_world_films(camera: str) -> None:
    film = shoot([Section(camera, "slow")], 96, 64, 0, picture=CANVAS)
    frame = film.frames()[20].float() / 255
    assert float((view(CANVAS.float() / 255, film.pose[20], 96, 64) - frame).abs().max()) < 0.01


def test_what_no_view_shows_is_counted() -> None:
    seen = torch.tensor([[100.0, 50, 0], [110, 50, 0]])
    assert float(unseen_mask(torch.tensor([100.0, 50, 0]), seen, 96, 64).float().sum()) == 0
    left = unseen_mask(torch.tensor([76.0, 50, 0]), seen, 96, 64)
    assert bool(left[:, :24].all()) and not bool(left[:, 24:].any())
    wide = unseen_mask(torch.tensor([100.0, 50, -math.log(2)]), seen[:1], 96, 64)
    assert float(wide.float().mean()) == 0.75


@pytest.mark.parametrize(("camera", "far"), [("left", (-72, 0, 0)), ("down", (0, 72, 0)), ("in", (0, 0, math.log(1.12)))])
def test_the_way_is_found_in_the_film_alone(camera: str, far: tuple[float, float, float]) -> None:
    frames = shoot([Section(camera, "slow")], 160, 96, 0, picture=CANVAS).frames().float() / 255
    found = track_pose(frames, torch.tensor([10.0, 20, 0]))
    assert found.tolist() == pytest.approx([10 + far[0], 20 + far[1], far[2]], abs=1.0)
    with pytest.raises(ValueError, match="two frames"):
        track_pose(frames[:1], found)
