"""The procedural world: seeded, and its captions tell the truth about its pictures."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch

from studio.training.captions import CAMERAS, LIGHT_PHRASES, Section, caption, plan
from studio.training.world import FRAMES, camera_way, film, shoot


def test_the_same_film_again() -> None:
    one, two = film(7, 64, 48, sections=2), film(7, 64, 48, sections=2)
    assert torch.equal(one.frames, two.frames)
    assert one.sections == two.sections
    assert one.frames.shape == (1 + 2 * FRAMES, 3, 48, 64)
    assert one.frames.dtype == torch.uint8
    assert not torch.equal(one.frames, film(8, 64, 48, sections=2).frames)


@pytest.mark.parametrize(("camera", "speed", "x", "y"), [
    ("right", "normal", 4, 0), ("left", "slow", -2, 0), ("down", "fast", 0, 8), ("up", "normal", 0, -4), ("hold", "normal", 0, 0),
])
def test_the_picture_goes_against_the_camera(camera: str, speed: str, x: int, y: int) -> None:
    """A camera that goes right by 4 pixels a frame: what is at column 4 comes to column 0."""
    for seed in range(12):  # some scenes have layers that move less: take the first that has not
        frames = shoot(np.random.default_rng(seed), [Section(camera, speed)], 64, 48).frames.float()
        far = 2
        dx, dy = far * x, far * y
        before = frames[0, :, max(dy, 0) : 48 + min(dy, 0), max(dx, 0) : 64 + min(dx, 0)]
        after = frames[far, :, max(-dy, 0) : 48 + min(-dy, 0), max(-dx, 0) : 64 + min(-dx, 0)]
        if torch.equal(before, after):
            return
    pytest.fail(f"no film moves by {x}, {y} pixels a frame")


def test_zoom_in_magnifies() -> None:
    way = camera_way([Section("in"), Section("out", "fast")])
    assert way[FRAMES, 2].exp().item() == pytest.approx(1.25)
    assert way[2 * FRAMES, 2].exp().item() == pytest.approx(1.25 / 1.5)


def test_night_is_darker_than_day() -> None:
    frames = shoot(np.random.default_rng(1), [Section("hold", light="dark")], 64, 48).frames.float()
    assert frames[-1].mean() < 0.6 * frames[0].mean()


def test_snow_covers_and_clears() -> None:
    weather = [Section("hold", weather="snow"), Section("hold", weather="clear")]
    snowy = shoot(np.random.default_rng(3), weather, 64, 48).frames.float()
    calm = shoot(np.random.default_rng(3), [Section("hold"), Section("hold")], 64, 48).frames.float()
    assert torch.equal(snowy[0], calm[0])
    assert (snowy[FRAMES] - calm[FRAMES]).abs().mean() > 3
    assert torch.equal(snowy[-1], calm[-1])


def test_captions_say_direction_and_pace() -> None:
    rng = np.random.default_rng(0)
    for camera in ("left", "right", "up", "down"):
        others = {"left", "right", "up", "down"} - {camera}
        for _ in range(100):
            words = re.findall("[a-z]+", caption(rng, Section(camera, "slow")).lower().replace("wards", ""))
            assert camera in words
            assert not others & set(words)
            assert {"slowly", "slow", "gently", "gradually", "calmly", "softly"} & set(words)


def test_captions_name_the_light() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        text = caption(rng, Section("in", light="warm")).lower()
        assert any(phrase in text for phrase in LIGHT_PHRASES["warm"])


def test_every_move_occurs_and_some_prompts_are_empty() -> None:
    sections = plan(np.random.default_rng(0), 600)
    assert {section.camera for section in sections} == set(CAMERAS)
    empty = [section for section in sections if not section.caption]
    assert empty
    assert all(section.camera == "hold" and not section.light and not section.weather for section in empty)
