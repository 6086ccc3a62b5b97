"""Light and weather of the procedural world: states that sections move and others leave alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from studio.lab.world import FRAMES, Section, shoot
from studio.lab.world import light as lights
from studio.lab.world import weather as weathers


def test_a_light_goes_to_its_goal_and_stays() -> None:
    course = lights.gains([Section(light="night"), Section(), Section(light="night"), Section(light="day")], 4, 6)
    night = lights.target_gain("night", 4, 6)
    assert not course[0].any()
    for end in (FRAMES, 2 * FRAMES, 3 * FRAMES):
        assert torch.allclose(course[end], night)
    assert not course[-1].any()
    steps = course[1 : FRAMES + 1] - course[:FRAMES]
    assert bool((steps <= 0).all())
    assert steps.abs().max() < 0.1


def test_a_lamp_lights_the_middle() -> None:
    lamp = lights.gains([Section(light="lamp")], 8, 12)[-1]
    assert lamp[0, 4, 6] > 0
    assert lamp[:, 0, 0].max() < -1
    assert torch.allclose(lamp, lamp.flip(1).flip(2), atol=1e-5)


def test_a_flicker_swings_about_the_light_and_ends_where_it_began() -> None:
    course = lights.gains([Section(light="dusk"), Section(light="flicker"), Section(light="flicker")], 2, 2)
    dusk = course[FRAMES]
    swing = (course[FRAMES + 1 : 2 * FRAMES + 1] - dusk)[:, 0, 0, 0]
    assert swing.max() == pytest.approx(0.45, abs=0.01)
    assert swing.min() == pytest.approx(-0.45, abs=0.01)
    assert torch.allclose(swing[:12], swing[12:24], atol=1e-5)
    assert torch.allclose(course[2 * FRAMES], dusk)
    assert torch.allclose(course[FRAMES:2 * FRAMES], course[2 * FRAMES : 3 * FRAMES], atol=1e-5)


def test_night_is_darker_and_the_scene_is_not() -> None:
    made = shoot([Section(light="night")], 64, 48, 3)
    assert torch.equal(made.scene[0], made.scene[-1])
    assert torch.equal(made.frames()[0], made.scene[0])
    assert made.frames()[-1].float().mean() < 0.5 * made.scene[-1].float().mean()


def test_weather_comes_goes_on_and_clears() -> None:
    amount = weathers.amounts([Section(weather="snow"), Section(), Section(weather="fog"), Section(weather="wind"),
                               Section(weather="clear")])
    assert amount[0].tolist() == [0, 0, 0]
    assert amount[18].tolist() == [1, 0, 0]
    assert amount[2 * FRAMES].tolist() == [1, 0, 0]
    assert amount[2 * FRAMES + 18].tolist() == pytest.approx([0, 0, 0.5])
    assert amount[3 * FRAMES].tolist() == amount[4 * FRAMES].tolist() == [0, 0, 1]
    assert amount[-1].tolist() == [0, 0, 0]


@pytest.mark.parametrize(("kind", "depths"), [("snow", 3), ("rain", 1), ("fog", 1)])
def test_overlays_move_by_their_velocity(kind: str, depths: int) -> None:
    overlays = weathers.overlays(kind, np.random.default_rng(1), 8, 48, 64)
    assert len(overlays) == depths
    for overlay in overlays:
        x, y = overlay.velocity
        alpha = overlay.alpha
        assert alpha.shape == (8, 1, 48, 64)
        assert 0 <= alpha.min() < alpha.max() <= 1
        moved = alpha[3].roll((y, x), (1, 2))
        inner = (slice(None), slice(16, 32), slice(8, 56))
        assert torch.allclose(moved[inner], alpha[4][inner], atol=1e-6)
        assert not torch.allclose(alpha[3][inner], alpha[4][inner], atol=1e-3)


def test_there_is_no_such_overlay() -> None:
    with pytest.raises(ValueError, match="snow, rain, fog"):
        weathers.overlays("wind", np.random.default_rng(1), 2, 48, 64)


@pytest.mark.parametrize("kind", ["snow", "rain", "fog"])
def test_weather_is_drawn_and_clears(kind: str) -> None:
    made = shoot([Section(weather=kind), Section(weather="clear")], 64, 48, 3)
    frames = made.frames()
    assert torch.equal(frames[0], made.scene[0])
    assert (frames[FRAMES].float() - made.scene[FRAMES].float()).abs().mean() > 2
    assert torch.equal(frames[-1], made.scene[-1])
    assert torch.equal(made.scene[0], made.scene[FRAMES])


def test_weather_at_night_is_dark_too() -> None:
    snow, night = Section(weather="snow"), Section(light="night")
    frames = shoot([snow, night], 64, 48, 3).frames().float()
    assert frames[-1].max() < 0.6 * frames[FRAMES].max()
