"""The procedural world: seeded, and what it says of its films is true of their pixels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from studio.lab.world import CAMERAS, CELL, FRAMES, Film, Section, film, shoot
from studio.lab.world.camera import camera_path
from studio.lab.world.scenes import has_figure, kind_of

SIZE = (96, 64)


def first_seed(kind: str, figure: bool = False) -> int:
    return next(seed for seed in range(500) if kind_of(seed) == kind and has_figure(seed) == figure)


def about(frames: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Colours about points in pixels, each a mean of sixteen pixels, of frames [T, 3, H, W] at [T, h, w]: [T, 3, h, w]."""
    blurred = F.avg_pool2d(F.pad(frames.float(), (2, 2, 2, 2), mode="replicate"), 4, 1)  # pixel corners are its places
    height, width = frames.shape[2:]
    grid = torch.stack([x / width * 2 - 1, y / height * 2 - 1], dim=-1)
    return F.grid_sample(blurred, grid, align_corners=True)


def likeness(made: Film) -> float:
    """PSNR in dB between the known cells and where the flow says that they were.

    A twentieth of the cells may have a layer's edge so near their middles that the means about them differ.
    """
    h, w = made.flow.shape[2:]
    y, x = torch.meshgrid(torch.arange(h) * CELL + CELL / 2, torch.arange(w) * CELL + CELL / 2, indexing="ij")
    base = ((torch.arange(len(made.scene)) - 1).clamp(min=0) // FRAMES) * FRAMES
    was = about(made.scene[base], x + made.flow[:, 0], y + made.flow[:, 1])
    now = about(made.scene, x.expand(len(base), -1, -1), y.expand(len(base), -1, -1))
    errors = (now - was).square().mean(1)[made.known].sort().values
    return float(10 * (255**2 / errors[: len(errors) * 19 // 20].mean().clamp(min=1e-3)).log10())


def test_the_same_film_again() -> None:
    one, two = film(7, *SIZE, sections=2), film(7, *SIZE, sections=2)
    assert torch.equal(one.scene, two.scene)
    assert torch.equal(one.frames(), two.frames())
    assert one.sections == two.sections
    assert not torch.equal(one.scene, film(8, *SIZE, sections=2).scene)


def test_shapes() -> None:
    made = film(3, *SIZE, sections=2)
    count, h, w = 1 + 2 * FRAMES, SIZE[1] // CELL, SIZE[0] // CELL
    assert made.scene.shape == made.frames().shape == (count, 3, SIZE[1], SIZE[0])
    assert made.scene.dtype == made.frames().dtype == torch.uint8
    assert made.pose.shape == (count, 3)
    assert made.flow.shape == (count, 2, h, w)
    assert made.known.shape == (count, h, w)
    assert made.known.dtype == torch.bool
    assert made.figure.shape == (count, 4)
    assert made.light.shape == (count, 3, h, w)
    assert made.weather.shape == (count, 3)
    assert not made.flow[0].any()
    assert made.known[0].all()


@pytest.mark.parametrize("camera", CAMERAS)
@pytest.mark.parametrize("kind", ["hills", "leaves"])
def test_the_flow_is_true_of_the_pixels(camera: str, kind: str) -> None:
    """After a dolly, so that nothing lies on whole pixels; a layer's edge within a cell costs a little."""
    made = shoot([Section("dolly in", "slow"), Section(camera, "slow", eased=True)], *SIZE, first_seed(kind))
    assert likeness(made) > 32
    assert made.known[1 + FRAMES :].float().mean() > 0.3


def test_the_flow_is_true_in_the_wind() -> None:
    made = shoot([Section(weather="wind")], *SIZE, first_seed("hills"))
    assert likeness(made) > 32
    assert made.flow[:, 0].abs().max() > 2
    assert made.flow[:, 1].abs().max() < 1e-3
    assert torch.equal(made.scene[0], made.scene[FRAMES])
    assert torch.equal(made.pose, made.pose[:1].expand(1 + FRAMES, -1))


def test_wrong_flow_would_be_found() -> None:
    made = shoot([Section("right")], *SIZE, first_seed("leaves"))
    moved = replace(made, flow=made.flow + 6)
    assert likeness(moved) < 25 < likeness(made)


@pytest.mark.parametrize(("camera", "speed", "x", "y"), [
    ("right", "normal", 4, 0), ("left", "slow", -2, 0), ("down", "fast", 0, 8), ("up", "normal", 0, -4), ("hold", "normal", 0, 0),
])
def test_the_picture_goes_against_the_camera(camera: str, speed: str, x: int, y: int) -> None:
    """A camera that goes right by 4 pixels a frame: what is at column 4 comes to column 0."""
    frames = shoot([Section(camera, speed)], *SIZE, first_seed("drawing")).scene
    dx, dy = 2 * x, 2 * y
    before = frames[0, :, max(dy, 0) : SIZE[1] + min(dy, 0), max(dx, 0) : SIZE[0] + min(dx, 0)]
    after = frames[2, :, max(-dy, 0) : SIZE[1] + min(-dy, 0), max(-dx, 0) : SIZE[0] + min(-dx, 0)]
    assert torch.equal(before, after)


def test_an_eased_pan_ends_where_a_plain_one_does() -> None:
    eased, plain = camera_path([Section("left", eased=True)]), camera_path([Section("left")])
    assert torch.equal(eased.position[-1], plain.position[-1])
    assert abs(float(eased.position[1, 0])) < 0.1 * abs(float(plain.position[1, 0]))


def test_zooms_magnify_and_a_pan_keeps_its_pace_on_screen() -> None:
    path = camera_path([Section("in"), Section("right")])
    assert path.view(1.0)[1][FRAMES].item() == pytest.approx(1.25)
    assert float(path.position[-1, 0]) * 1.25 == pytest.approx(4 * FRAMES)


def test_a_dolly_magnifies_near_layers_more() -> None:
    path = camera_path([Section("dolly in", "fast")])
    far, near = (float(path.view(depth)[1][-1]) for depth in (0.25, 1.0))
    assert near == pytest.approx(1.5)
    assert 1 < far < 1.12
    zoomed = camera_path([Section("in", "fast")])
    assert float(zoomed.view(0.25)[1][-1]) == pytest.approx(1.5)


def test_a_pan_turns_past_near_and_far_alike_and_a_dolly_does_not() -> None:
    seed = first_seed("hills")
    sideways = shoot([Section("right", "slow")], *SIZE, seed).flow[FRAMES, 0]
    assert torch.allclose(sideways, torch.tensor(2.0 * FRAMES))
    nearer = shoot([Section("dolly in", "fast")], *SIZE, seed).flow[FRAMES, 0]
    assert nearer[0, 0] < 0.5 * nearer[-1, 0]      # the sky hardly grows, the ground does


def test_shake_is_always_the_same_and_ends_where_it_began() -> None:
    path = camera_path([Section("right"), Section("shake"), Section("shake")])
    one, two = path.position[FRAMES + 1 : 2 * FRAMES + 1], path.position[2 * FRAMES + 1 :]
    assert torch.allclose(one, two)
    assert torch.allclose(one[-1], path.position[FRAMES])
    assert 4 < (one - one[-1]).abs().max() < 7


def test_there_and_back_shows_the_same_picture() -> None:
    for there, back in (("left", "right"), ("dolly in", "dolly out"), ("out", "in")):
        made = shoot([Section(there), Section(back, eased=True)], *SIZE, first_seed("street"))
        assert torch.equal(made.scene[0], made.scene[-1])
        assert not torch.equal(made.scene[0], made.scene[FRAMES])


def test_a_scene_is_the_same_whatever_the_script() -> None:
    for kind in ("leaves", "room", "sea"):
        seed = first_seed(kind)
        still = shoot([Section()], *SIZE, seed).scene[0].int()
        first = shoot([Section("left"), Section("up")], *SIZE, seed).scene[0].int()
        assert ((still - first).abs() > 2).float().mean() < 1e-3     # rounding in a few pixels


def test_new_ground_is_not_known() -> None:
    made = shoot([Section("left", "fast")], *SIZE, first_seed("drawing"))
    assert not made.known[FRAMES].any()      # 288 pixels: another place
    assert made.known[4, :, 2:].all()
    assert not made.known[4, :, :2].any()    # 32 pixels to the left: two columns of cells are new


def test_a_photograph_is_filmed_from_its_middle() -> None:
    picture = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (3, 160, 240), dtype=np.uint8))
    made = shoot([Section("right")], *SIZE, 0, picture)
    assert torch.equal(made.scene[0], picture[:, 48:112, 72:168])
    assert torch.equal(made.scene[10], picture[:, 48:112, 112:208])
    assert made.pose[0].tolist() == [120, 80, 0]
    assert made.figure.isnan().all()


@pytest.mark.parametrize(("size", "picture", "words"), [
    ((100, 64), None, "multiples of 16"), ((96, 64), torch.zeros(3, 60, 200, dtype=torch.uint8), "at least 96 x 64"),
])
def test_what_cannot_be_filmed(size: tuple[int, int], picture: Tensor | None, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        shoot([Section()], *size, 0, picture)
    with pytest.raises(ValueError, match="at least one"):
        shoot([], 96, 64, 0)
