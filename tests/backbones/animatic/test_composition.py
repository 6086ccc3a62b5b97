"""Frames composed from earlier frames: still, panned, zoomed, filled from an older source, and where no source shows anything."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from studio.backbones.animatic import composition
from studio.backbones.animatic.composition import Source, compose, inside_weight, sample, source_coordinates

H, W = 64, 96


def noise(height: int = H, width: int = W, seed: int = 0) -> Tensor:
    """[1, 3, height, width]"""
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def poses(*steps: tuple[float, float, float]) -> Tensor:
    return torch.tensor(steps).unsqueeze(0)


def flow(frames: int, x: float = 0.0, y: float = 0.0) -> Tensor:
    return torch.tensor([x, y]).view(1, 1, 2, 1, 1).expand(1, frames, 2, H // 16, W // 16)


def waves(pose: Tensor) -> Tensor:
    """An endless smooth scene as seen at a pose [3], [1, 3, H, W]."""
    ys, xs = torch.meshgrid(torch.arange(H) - (H - 1) / 2, torch.arange(W) - (W - 1) / 2, indexing="ij")
    x, y = xs / pose[2].exp() + 16 * pose[0], ys / pose[2].exp() + 16 * pose[1]
    return torch.stack([(0.19 * x + 0.11 * y).sin(), (0.23 * y).sin() * (0.07 * x).cos(), (0.15 * x).cos()]).unsqueeze(0)


def psnr(made: Tensor, true: Tensor) -> float:
    return float(10 * torch.log10(4 / (made - true).square().mean().clamp(min=1e-12)))


ORIGIN = poses((0, 0, 0))[:, 0]


def test_places_by_hand() -> None:
    """From the middle of a 32 x 32 frame, its upper right pixel is 15.5 to the right and 15.5 up."""
    pose = poses((0, 0, 0), (1, 0, math.log(2)), (0, -0.5, -math.log(2)))
    at = source_coordinates(pose, ORIGIN, 32, 32)
    assert at.shape == (1, 3, 32, 32, 2)
    corner = at[0, :, 0, 31]
    assert torch.allclose(corner, torch.tensor([[15.5, -15.5], [7.75 + 16, -7.75], [31.0, -31.0 - 8]]), atol=1e-4)
    near = poses((0.5, 0, math.log(2)))[:, 0]
    assert torch.allclose(source_coordinates(pose[:, 1:2], near, 32, 32)[0, 0, 0, 31], torch.tensor([15.5 + 16, -15.5]), atol=1e-4)


def test_how_far_inside() -> None:
    at = torch.tensor([[0.0, 0.0], [W / 2, 0.0], [W / 2 - 4, 0.0], [0.0, 4 - H / 2], [0.0, -H]]).view(1, 1, 1, 5, 2)
    wide = F.pad(at, (0, 0, 0, W - 5, 0, H - 1))
    assert torch.allclose(inside_weight(wide, torch.zeros(1, 3, H, W))[0, 0, 0, 0, :5], torch.tensor([1.0, 0.0, 0.5, 0.5, 0.0]))


def test_a_hold_returns_the_newest_frame_exactly() -> None:
    newest = Source(noise(), poses((3, -1, 0.3))[:, 0])
    other = Source(noise(seed=1), poses((3, -1, 0.9))[:, 0])
    frames, known = compose(newest, [other], poses(*[(3, -1, 0.3)] * 5), flow(5))
    assert frames.shape == (1, 3, 5, H, W)
    assert all(torch.equal(frames[:, :, at], newest.frame) for at in range(5))
    assert known.shape == (1, 1, 5, H // 16, W // 16)
    assert (known == 1).all()


@pytest.mark.parametrize(("x", "y"), [(1, 0), (-1, 0), (0.25, 0), (0, 2), (0, -0.5), (0.5, -1)])
def test_a_pan_by_whole_pixels_is_a_slice(x: float, y: float) -> None:
    newest = Source(noise(), poses((2, 2, 0))[:, 0])
    frames, known = compose(newest, [], poses((2 + x, 2 + y, 0)), flow(1))
    right, down = int(16 * x), int(16 * y)
    seen = newest.frame[:, :, max(down, 0) : H + min(down, 0), max(right, 0) : W + min(right, 0)]
    made = frames[:, :, 0, max(-down, 0) : H + min(-down, 0), max(-right, 0) : W + min(-right, 0)]
    assert torch.allclose(made, seen, atol=1e-3)
    assert known.min() < 1


def test_a_pan_counts_pixels_of_the_screen_when_magnified() -> None:
    """Half a cell of the scene is a whole cell of a frame that shows it twice as large."""
    newest = Source(noise(), poses((0, 0, math.log(2)))[:, 0])
    frames, _ = compose(newest, [], poses((0.5, 0, math.log(2))), flow(1))
    assert torch.allclose(frames[:, :, 0, :, :-16], newest.frame[:, :, :, 16:], atol=1e-3)


def test_flow_is_added_to_the_pose() -> None:
    newest = Source(noise(), ORIGIN)
    frames, known = compose(newest, [], poses((0, 0, 0)), flow(1, x=0.5, y=-0.25))
    assert torch.allclose(frames[:, :, 0, 4:, :-8], newest.frame[:, :, :-4, 8:], atol=1e-3)
    assert known[..., -1].max() < known[0, 0, 0, 2, 2]


@pytest.mark.parametrize("zoom", [1.25, 0.8])
def test_a_zoom_is_about_the_middle(zoom: float) -> None:
    pose = poses((0, 0, math.log(zoom)))
    frames, known = compose(Source(waves(ORIGIN[0]), ORIGIN), [], pose, flow(1))
    true, cut = waves(pose[0, 0]), slice(8, -8) if zoom > 1 else slice(16, -16)
    assert psnr(frames[:, :, 0, cut, cut], true[..., cut, cut]) > 45
    assert (known[..., 1:-1, 1:-1] == 1).all()
    assert (known[..., 0, :].max() > 0.9) == (zoom > 1)


def test_what_left_comes_back_from_an_older_source() -> None:
    """A panorama of noise: seen on the left, then on the right, then on the left again. Nothing of it is guessed."""
    panorama = noise(width=2 * W)
    left, right = Source(panorama[..., :W], ORIGIN), Source(panorama[..., 64 : 64 + W], poses((4, 0, 0))[:, 0])
    back = poses((0, 0, 0))
    alone, unknown = compose(right, [], back, flow(1))
    both, known = compose(right, [left], back, flow(1))
    assert psnr(alone[:, :, 0], left.frame) < 10
    assert psnr(both[:, :, 0], left.frame) > 40
    assert unknown[0, 0, 0, :, :3].max() == 0
    assert known[0, 0, 0, 1:-1, 1].min() == 1


def test_the_newest_frame_comes_first_and_gives_way_softly() -> None:
    """Where both looked, the newest counts; at its edge it fades into the older one over eight pixels."""
    newest, older = Source(torch.ones(1, 3, H, W), poses((1, 0, 0))[:, 0]), Source(-torch.ones(1, 3, H, W), ORIGIN)
    frames, _ = compose(newest, [older], poses((0, 0, 0)), flow(1))
    row = frames[0, 0, 0, H // 2]
    assert torch.allclose(row[24:-8], torch.ones(W - 32), atol=1e-4)
    assert torch.allclose(row[:16], -torch.ones(16), atol=1e-4)
    assert (row[15:25].diff() >= -1e-4).all()
    assert -0.5 < row[20] < 0.5


def test_a_sharper_source_is_preferred_after_zooming_out() -> None:
    """Zoomed out by half and in again: the newest frame has lost what the one before it still holds."""
    sharp = Source(noise(), poses((0, 0, math.log(2)))[:, 0])
    small = F.interpolate(sharp.frame, scale_factor=0.5, mode="bilinear", antialias=True)
    coarse = Source(F.pad(small, (W // 4, W // 4, H // 4, H // 4), mode="reflect"), ORIGIN)
    again = poses((0, 0, math.log(2)))
    blurred, _ = compose(coarse, [], again, flow(1))
    frames, known = compose(coarse, [sharp], again, flow(1))
    inner = slice(8, -8)
    assert psnr(frames[:, :, 0, inner, inner], sharp.frame[..., inner, inner]) > 40
    assert psnr(blurred[:, :, 0, inner, inner], sharp.frame[..., inner, inner]) < 20
    assert (known == 1).all()


def test_what_no_source_shows_is_mirrored_and_reported_unknown() -> None:
    newest = Source(noise(), ORIGIN)
    frames, known = compose(newest, [], poses((2, 0, 0)), flow(1))
    assert torch.allclose(frames[:, :, 0, :, -32:], newest.frame[:, :, :, -32:].flip(-1), atol=1e-3)
    assert (known[0, 0, 0, :, -2:] == 0).all()
    assert (known[0, 0, 0, 1:-1, 1:-3] == 1).all()
    assert 0 < known[0, 0, 0, 1, -3] < 1


def test_each_film_of_a_batch_has_its_own_places() -> None:
    frames = torch.cat([noise(), noise(seed=1)])
    origin = torch.zeros(2, 3)
    pose = torch.tensor([[[1.0, 0, 0]], [[0, 0, 0]]])
    made, known = compose(Source(frames, origin), [], pose, flow(1).expand(2, -1, -1, -1, -1))
    assert torch.allclose(made[0, :, 0, :, :-16], frames[0, :, :, 16:], atol=1e-3)
    assert torch.allclose(made[1, :, 0], frames[1], atol=1e-3)
    assert known[0].min() == 0
    assert known[1].min() > 0.5


def test_a_sample_between_pixels_is_smooth() -> None:
    at = source_coordinates(poses((1 / 32, 0, 0)), ORIGIN, H, W)
    true = waves(torch.tensor([1 / 32, 0.0, 0.0]))
    assert psnr(sample(waves(ORIGIN[0]), at)[:, :, 0, :, :-4], true[..., :-4]) > 50


def test_what_nobody_saw_goes_on_from_the_nearest_edge_without_a_seam() -> None:
    """Back over the first frame and beyond: there its own mirror image shows, not that of the frame the camera comes from."""
    first, then = poses((0, 0, 0))[:, 0], poses((3, 0, 0))[:, 0]
    scene = [Source(waves(pose[0]), pose) for pose in (first, then)]
    made, known = compose(scene[1], [scene[0]], poses((-2, 0, 0)), flow(1))
    assert float(known[..., 0].max()) == 0 and float(known[..., -1].min()) > 0.8
    alone, _ = compose(scene[0], [], poses((-2, 0, 0)), flow(1))
    assert torch.allclose(made[..., :24], alone[..., :24], atol=1e-4)
    edge = 2 * 16                                                            # where the first frame begins
    step = (made[..., edge - 1 : edge + 1].diff(dim=-1)).abs().mean()
    assert step < 2 * made[..., edge + 8 : edge + 40].diff(dim=-1).abs().mean()


@pytest.mark.parametrize("seed", range(6))
def test_a_few_frames_at_a_time_and_strips_alone_give_the_same_film(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fast way beside its slow twin: all frames at once, every source looked up everywhere."""
    draw = torch.Generator().manual_seed(seed)
    shift, size = torch.tensor([8.0, 4.0, 0.6]), (1, 3, H, W)
    random = [torch.rand(3, generator=draw) - 0.5 for _ in range(4)]
    sources = [Source(noise(seed=at), (shift * where)[None]) for at, where in enumerate(random)]
    memory = Source(torch.rand(size, generator=draw), (shift * random[0])[None], torch.rand(1, 1, H, W, generator=draw))
    pose = (2 * shift * random[3]) * torch.linspace(0, 1, 14)[None, :, None]
    motion = torch.rand(1, 14, 2, H // 16, W // 16, generator=draw) * (seed % 2)

    def film() -> tuple[torch.Tensor, torch.Tensor]:
        return compose(Source(noise(seed=9), poses((0, 0, 0))[:, 0]), sources[: seed % 4], pose, motion, lambda: memory)

    fast = film()
    monkeypatch.setattr(composition, "AT_ONCE", 100)
    monkeypatch.setattr(composition, "sample_where", lambda needed, frame, at: sample(frame, at))
    slow = film()
    assert (fast[1] < 1).any()
    assert all(torch.equal(a, b) for a, b in zip(fast, slow, strict=True))
