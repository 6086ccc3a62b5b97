"""The film's state in the latents: what goes in comes out, rounding does not become weather, and frames are interpolated."""

from __future__ import annotations

import pytest
import torch

from studio.backbones.animatic.state import (
    STATE_CHANNELS,
    STATE_STEPS,
    FilmState,
    interpolate_state,
    join_latents,
    split_latents,
    with_neutral_state,
)


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def some(b: int = 2, t: int = 4, h: int = 3, w: int = 5) -> FilmState:
    clock = 700 + 4 * torch.arange(float(t)).expand(b, t)
    return FilmState(2 * random(b, t, 3), random(b, t, 3, h, w, seed=1), random(b, t, 3, seed=2).sigmoid(), clock)


def test_what_is_joined_is_split_again() -> None:
    scene, state = random(2, 7, 4, 3, 5), some()
    latents = join_latents(scene, state)
    assert latents.shape == (2, 7 + STATE_CHANNELS, 4, 3, 5)
    found, read = split_latents(latents)
    assert torch.equal(found, scene)
    for name in ("pose", "light", "weather", "clock"):
        before, after = getattr(state, name), getattr(read, name)
        assert after.shape == before.shape
        assert (after - before).abs().max() <= 0.5 / STATE_STEPS + 1e-6, name
    again = split_latents(join_latents(found, read))[1]
    assert torch.equal(again.pose, read.pose)
    assert torch.equal(again.light, read.light)


def test_rounding_is_neither_weather_nor_motion() -> None:
    """An Euler step ends at its estimate only up to rounding; a film that stands must stand, in clear air."""
    pose, clear = torch.tensor([1.5, -0.25, 0.125]).expand(1, 4, 3), torch.zeros(1, 4, 3)
    still = FilmState(pose, torch.zeros(1, 4, 3, 3, 5), clear, torch.zeros(1, 4))
    latents = join_latents(random(1, 7, 4, 3, 5), still)
    read = split_latents(latents + 1e-7 * random(*latents.shape, seed=3))[1]
    assert not read.weather.any()
    assert not read.light.any()
    assert torch.equal(read.pose, still.pose)
    assert torch.equal(read.clock, still.clock)


def test_at_rest_is_the_origin_in_its_own_light() -> None:
    scene = random(1, 7, 2, 3, 5)
    found, state = split_latents(with_neutral_state(scene))
    assert torch.equal(found, scene)
    assert not any(tensor.any() for tensor in (state.pose, state.light, state.weather, state.clock))


def test_frames_lie_between_latents() -> None:
    state = some(t=3)
    frames = interpolate_state(state, 4)
    assert frames.pose.shape == (2, 8, 3)
    assert frames.light.shape == (2, 8, 3, 3, 5)
    assert frames.clock.shape == (2, 8)
    for name in ("pose", "light", "weather", "clock"):
        ends, line = getattr(state, name), getattr(frames, name)
        assert torch.allclose(line[:, 3::4], ends[:, 1:], atol=1e-5), name
        assert torch.allclose(line[:, 0], ends[:, 0] + 0.25 * (ends[:, 1] - ends[:, 0]), atol=1e-5), name
        assert torch.allclose(line[:, 5], (ends[:, 1] + ends[:, 2]) / 2, atol=1e-4), name
    assert frames.clock[0].tolist() == pytest.approx(list(range(701, 709)))


def test_some_frames_of_it() -> None:
    state = some(t=6)
    part = state[1:3]
    assert torch.equal(part.pose, state.pose[:, 1:3])
    assert torch.equal(part.light, state.light[:, 1:3])
    assert part.clock.shape == (2, 2)
