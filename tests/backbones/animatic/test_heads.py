"""The network's prediction: read from its output, small values suppressed, and turned into the film's state."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from studio.backbones.animatic.heads import (
    CAMERA_UNITS,
    DRAWN_CHANNELS,
    HEAD_CHANNELS,
    LEAST_FLOW,
    LEAST_GATE,
    LEAST_PAN,
    LEAST_ZOOM,
    OUTPUT_CHANNELS,
    WIND_FULL,
    WIND_NONE,
    WIND_REACH,
    Heads,
    read_heads,
    wind_flow,
)
from studio.backbones.animatic.state import FilmState

B, T, H, W = 2, 3, 4, 6


def silent() -> Heads:
    """Nothing happens."""
    return Heads(
        drawn=torch.zeros(B, DRAWN_CHANNELS, T, H, W), camera=torch.zeros(B, T, 3), flow=torch.zeros(B, T, 2, H, W),
        light=torch.zeros(B, T, 3, H, W), flicker=torch.zeros(B, T), light_gate=torch.zeros(B, T),
        weather=torch.zeros(B, T, 3), weather_gate=torch.zeros(B, T), wind=torch.zeros(B),
    )


def before(magnification: float = 0.0) -> FilmState:
    pose = torch.tensor([5.0, -2.0, magnification]).expand(B, 1, 3)
    weather = torch.tensor([0.5, 0.0, 0.25]).expand(B, 1, 3)
    return FilmState(pose, torch.full((B, 1, 3, H, W), -0.4), weather, torch.full((B, 1), 100.0))


def network_output(**values: list[float]) -> Tensor:
    """An output of the network that says the same at every place."""
    out, at = torch.zeros(B, OUTPUT_CHANNELS, T, H, W), DRAWN_CHANNELS
    for name, width in HEAD_CHANNELS.items():
        if name in values:
            out[:, at : at + width] = torch.tensor(values[name]).view(1, -1, 1, 1, 1)
        at += width
    return out


def test_the_output_is_read() -> None:
    out = network_output(camera=[0.5, -1.0, 2.0], flow=[1.0, 2.0], light=[-1.0, 0.0, 1.0], local=[0.25, 0.0, 0.0], flicker=[0.3],
               light_gate=[0.0], weather=[0.1, 0.2, 0.3], weather_gate=[100.0])
    out[:, :DRAWN_CHANNELS] = torch.randn(B, DRAWN_CHANNELS, T, H, W)
    heads = read_heads(out)
    assert torch.equal(heads.drawn, out[:, :DRAWN_CHANNELS])
    camera = torch.tensor([0.5 * CAMERA_UNITS[0], -CAMERA_UNITS[1], 2 * CAMERA_UNITS[2]])
    assert torch.allclose(heads.camera, camera.expand(B, T, 3))
    assert heads.flow.shape == (B, T, 2, H, W)
    assert torch.allclose(heads.flow[:, :, 1], torch.tensor(2.0))
    assert torch.allclose(heads.light, torch.tensor([-0.75, 0.0, 1.0]).view(1, 1, 3, 1, 1).expand(B, T, 3, H, W), atol=1e-6)
    assert torch.allclose(heads.flicker, torch.tensor(0.3).expand(B, T))
    assert torch.allclose(heads.light_gate, torch.tensor(0.5).expand(B, T))
    assert torch.allclose(heads.weather_gate, torch.ones(B, T))
    assert torch.allclose(heads.weather, torch.tensor([0.1, 0.2, 0.3]).expand(B, T, 3))


def test_what_holds_for_a_frame_is_its_mean_and_local_light_is_smooth() -> None:
    out = network_output()
    out[:, DRAWN_CHANNELS, :, 0, 0] = H * W                    # `camera` begins there
    local = DRAWN_CHANNELS + sum(list(HEAD_CHANNELS.values())[: list(HEAD_CHANNELS).index("local")])
    out[:, local, :, 2, 3] = 9.0
    heads = read_heads(out)
    assert torch.allclose(heads.camera[..., 0], torch.tensor(CAMERA_UNITS[0]))
    assert torch.allclose(heads.light[:, :, 0, 1:4, 2:5], torch.tensor(1.0))
    assert not heads.light[:, :, 0, :, 5].any()


def test_steady_makes_little_nothing() -> None:
    """Just below the thresholds nothing is left, however it is spread over the section."""
    little = replace(
        silent(), camera=torch.tensor([0.65 * LEAST_PAN, -0.65 * LEAST_PAN, -0.9 * LEAST_ZOOM]).expand(B, T, 3),
        flow=torch.full((B, T, 2, H, W), 0.65 * LEAST_FLOW), flicker=torch.full((B, T), 0.9 * LEAST_GATE),
        light_gate=torch.full((B, T), 0.9 * LEAST_GATE), weather_gate=torch.full((B, T), 0.9 * LEAST_GATE),
    ).suppress_small()
    for name in ("camera", "flow", "flicker", "light_gate", "weather_gate"):
        assert not getattr(little, name).any(), name


def test_steady_leaves_much_nearly_as_it_is() -> None:
    much = replace(
        silent(), camera=torch.tensor([9.0, -3.0, 0.2]).expand(B, T, 3), flow=torch.full((B, T, 2, H, W), 1.0),
        flicker=torch.full((B, T), 1.5), light_gate=torch.full((B, T), 0.9), weather_gate=torch.full((B, T), 0.5),
    )
    steady = much.suppress_small()
    for name in ("camera", "flow", "flicker"):
        assert torch.allclose(getattr(steady, name), getattr(much, name), rtol=0.03), name
    assert torch.allclose(steady.light_gate, torch.ones(B, T))
    assert torch.allclose(steady.weather_gate, torch.tensor(0.5), atol=1e-6)


def test_a_slow_beginning_of_a_long_way_is_kept() -> None:
    """A camera stands or moves for a section as a whole: a pan's first quarter of a cell is no unrest."""
    way = torch.zeros(B, T, 3)
    way[..., 0] = torch.tensor([0.1, 2.0, 8.0])
    assert torch.allclose(replace(silent(), camera=way).suppress_small().camera, way, rtol=0.01)


def test_the_pose_follows_the_way_at_the_films_magnification() -> None:
    """Two cells of a frame that shows things twice as large are one cell of the scene; the magnification adds up."""
    way = torch.tensor([2.0, -4.0, 0.5]).expand(B, T, 3)
    state = replace(silent(), camera=way).film_state(before(magnification=torch.tensor(2.0).log().item()))
    assert torch.allclose(state.pose, torch.tensor([5 + 1.0, -2 - 2.0, 0.5 + 0.6931]).expand(B, T, 3), atol=1e-3)


def test_light_and_weather_go_as_far_as_their_gates_are_open() -> None:
    gate = torch.tensor([0.0, 0.5, 1.0]).expand(B, T)
    heads = replace(
        silent(), light=torch.full((B, T, 3, H, W), 0.6), light_gate=gate, weather=torch.tensor([1.0, 2.0, -1.0]).expand(B, T, 3),
        weather_gate=gate,
    )
    state = heads.film_state(before())
    assert torch.allclose(state.light[0, :, 0, 0, 0], torch.tensor([-0.4, 0.1, 0.6]))
    assert torch.allclose(state.weather[0], torch.tensor([[0.5, 0.0, 0.25], [0.75, 1.0, 0.0], [1.0, 1.0, 0.0]]))
    assert state.clock[0].tolist() == [104.0, 108.0, 112.0]


def test_a_flicker_comes_on_top_of_any_light() -> None:
    state = replace(silent(), flicker=torch.tensor([0.2, -0.2, 0.0]).expand(B, T)).film_state(before())
    assert state.light[1, :, 2, 3, 5].tolist() == pytest.approx([-0.2, -0.6, -0.4])


def test_silence_changes_nothing_but_the_clock() -> None:
    state, old = silent().suppress_small().film_state(before(0.3)), before(0.3)
    assert torch.equal(state.pose, old.pose.expand(B, T, 3))
    assert torch.equal(state.light, old.light.expand(B, T, 3, H, W))
    assert torch.equal(state.weather, old.weather.expand(B, T, 3))


def test_a_wind_blows_or_it_does_not() -> None:
    heads = replace(silent(), wind=torch.tensor([WIND_NONE - 0.01, WIND_FULL + 0.01]))
    assert heads.suppress_small().wind.tolist() == [0, 1]
    flow = wind_flow(torch.tensor([0.0, 1.0]), 36, 4, 6)
    assert flow.shape == (2, 36, 2, 4, 6) and not flow[0].any() and not flow[:, :, 1].any()
    reach = flow[1, :, 0].abs().amax(dim=(0, 2))
    assert bool((reach[:-1] > reach[1:]).all()) and 0.2 < float(reach[0]) <= WIND_REACH      # most at the top
    assert flow[1, -1].abs().max() < 1e-6                                               # and all stands again at the end
