"""A subject in front of its ground: two planes that the camera's way moves by their distances."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from studio.backbones.animatic.autoencoder import LappedAutoencoder
from studio.backbones.animatic.edges import stop_before
from studio.backbones.animatic.heads import Heads
from studio.backbones.animatic.scene_picture import PictureMemory
from studio.backbones.animatic.scene_section import SceneSection
from studio.backbones.animatic.scene_state import first_scene_state, write_scene_state
from studio.backbones.animatic.scene_tokens import read_extent
from studio.backbones.animatic.scene_view import Moment, SceneView, most_dolly, subject_pose
from studio.backbones.animatic.state import FilmState, join_latents
from studio.diffusion.backbone import SceneConditioning, ScenePicture, SubjectLayer
from tests.bases import of_colours

FRAME_W, FRAME_H = 384, 256          # V = 2: cells of 32 pixels
LEFT, TOP, WIDE, HIGH = 96, 64, 576, 384
SIDE = 64                            # of the subject, a bright square in the middle of the frame
MIDDLE = slice(TOP + FRAME_H // 2 - SIDE // 2, TOP + FRAME_H // 2 + SIDE // 2), slice(
    LEFT + FRAME_W // 2 - SIDE // 2, LEFT + FRAME_W // 2 + SIDE // 2)
DEPTH = 2.5


@pytest.fixture(scope="module")
def autoencoder() -> LappedAutoencoder:
    return of_colours(8)


def scene(rows: slice = MIDDLE[0]) -> SceneConditioning:
    """A dark slope with a bright square in front of it."""
    ground = torch.linspace(-1, 0, WIDE).expand(1, 3, HIGH, -1).contiguous()
    alpha = torch.zeros(1, 1, HIGH, WIDE)
    alpha[..., rows, MIDDLE[1]] = 1
    nothing = torch.zeros(1, 1, 1)
    picture = torch.lerp(ground, torch.ones_like(ground), alpha)
    return SceneConditioning(nothing, nothing[0], nothing[0], nothing, ScenePicture(
        picture, LEFT, TOP, FRAME_W, FRAME_H, SubjectLayer(alpha, ground, DEPTH)))


def width_and_middle(frame: Tensor) -> tuple[float, float]:
    """Width in pixels of the bright square in a frame [3, H, W], and the column of its middle."""
    bright = (frame.mean(dim=0) - 0.2).clamp(0, 0.4) / 0.4
    line = bright.amax(dim=0)
    return float(line.sum()), float((line * torch.arange(len(line))).sum() / line.sum())


def slope(frame: Tensor) -> float:
    """Brightness by column of the ground in a frame [3, H, W], in its first rows."""
    line = frame[0, 4]
    return float((line[-40] - line[40]) / (len(line) - 80))


def frame_at(autoencoder: LappedAutoencoder, pose: tuple[float, float, float], dolly: float = 0.0) -> Tensor:
    memory = PictureMemory(autoencoder)
    moment = Moment(torch.tensor([[pose]]), torch.tensor([[dolly]]))
    return SceneView(memory, memory.begin(scene())).frames(moment, FRAME_H, FRAME_W)[0, :, 0]


def test_psi_holds_ground_subject_and_alpha(autoencoder: LappedAutoencoder) -> None:
    memory = PictureMemory(autoencoder)
    psi = memory.begin(scene())
    extent = read_extent(psi)
    assert (extent.box_columns, extent.box_rows, extent.depth) == (6, 6, DEPTH)         # 4 x 4 patches and one around
    assert memory.holds(psi) and not memory.holds(psi[:, :-1]) and torch.equal(psi, psi.half().float())
    colours, alpha = memory.subject(psi)
    assert colours.shape == (1, 3, 96, 96) and float(alpha[..., 40, 40]) == 1.0 and float(alpha[..., 4, 4]) == 0.0
    assert float(memory.picture(psi).max()) < 0.2                                      # the subject is not in the ground
    view = memory.view(psi, latent(autoencoder.channels))
    assert float(view.frame[:, MIDDLE[0], MIDDLE[1]].mean()) > 0.95                    # but in the picture of the memory


def test_a_subject_that_is_nowhere_in_psi_is_none(autoencoder: LappedAutoencoder) -> None:
    memory, empty = PictureMemory(autoencoder), scene(slice(0, 0))
    psi = memory.begin(empty)
    assert memory.holds(psi) and read_extent(psi).box_columns == 0
    SceneView(memory, psi).frames(Moment(torch.zeros(1, 1, 3)), FRAME_H, FRAME_W)


def test_at_home_the_layers_are_the_picture(autoencoder: LappedAutoencoder) -> None:
    frame = frame_at(autoencoder, (0, 0, 0))
    true = scene().scene.picture[0, :, TOP : TOP + FRAME_H, LEFT : LEFT + FRAME_W]      # type: ignore[union-attr]
    assert float((frame - true).abs().mean()) < 0.01


def test_a_pan_shifts_the_subject_by_its_distance(autoencoder: LappedAutoencoder) -> None:
    at_home, moved = (frame_at(autoencoder, (x, 0, 0)) for x in (0, 1.0))
    width, middle = width_and_middle(moved)
    assert width == pytest.approx(width_and_middle(at_home)[0], abs=1)
    assert width_and_middle(at_home)[1] - middle == pytest.approx(DEPTH * 32, abs=1)
    assert float((moved[0, 4, 150] - at_home[0, 4, 182]).abs()) < 0.01                  # the ground: one cell of 32 pixels


@pytest.mark.parametrize("forward", [0.15, -0.3])
def test_a_dolly_magnifies_by_distance_and_a_zoom_alike(autoencoder: LappedAutoencoder, forward: float) -> None:
    magnified = 1 / (1 - forward)
    home, zoomed = frame_at(autoencoder, (0, 0, 0)), frame_at(autoencoder, (0, 0, math.log(magnified)))
    nearer = frame_at(autoencoder, (0, 0, math.log(magnified)), math.log(magnified))
    for frame, of_subject in ((zoomed, magnified), (nearer, 1 / (1 - DEPTH * forward))):
        assert slope(home) / slope(frame) == pytest.approx(magnified, rel=0.02)
        assert width_and_middle(frame)[0] / SIDE == pytest.approx(of_subject, rel=0.03)


def test_planes_at_one_distance_are_one_plane() -> None:
    pose, dolly = torch.tensor([[[0.5, -1.0, 0.3]]]), torch.tensor([[0.2]])
    assert torch.allclose(subject_pose(pose, dolly, 1.0), pose)


def latent(channels: int, pose: tuple[float, float, float] = (0, 0, 0)) -> Tensor:
    """The newest latent of a film before its first section, [1, C + 10, 1, 8, 12]."""
    state = FilmState(torch.tensor([[pose]]), torch.zeros(1, 1, 3, 8, 12), torch.zeros(1, 1, 3), torch.zeros(1, 1))
    out = join_latents(torch.zeros(1, channels, 1, 8, 12), state)
    write_scene_state(out, first_scene_state(out))
    return out


def section(autoencoder: LappedAutoencoder, asked: SceneConditioning) -> SceneSection:
    memory = PictureMemory(autoencoder)
    nothing = FilmState(torch.zeros(1, 1, 3), torch.zeros(1, 1, 3, 8, 12), torch.zeros(1, 1, 3), torch.zeros(1, 1))
    return SceneSection(memory, memory.begin(asked), latent(autoencoder.channels), nothing, asked)


def heads(camera: Tensor) -> Heads:
    """`camera`: [W, 3]."""
    count = len(camera)
    gates = torch.zeros(1, count)
    return Heads(
        torch.zeros(1), camera[None], torch.zeros(1, count, 2, 8, 12), torch.zeros(1, count, 3, 1, 1), gates, gates,
        torch.zeros(1, count, 3), gates, torch.zeros(1))


def test_a_dolly_stops_before_the_subject_and_goes_on_as_a_zoom(autoencoder: LappedAutoencoder) -> None:
    way = torch.zeros(9, 3)
    way[:, 2] = torch.linspace(0.1, 0.9, 9)
    going = section(autoencoder, replace(scene(), dolly=True))
    state = going.state(heads(way))
    assert float(state.dolly[0, 1]) == pytest.approx(0.2)
    assert float(state.dolly[0, -1]) <= most_dolly(DEPTH) + 1e-6
    assert torch.isfinite(subject_pose(way[None], state.dolly, DEPTH)).all()
    assert float(section(autoencoder, scene()).state(heads(way)).dolly.abs().max()) == 0      # a zoom


def test_where_the_picture_cuts_the_subject_the_camera_stops(autoencoder: LappedAutoencoder) -> None:
    """A subject that leads out of the picture at the bottom: tilting down would show its end."""
    cut = scene(slice(TOP, HIGH))
    memory = PictureMemory(autoencoder)
    extent = read_extent(memory.begin(cut))
    assert (extent.cut_left, extent.cut_top, extent.cut_right, extent.cut_bottom) == (0, 0, 0, 1)
    way = torch.zeros(9, 3)
    way[:, 1] = torch.linspace(0.2, 1.8, 9)
    going = section(autoencoder, cut)
    stopped = going.stop_camera(heads(way))
    last = float(stopped.camera[0, -1, 1])
    assert going.stopped
    assert DEPTH * last + 4 == pytest.approx(extent.box_bounds[3], abs=0.25)            # the view ends where the subject does
    free = section(autoencoder, scene())
    assert float(free.stop_camera(heads(way)).camera[0, 4, 1]) > last                   # a subject within the picture stops nothing


def test_a_camera_that_would_see_too_much_slows_down_first() -> None:
    way = torch.zeros(12, 3)
    way[:, 0] = torch.arange(1, 13)
    exposure = torch.arange(13).float()[None] - 8.5
    stopped = stop_before(heads(way), exposure).camera[0, :, 0]
    assert torch.equal(stopped[:4], way[:4, 0])                                         # as it was, up to 4 latents before
    speed = F.pad(stopped, (1, 0)).diff()
    assert (speed[:-1] >= speed[1:] - 1e-5).all() and float(stopped[-1]) <= 8.5
    assert stop_before(heads(way), torch.full_like(exposure, -1.0)).camera is not None
    back = stop_before(heads(-way), exposure.flip(1)).camera[0, :, 0]                   # from too much, a way back is free
    assert torch.equal(back, -way[:, 0])
