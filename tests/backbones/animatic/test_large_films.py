"""Large films: frames are views of the whole reference picture, which psi holds from the first moment on."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from studio.backbones.animatic.autoencoder import LappedAutoencoder
from studio.backbones.animatic.edges import stop_at_edges
from studio.backbones.animatic.film_size import latent_size, view_factor
from studio.backbones.animatic.heads import Heads
from studio.backbones.animatic.picture_views import PictureStream
from studio.backbones.animatic.scene_picture import MOST_PATCHES, PictureMemory, reduce, whole_patches
from studio.backbones.animatic.scene_state import first_scene_state, read_scene_state, write_scene_state
from studio.backbones.animatic.scene_tokens import read_extent
from studio.backbones.animatic.scene_view import View
from studio.backbones.animatic.state import FilmState, join_latents, split_latents
from studio.backbones.animatic.weather import WeatherSynthesis
from studio.diffusion.backbone import Conditioning, SceneConditioning, ScenePicture
from tests.bases import of_colours

FRAME_W, FRAME_H = 384, 256          # V = 2
LEFT, TOP, WIDE, HIGH = 100, 40, 650, 340


@pytest.fixture(scope="module")
def autoencoder() -> LappedAutoencoder:
    return of_colours(8)


@pytest.fixture(scope="module")
def picture() -> Tensor:
    """A smooth picture that is different everywhere, [1, 3, HIGH, WIDE]."""
    small = torch.rand(1, 3, 9, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1
    return F.interpolate(small, (HIGH, WIDE), mode="bicubic", align_corners=False).clamp(-1, 1)


@pytest.fixture()
def psi(autoencoder: LappedAutoencoder, picture: Tensor) -> Tensor:
    return PictureMemory(autoencoder).begin(conditioning(picture))


def psnr(frames: Tensor, truth: Tensor) -> float:
    """Of values in [-1, 1]."""
    return float(10 * torch.log10(4 / (frames - truth).square().mean()))


def conditioning(picture: Tensor) -> SceneConditioning:
    nothing = torch.zeros(1, 1, 1)
    return SceneConditioning(nothing, nothing[0], nothing[0], nothing, ScenePicture(picture, LEFT, TOP, FRAME_W, FRAME_H))


def latents(channels: int, poses: list[tuple[float, float, float]], wind: float = 0.0) -> Tensor:
    """Latents [1, C + 10, n, h, w] with a camera path, in cells."""
    h, w = latent_size(FRAME_W, FRAME_H)
    pose, count = torch.tensor([poses]), len(poses)
    state = FilmState(pose, torch.zeros(1, count, 3, h, w), torch.zeros(1, count, 3), torch.zeros(1, count))
    out = join_latents(torch.zeros(1, channels, count, h, w), state)
    still = first_scene_state(out)
    write_scene_state(out, replace(
        still, wind=torch.full((1, count), wind), wind_time=4.0 * torch.arange(1, count + 1).view(1, -1)))
    return out


def stream(autoencoder: LappedAutoencoder, psi: Tensor, frames: int = 8) -> PictureStream:
    weather = WeatherSynthesis(kinds=["snow", "rain", "fog"], depths=[1, 1, 1], widths=[4, 4, 4], size=256)
    return PictureStream(PictureMemory(autoencoder), weather, psi, latents(autoencoder.channels, [(0, 0, 0)]), frames)


@pytest.mark.parametrize(("size", "factor"), [
    ((320, 192), 1), ((256, 256), 1), ((640, 384), 2), ((512, 512), 2), ((960, 576), 3), ((768, 1280), 4), ((1024, 1024), 4)])
def test_the_network_sees_latents_of_the_trained_size(size: tuple[int, int], factor: int) -> None:
    assert view_factor(*size) == factor
    h, w = latent_size(*size)
    assert max(h, w) <= 20 and h % 2 == w % 2 == 0
    assert (16 * factor * w, 16 * factor * h) == size


def test_psi_0_is_the_whole_picture(autoencoder: LappedAutoencoder, picture: Tensor, psi: Tensor) -> None:
    extent = read_extent(psi)
    assert (extent.columns, extent.rows, extent.left, extent.top, extent.factor) == (6 + 24 + 10, 2 + 16 + 2, 6, 2, 2)
    assert extent.bounds == (-9.0, -5.0, 11.0, 5.0)
    shown = PictureMemory(autoencoder).picture(psi)
    true = picture[..., TOP - 32 : TOP + FRAME_H + 32, LEFT - 96 : LEFT + FRAME_W + 160]
    assert shown.shape == true.shape
    assert psnr(shown, true) > 40
    assert torch.equal(psi, psi.half().float())          # exact in float16, the header too


def test_a_memory_of_another_kind_is_not_taken_for_a_picture(autoencoder: LappedAutoencoder, psi: Tensor) -> None:
    memory = PictureMemory(autoencoder)
    assert memory.holds(psi)
    assert not memory.holds(psi[:, :-1]) and not memory.holds(psi[..., :-1]) and not memory.holds(torch.full_like(psi, torch.nan))
    plain = Conditioning(*[torch.zeros(1, 1, 1)] * 4)
    with pytest.raises(ValueError, match="whole reference picture"):
        memory.begin(plain)


def test_of_a_huge_picture_the_part_around_the_frame_is_remembered() -> None:
    huge = torch.zeros(1, 3, 1, 1).expand(1, 3, 4000, 6000)
    extent, x, y = whole_patches(ScenePicture(huge, 2600, 1800, 640, 384))
    assert extent.columns * extent.rows <= MOST_PATCHES
    assert extent.left >= 20 and extent.columns - extent.left - 40 >= 20 and extent.top >= 12
    assert (x, y) == (2600 - 16 * extent.left, 1800 - 16 * extent.top)


def test_a_pan_shows_the_artists_own_pixels(autoencoder: LappedAutoencoder, picture: Tensor, psi: Tensor) -> None:
    """By whole cells to the left and down: exactly what the picture has there."""
    frames = stream(autoencoder, psi).push(latents(autoencoder.channels, [(-2, 0.5, 0)]))
    assert frames.shape == (1, 3, 8, FRAME_H, FRAME_W)
    x, y = LEFT - 64, TOP + 16
    assert psnr(frames[:, :, -1], picture[..., y : y + FRAME_H, x : x + FRAME_W]) > 39
    shown = PictureMemory(autoencoder).picture(psi)
    x, y = 96 - 64, 32 + 16
    assert torch.allclose(frames[:, :, -1], shown[..., y : y + FRAME_H, x : x + FRAME_W].clamp(-1, 1), atol=1e-4)


def test_one_push_equals_many_and_a_held_camera_stands_still(autoencoder: LappedAutoencoder, psi: Tensor) -> None:
    line = latents(autoencoder.channels, [(0, 0, 0), (0.3, 0, 0), (0.7, -0.2, 0.1)], wind=1.0)
    together, parts = stream(autoencoder, psi).push(line), stream(autoencoder, psi)
    assert torch.equal(together, torch.cat([parts.push(line[:, :, at : at + 1]) for at in range(3)], dim=2))
    held = stream(autoencoder, psi).push(latents(autoencoder.channels, [(0, 0, 0)] * 2))
    assert all(torch.equal(held[:, :, 0], held[:, :, at]) for at in range(held.shape[2]))


def test_frames_between_lie_between(autoencoder: LappedAutoencoder, psi: Tensor) -> None:
    """Every second frame at double the rate is a frame at the single rate: composed at its own time, not blended."""
    line = latents(autoencoder.channels, [(0.5, 0, 0), (1.0, 0.2, 0.05)], wind=1.0)
    slow, fast = (stream(autoencoder, psi, frames).push(line) for frames in (4, 8))
    assert torch.allclose(fast[:, :, 1::2], slow, atol=1e-4)


def test_zooming_out_reduces_without_aliasing() -> None:
    """A fine grid seen from twice as far is grey, not a coarser grid."""
    grid = (torch.arange(512).view(1, 1, 1, -1) % 2 * 2.0 - 1).expand(1, 3, 512, -1)
    view = View(grid.contiguous(), -16, -16, 16)
    pose = torch.tensor([[[0.0, 0.0, -math.log(2)]]])
    far = view.look_up(view.coordinates(pose, 128, 128), pose)
    assert float(far.abs().mean()) < 0.1


def heads(camera: list[tuple[float, float, float]]) -> Heads:
    nothing, count = torch.zeros(1), len(camera)
    return Heads(nothing, torch.tensor([camera]), torch.zeros(1, count, 2, 8, 12), *[nothing] * 6)


def path(
    camera: list[tuple[float, float, float]], start: tuple[float, float, float] = (0, 0, 0), most: float = 5.0
) -> Tensor:
    """Poses [W, 3] of a camera that stops at the edges of a picture from -9, -`most` to 11, `most`; the frame has 8 x 12 cells."""
    pose = torch.tensor([start])
    camera_path = stop_at_edges(heads(camera), pose, (-9.0, -most, 11.0, most), 8, 12).camera[0]
    return torch.cat([pose[:, :2] + camera_path[:, :2] / pose[:, 2:].exp(), pose[:, 2:] + camera_path[:, 2:]], dim=1)


def inside(poses: Tensor) -> bool:
    half_w, half_h = 6 / poses[:, 2].exp(), 4 / poses[:, 2].exp()
    room = torch.stack([poses[:, 0] - half_w + 9, 11 - poses[:, 0] - half_w, poses[:, 1] - half_h + 5, 5 - poses[:, 1] - half_h])
    return bool((room > -1e-4).all())


def test_the_camera_stops_at_the_edge_softly() -> None:
    steps = [(0.5 * at, 0.0, 0.0) for at in range(1, 21)]
    poses = path(steps)
    assert inside(poses)
    assert torch.allclose(poses[:5, 0], torch.tensor([0.5, 1.0, 1.5, 2.0, 2.5]))          # as it was, up to 2 cells before the edge
    speed = poses[1:, 0] - poses[:-1, 0]
    assert (speed[:-1] >= speed[1:] - 1e-5).all() and float(speed[-1]) < 0.05
    assert float(poses[-1, 0]) == pytest.approx(5.0, abs=0.1)


def test_whatever_is_asked_the_view_stays_in_the_picture() -> None:
    draw = torch.Generator().manual_seed(1)
    for _ in range(200):
        end = (torch.rand(3, generator=draw) - 0.5) * torch.tensor([60.0, 30.0, 2.0])
        start = (torch.rand(3, generator=draw) - 0.5) * torch.tensor([4.0, 1.0, 0.0]) + torch.tensor([1.0, 0.0, 0.2])
        first = tuple(start.tolist())
        poses = path([tuple((end * at / 9).tolist()) for at in range(1, 10)], first)        # type: ignore[misc]
        assert inside(poses)


def test_a_camera_far_from_the_edge_moves_as_it_was_told() -> None:
    steps = [(0.1 * at, -0.02 * at, 0.05 * at) for at in range(1, 10)]
    assert torch.allclose(path(steps, most=9.0), torch.tensor(steps), atol=1e-6)


def test_a_picture_is_reduced_to_whole_pixels() -> None:
    assert reduce(torch.zeros(1, 3, 33, 50), 4).shape == (1, 3, 9, 13)


def test_the_scene_s_state_is_where_nothing_else_is() -> None:
    out = latents(200, [(0.25, 0.5, 0.125)] * 3, wind=0.75)
    assert torch.equal(split_latents(out)[1].pose, torch.tensor([[[0.25, 0.5, 0.125]] * 3]))
    state = read_scene_state(out)
    assert torch.equal(state.wind, torch.full((1, 3), 0.75)) and state.wind_time.tolist() == [[4, 8, 12]]
