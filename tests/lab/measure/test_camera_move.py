"""The camera's reader on photographs that were panned and zoomed by exact resampling: it must know all of it."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from studio.lab.measure import camera_move
from studio.lab.photographs import COLOURFUL, photograph
from studio.lab.world import Section, shoot

WIDTH, HEIGHT = 192, 128
FRAMES = torch.arange(37).float()
SPEEDS = {"slow": (2.0, 1.12), "normal": (4.0, 1.25), "fast": (8.0, 1.5)}


def seen(name: str, x: Tensor, y: Tensor, magnified: Tensor) -> Tensor:
    """Frames of a photograph from places x, y (pixels from its middle) at log magnifications, all [T]."""
    canvas = photograph(name, WIDTH + 620, HEIGHT + 620)
    _, tall, wide = canvas.shape
    theta = torch.zeros(len(x), 2, 3)
    theta[:, 0, 0], theta[:, 1, 1] = WIDTH / wide * (-magnified).exp(), HEIGHT / tall * (-magnified).exp()
    theta[:, 0, 2], theta[:, 1, 2] = 2 * x / wide, 2 * y / tall
    grid = F.affine_grid(theta, [len(x), 3, HEIGHT, WIDTH], align_corners=False)
    return F.grid_sample(canvas.expand(len(x), -1, -1, -1), grid, align_corners=False)


def way(move: str, speed: str) -> tuple[Tensor, Tensor, Tensor]:
    pace, swell = SPEEDS[speed]
    x, y = {"left": (-pace, 0), "right": (pace, 0), "up": (0, -pace), "down": (0, pace)}.get(move, (0.0, 0.0))
    along = {"in": 1, "out": -1}.get(move, 0) * math.log(swell) / 36
    shaking = 4 * torch.sin(FRAMES * 2 * torch.pi / 18) if move == "shake" else torch.zeros(37)
    return x * FRAMES + shaking, y * FRAMES, along * FRAMES


CASES = [("left", "slow"), ("right", "fast"), ("up", "fast"), ("down", "normal"), ("in", "slow"), ("in", "fast"), ("out", "normal")]
CASES += [("hold", "normal"), ("shake", "normal")]


@pytest.mark.slow
def test_every_move_is_known_on_photographs_whatever_the_light() -> None:
    wrong = []
    for number, (move, speed) in enumerate(CASES):
        x, y, magnified = way(move, speed)
        frames = seen(COLOURFUL[number % len(COLOURFUL)], x, y, magnified)
        if number % 2:
            frames = frames * torch.linspace(1, 0.35, 37).view(-1, 1, 1, 1)
        found = camera_move.estimate(frames)
        if camera_move.classify(found) != move:
            wrong.append((move, speed, found))
            continue
        assert (found.x, found.y) == pytest.approx((float(x[-1]) / 36, float(y[-1]) / 36), abs=0.1)
        assert found.log_zoom == pytest.approx(float(magnified[-1]), abs=0.02)
    assert wrong == []


def test_snow_does_not_hide_the_move() -> None:
    frames = shoot([Section("right", "slow", weather="snow")], WIDTH, HEIGHT, 900_000_003).frames().float() / 255
    assert camera_move.classify(camera_move.estimate(frames)) == "right"


def test_pictures_that_have_nothing_in_common_hold() -> None:
    frames = torch.rand(37, 3, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(0))
    found = camera_move.estimate(frames)
    assert found.correlation < 0.3
    assert camera_move.classify(found) == "hold"


def test_too_few_frames_are_refused() -> None:
    with pytest.raises(ValueError, match="more than 4 frames"):
        camera_move.estimate(torch.zeros(4, 3, HEIGHT, WIDTH))
