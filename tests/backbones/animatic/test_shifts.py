"""Shifts of a picture beside their slow twin, bicubic `grid_sample`."""

from __future__ import annotations

import pytest
import torch

from studio.backbones.animatic.scene_view import View
from studio.backbones.animatic.shifts import cubic, shift


@pytest.mark.parametrize(("x", "y"), [(0.0, 0.0), (1.0, -2.0), (0.3, 0.0), (0.0, -0.71), (-1.234, 0.567)])
def test_pans_are_those_of_grid_sample(x: float, y: float) -> None:
    picture = torch.rand(1, 3, 120, 200, generator=torch.Generator().manual_seed(0)) * 2 - 1
    view = View(picture, -6.25, -3.75, 16)
    pose = torch.tensor([[[0.5 * x, 0.5 * y, 0.0], [x, y, 0.0]]])
    fast, slow = view.frames(pose, 64, 96), view.look_up(view.coordinates(pose, 64, 96), pose)
    assert float((fast - slow).abs().max()) < 1e-4


def test_beyond_the_picture_and_in_zooms_pixels_are_looked_up() -> None:
    picture = torch.rand(1, 3, 64, 96, generator=torch.Generator().manual_seed(0))
    view = View(picture, -3, -2, 16)
    for pose in (torch.tensor([[[0.1, 0.0, 0.0]]]), torch.tensor([[[0.0, 0.0, 0.2]]])):
        assert torch.equal(view.frames(pose, 64, 96), view.look_up(view.coordinates(pose, 64, 96), pose))
    assert torch.equal(view.frames(torch.zeros(1, 1, 3), 64, 96)[:, :, 0], picture)         # at home: the picture, bit for bit


def test_neighbours_outside_are_not_made_up() -> None:
    picture = torch.arange(20.0).expand(1, 1, 10, 20)
    assert shift(picture, 0.5, 0, 10, 10) is None and shift(picture, 9.5, 0, 10, 10) is None
    middle = shift(picture, 4.5, 0, 10, 10)
    assert middle is not None and torch.allclose(middle[0, 0, 0], torch.arange(10) + 4.5, atol=1e-5)
    assert sum(cubic(0.3)) == pytest.approx(1)
