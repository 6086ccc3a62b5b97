"""Registration: what it says of photographs that were moved, zoomed, lit and made noisy by a known amount."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from studio.lab.train.register import Registration, register

WIDTH, HEIGHT = 192, 128


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def photograph(name: str) -> Tensor:
    samples = pytest.importorskip("skimage.data")
    picture = Image.fromarray(np.asarray(getattr(samples, name)())).convert("RGB")
    grown = picture.resize((900, round(900 * picture.height / picture.width)), Image.Resampling.LANCZOS)
    return torch.from_numpy(np.array(grown)).movedim(2, 0)[None].float() / 255


def taken(
    canvas: Tensor, move: tuple[float, float, float] = (0, 0, 0), light: tuple[float, float, float] = (1, 1, 1),
    noise: float = 0.0, frames: int = 37,
) -> Tensor:
    """Frames over a canvas: pixels right and down and log magnification per frame, gain at the end, deviation of noise."""
    draw = torch.Generator().manual_seed(0)
    y, x = torch.meshgrid(torch.arange(HEIGHT) + 0.5 - HEIGHT / 2, torch.arange(WIDTH) + 0.5 - WIDTH / 2, indexing="ij")
    made = []
    for t in range(frames):
        scale = math.exp(-move[2] * t)
        at = [scale * grid + pace * (t - frames / 2) for grid, pace in ((x, move[0]), (y, move[1]))]
        grid = torch.stack([at[0] * 2 / canvas.shape[-1], at[1] * 2 / canvas.shape[-2]], -1)[None]
        seen = F.grid_sample(canvas, grid, mode="bicubic", padding_mode="reflection", align_corners=False)[0]
        seen = seen * torch.tensor(light)[:, None, None] ** (t / (frames - 1))
        made.append(((seen + noise * torch.randn(seen.shape, generator=draw)).clamp(0, 1) * 255).round().to(torch.uint8))
    return torch.stack(made)


MOVES = [("astronaut", (8, 0, 0)), ("chelsea", (-4, 2, 0)), ("coffee", (0, -8, 0)), ("chelsea", (0, 0, math.log(1.5) / 36)),
         ("astronaut", (0, 0, -math.log(1.25) / 36)), ("coffee", (2, 1, 0.004)), ("rocket", (0, 0, 0))]


@pytest.mark.parametrize(("name", "move"), MOVES)
def test_a_moved_and_darkened_photograph(name: str, move: tuple[float, float, float]) -> None:
    light = (0.5, 0.6, 0.8)
    found = register(taken(photograph(name), move, light, noise=0.015))
    assert found.trusted == (True,)
    steps = torch.arange(37)[:, None] * torch.tensor(move)
    assert (found.pose - found.pose[0] - steps)[:, :2].abs().max() < 0.5
    assert (found.pose - found.pose[0] - steps)[:, 2].abs().max() < 0.01
    assert (found.gain[-1] - torch.tensor(light).log()).abs().max() < 0.03
    assert found.gain[0].abs().max() == 0


def places(found: Registration) -> Tensor:
    """Where cells' centres lie in the frame, [2, h, w]."""
    rows, columns = found.known.shape[1:]
    y, x = torch.meshgrid(torch.arange(rows) * 16 + 8.0, torch.arange(columns) * 16 + 8.0, indexing="ij")
    return torch.stack([x, y])


def test_flow_leads_back_to_the_section_s_base() -> None:
    move = (3.0, 1.0, 0.005)
    found = register(taken(photograph("astronaut"), move, frames=73))
    assert found.trusted == (True, True)
    middle = torch.tensor([WIDTH / 2, HEIGHT / 2])[:, None, None]
    for t, base in ((1, 0), (36, 0), (37, 36), (60, 36), (72, 36)):
        moved = (t - base) * math.exp(move[2] * base) * torch.tensor(move[:2])[:, None, None]
        true = moved + (math.exp(-move[2] * (t - base)) - 1) * (places(found) - middle)
        assert (found.flow[t] - true).norm(dim=0).max() < 0.7, t
        target = places(found) + true
        inside = (target >= 0).all(0) & (target[0] < WIDTH) & (target[1] < HEIGHT)
        assert not (found.known[t] & ~inside).any()
        assert found.known[t][inside].float().mean() > 0.9
    assert found.flow[0].abs().max() == 0 and found.known[0].all()


def test_the_pose_of_the_world_has_the_same_meaning() -> None:
    """A film of the world that only pans, over a photograph: registration says what the world knows."""
    from studio.lab.world import Section, shoot

    canvas = (photograph("chelsea")[0] * 255).to(torch.uint8)
    film = shoot([Section("left", "fast"), Section("in")], WIDTH, HEIGHT, 3, picture=canvas)
    found = register(film.frames())
    assert found.trusted == (True, True)
    assert ((found.pose - found.pose[0]) - (film.pose - film.pose[0])).abs().amax(0).tolist() == pytest.approx([0, 0, 0], abs=0.7)
    both = found.known & film.known
    assert both.sum() > 0.8 * film.known.sum()
    assert (found.flow - film.flow).norm(dim=1)[both].max() < 1


def test_what_moves_by_itself_is_not_known() -> None:
    frames = taken(photograph("chelsea"), (2, 0, 0))
    for t in range(37):
        frames[t, :, 32:80, 2 * t : 2 * t + 48] = torch.tensor([250, 30, 30])[:, None, None].to(torch.uint8)
    found = register(frames)
    assert found.trusted == (True,)
    assert (found.pose[-1] - found.pose[0] - torch.tensor([72.0, 0, 0])).abs().max() < 0.5
    assert not found.known[30, 2:5, 4:6].any()                         # pixels 64 to 96, where the square is by now
    assert found.known[30, 6:, :4].all()


def noisy(level: float) -> Tensor:
    draw = torch.Generator().manual_seed(1)
    return ((0.5 + level * torch.randn(37, 3, HEIGHT, WIDTH, generator=draw)).clamp(0, 1) * 255).to(torch.uint8)


def stripes() -> Tensor:
    """Level lines that could have moved sideways by any amount."""
    line = (torch.arange(HEIGHT) * 0.3).sin() * 90 + 120
    return line.view(1, 1, -1, 1).expand(37, 3, HEIGHT, WIDTH).to(torch.uint8).contiguous()


def unrelated() -> Tensor:
    return torch.cat([taken(photograph("coffee"), frames=20), taken(photograph("astronaut"), frames=17)])


@pytest.mark.parametrize("frames", [
    pytest.param(lambda: torch.full((37, 3, HEIGHT, WIDTH), 128, dtype=torch.uint8), id="flat"),
    pytest.param(lambda: noisy(0.02), id="a flat wall with noise"), pytest.param(lambda: noisy(0.3), id="noise"),
    pytest.param(stripes, id="stripes"), pytest.param(unrelated, id="a cut"),
])
def test_what_cannot_be_registered_is_not_trusted(frames) -> None:  # type: ignore[no-untyped-def]
    found = register(frames())
    assert found.trusted == (False,)
    assert not found.known[1:].any()
    assert found.flow.abs().max() == 0 and found.gain.abs().max() == 0
    assert (found.pose == found.pose[0]).all()


def test_a_lost_section_does_not_spoil_the_next() -> None:
    frames = taken(photograph("chelsea"), (2, 0, 0), frames=73)
    frames[10:14] = 0
    found = register(frames)
    assert found.trusted == (False, True)
    assert (found.pose[36] == found.pose[0]).all()
    assert (found.pose[72] - found.pose[36] - torch.tensor([72.0, 0, 0])).abs().max() < 0.5


@pytest.mark.parametrize("shape", [(36, 3, 64, 64), (1, 3, 64, 64), (37, 3, 16, 64)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="register takes"):
        register(torch.zeros(shape, dtype=torch.uint8))
