"""Things that flow: loops without a visible restart, started and stopped by prompts, over a camera that moves as it likes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from studio.backbones.animatic.flow_views import FlowField, blend_phases
from studio.backbones.animatic.scene_picture import PictureMemory
from studio.backbones.animatic.scene_state import (
    LOOP,
    MOST_FLOWS,
    SceneState,
    first_scene_state,
    interpolate_scene_state,
    next_flows,
    read_scene_state,
    write_scene_state,
)
from studio.backbones.animatic.scene_view import Moment, SceneView
from studio.diffusion.backbone import SceneConditioning, ScenePicture, SubjectLayer
from tests.bases import of_colours

FRAME_W, FRAME_H = 384, 256          # V = 2
WET = slice(96, 192)                 # rows of the river
SPEED = 3.0                          # pixels to the right in a frame


@pytest.fixture(scope="module")
def view() -> SceneView:
    memory = PictureMemory(of_colours(8))
    return SceneView(memory, memory.begin(river()))


def river() -> SceneConditioning:
    """Noise with a river across its middle that flows to the right."""
    small = torch.rand(1, 3, FRAME_H // 8, FRAME_W // 8, generator=torch.Generator().manual_seed(0)) * 1.6 - 0.8
    picture = F.interpolate(small, scale_factor=8.0, mode="bilinear")
    flows = torch.zeros(2, 1, 2, FRAME_H // 4, FRAME_W // 4)
    flows[0, :, 0, WET.start // 4 : WET.stop // 4, 12:-12] = SPEED
    nothing = torch.zeros(1, 1, 1)
    return SceneConditioning(
        nothing, nothing[0], nothing[0], nothing, ScenePicture(picture, 0, 0, FRAME_W, FRAME_H, flows=flows))


def frames(view: SceneView, times: list[float], pose: tuple[float, float, float] = (0, 0, 0)) -> Tensor:
    """Frames [T, 3, H, W] at the given times of the flow."""
    times_of_all = torch.tensor(times).view(1, -1, 1).expand(-1, -1, MOST_FLOWS)
    poses = torch.tensor([[pose]]).expand(1, len(times), -1)
    return view.frames(Moment(poses, times=times_of_all), FRAME_H, FRAME_W)[0].transpose(0, 1)


def test_pixels_move_along_the_flow_and_nothing_else_does(view: SceneView) -> None:
    still, moved = frames(view, [0.0])[0], frames(view, [2.0])[0]
    assert torch.equal(still[:, : WET.start - 24], moved[:, : WET.start - 24])
    river_then, river_now = still[:, 120:168, 150:250], moved[:, 120:168, 150 + 6 : 250 + 6]
    away = moved[:, 120:168, 150:250]
    assert float((river_then - river_now).square().mean()) < 0.25 * float((river_then - away).square().mean())


def test_the_origins_are_the_integral_of_the_velocity() -> None:
    """In a field that turns, a pixel came from along the circle; in a steady one, from straight behind."""
    y, x = torch.meshgrid(torch.arange(41.0) - 20, torch.arange(41.0) - 20, indexing="ij")
    turning = 0.04 * torch.stack([-y, x])[None]
    maps = FlowField(turning).maps(torch.full((1, MOST_FLOWS), 10.0))[0]
    start = torch.tensor([8.0 * torch.cos(torch.tensor(-0.4)), 8.0 * torch.sin(torch.tensor(-0.4))])
    assert torch.allclose(torch.tensor([8.0, 0.0]) + maps[:2, 20, 28], start, atol=0.1)
    assert float(maps[4, 20, 28]) == pytest.approx(10 / LOOP) and float(maps[5, 20, 28]) == 1


def test_no_restart_is_visible(view: SceneView) -> None:
    """From frame to frame the picture changes no more where the loop begins again than elsewhere; the contrast stays."""
    line = frames(view, [at % LOOP for at in range(LOOP + 3)])[:, :, 120:168, 100:300]
    steps = (line[1:] - line[:-1]).square().mean(dim=(1, 2, 3)).sqrt()
    assert float(steps[LOOP - 2 : LOOP + 1].max()) < 1.3 * float(steps.median())
    contrast = line.std(dim=(2, 3)).mean(dim=1)
    assert float(contrast.min()) > 0.85 * float(contrast.max())
    plain = 0.5 * (line[0] + line[LOOP // 2])
    assert float(plain.std(dim=(1, 2)).mean()) < 0.85 * float(contrast[0])              # what a plain mean would lose


def test_a_blend_changes_nothing_that_is_equal_and_keeps_the_contrast_of_what_is_not() -> None:
    draw = torch.Generator().manual_seed(0)
    one, other = (torch.rand(1, 3, 64, 64, generator=draw) for _ in range(2))
    half = torch.full((1, 1, 64, 64), 0.5)
    assert torch.allclose(blend_phases(one, one, half), one, atol=1e-6)
    assert float(blend_phases(one, other, half).std()) > 0.9 * float(one.std()) > 1.2 * float(((one + other) / 2).std())
    assert torch.allclose(blend_phases(one, other, torch.zeros_like(half)), one, atol=1e-6)


def state(rate: float, time: float = 0.0) -> SceneState:
    still = torch.zeros(1, 1)
    flows = torch.ones(1, 1, MOST_FLOWS)
    return SceneState(still, still, still, rate * flows, time * flows)


def test_prompts_start_and_stop_a_flow() -> None:
    begun = first_scene_state(torch.zeros(1, 40, 1, 4, 4))
    rate, time = next_flows(begun, (-1, 0), 9)
    assert (rate[0, :, 0] == 1).all() and time[0, :, 0].tolist() == [(4 * at) % LOOP for at in range(1, 10)]
    assert (rate[0, :, 1] == 0).all() and (time[0, :, 1] == 0).all()                    # told to stand in the first section
    rate, time = next_flows(state(1, 20), (0,), 9)
    assert rate[0, :5, 0].tolist() == [0.75, 0.5, 0.25, 0, 0]
    assert time[0, :, 0].tolist() == [23.5, 2, 3.5, 4, 4, 4, 4, 4, 4]                   # it comes to rest, and stays
    rate, _ = next_flows(state(0, 4), (), 9)
    assert not rate.any()
    rate, _ = next_flows(state(0, 4), (1,), 9)
    assert rate[0, :5, 0].tolist() == [0.25, 0.5, 0.75, 1, 1]


def test_times_between_latents_go_on_smoothly() -> None:
    before = state(1, 22)
    rate, time = next_flows(before, (0,), 3)
    after = SceneState(torch.zeros(1, 3), torch.zeros(1, 3), torch.zeros(1, 3), rate, time)
    _, times = interpolate_scene_state(after.after(before), 8)
    steps = times[0, :, 0].diff().remainder(LOOP)
    assert (steps[:-1] >= steps[1:] - 1e-5).all() and 0.4 < float(steps[0]) < 0.5
    assert times[0, 7::8, 0].tolist() == pytest.approx(time[0, :, 0].tolist())


def test_the_state_is_exact_in_float16() -> None:
    latents = torch.zeros(1, 60, 9, 4, 4)
    rate, time = next_flows(state(1, 17.5), (0, 1, -1), 9)
    still = torch.zeros(1, 9)
    write_scene_state(latents, SceneState(still, still, still, rate, time))
    again = read_scene_state(latents.half())
    assert torch.equal(again.rate, rate) and torch.equal(again.time, time)


def test_flows_lie_in_psi(view: SceneView) -> None:
    memory = PictureMemory(of_colours(8))
    psi = memory.begin(river())
    assert memory.holds(psi) and torch.equal(psi, psi.half().float())
    flows = memory.flows(psi)
    assert flows.shape == (1, 1, 2, FRAME_H // 16, FRAME_W // 16)
    assert float(flows[0, 0, 0, 9, 12]) == pytest.approx(SPEED, rel=1e-3) and not flows[0, 0, 0, 0].any()
    without = memory.begin(replace(river(), scene=replace(river().scene, flows=None)))   # type: ignore[type-var]
    assert torch.equal(memory.picture(psi), memory.picture(without))


def test_water_flows_behind_a_boat_and_hair_flows_on_a_head() -> None:
    """The ground's flow does not move the subject in front of it, nor the other way round."""
    wet, alpha = river(), torch.zeros(1, 1, FRAME_H, FRAME_W)
    alpha[..., 64:224, 128:256] = 1
    assert wet.scene is not None and wet.scene.flows is not None
    memory = PictureMemory(of_colours(8))
    outside, inside = np.s_[:, 120:168, 60:110], np.s_[:, 120:168, 150:240]
    for flows, moving, still in ((wet.scene.flows, outside, inside), (wet.scene.flows.flip(0), inside, outside)):
        scene = replace(wet.scene, flows=flows, subject=SubjectLayer(alpha, wet.scene.picture, 1.0))
        view = SceneView(memory, memory.begin(replace(wet, scene=scene)))
        before, after = frames(view, [0.0])[0], frames(view, [6.0])[0]
        assert float((before - after)[still].abs().max()) < 1e-4
        assert float((before - after)[moving].abs().mean()) > 0.05


def test_a_flow_is_seen_from_every_pose(view: SceneView) -> None:
    """Zoomed in, the flow moves as many times as far."""
    still, moved = (frames(view, [at], (0, 0, 0.6931))[0] for at in (0.0, 2.0))
    then, now, away = still[:, 96:160, 100:250], moved[:, 96:160, 112:262], moved[:, 96:160, 100:250]
    assert float((then - now).square().mean()) < 0.25 * float((then - away).square().mean())


