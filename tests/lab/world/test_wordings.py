"""Free wordings: many ways to say every wish, the same for the same seed; and the film model's own captions are as before."""

from __future__ import annotations

import hashlib
import re

import numpy as np
import pytest

from studio.lab.world import CAMERAS, LIGHTS, WEATHERS, Section, random_script, sky_turns
from studio.lab.world.wordings import camera_wording, random_wish, scene_wording, wording


@pytest.mark.parametrize("section", [
    *(Section(camera, speed) for camera in CAMERAS for speed in (("normal",) if camera in ("hold", "shake") else ("slow", "fast"))),
    *(Section(light=light) for light in LIGHTS), *(Section(weather=weather) for weather in WEATHERS),
], ids=str)
def test_every_wish_has_many_wordings(section: Section) -> None:
    rng = np.random.default_rng(0)
    said = {wording(rng, section) for _ in range(200)}
    assert len(said) > 150
    assert not any(set("{}|") & set(text) for text in said), "a slot or bracket was not filled"


def test_a_seed_always_says_the_same() -> None:
    one, two = ([random_wish(np.random.default_rng(3)) for _ in range(2)] for _ in range(2))
    assert one == two


def test_a_third_asks_for_nothing() -> None:
    rng = np.random.default_rng(1)
    wishes = [random_wish(rng) for _ in range(2000)]
    nothing = [wish for wish in wishes if (wish.camera, wish.light, wish.weather) == ("hold", "", "")]
    assert 0.25 < len(nothing) / len(wishes) < 0.42
    assert all(wish.speed == "normal" and not wish.eased for wish in wishes if wish.camera in ("hold", "shake"))


def test_directions_are_said_as_they_are() -> None:
    """A pan to the left never says right alone."""
    rng = np.random.default_rng(2)
    for _ in range(500):
        text = camera_wording(rng, Section("left"))
        assert "left" in text or "right" not in text, text


def test_scenes_never_name_a_move() -> None:
    rng = np.random.default_rng(4)
    for _ in range(2000):
        text = scene_wording(rng)
        wishes = ("the camera pans", "zoom in", "dolly in", "tilt up", "it rains", "night falls")
        assert not any(wish in text for wish in wishes), text


def test_the_film_models_own_captions_are_as_before() -> None:
    """Recipes that were run before wordings came draw the same captions."""
    rng = np.random.default_rng(7)
    text = "\n".join(section.caption for _ in range(200) for section in random_script(rng, 4))
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == "595195bb7b7b13ae"


@pytest.mark.parametrize("light", sky_turns.TIMES)
def test_light_turns_into_what_is_asked_for(light: str) -> None:
    """Both times of day are named in one sentence, and which comes of which is said in many ways."""
    rng = np.random.default_rng(0)
    drawn = {sky_turns.turn(rng, light) for _ in range(300)}
    assert len(drawn) > 150
    states = sky_turns.TIMES | sky_turns.TINTS
    before = [bare(name) for other in states if other != light for name in states[other]]
    for text in drawn:
        assert any(bare(name) in bare(text) for name in sky_turns.TIMES[light]), text
        assert any(name in bare(text) for name in before), text
        assert "{" not in text and "the a " not in text, text


@pytest.mark.parametrize("weather", sky_turns.AIR)
def test_weather_turns_into_what_is_asked_for(weather: str) -> None:
    rng = np.random.default_rng(0)
    for text in {sky_turns.turn_of_weather(rng, weather) for _ in range(100)}:
        assert any(bare(name) in bare(text) for name in sky_turns.AIR[weather]), text
        assert any(bare(name) in bare(text) for other in sky_turns.AIR if other != weather for name in sky_turns.AIR[other]), text


def bare(text: str) -> str:
    """A text without articles."""
    return text.replace("the ", "").replace("a ", "")


def test_others_move_in_scenes_and_the_camera_does_not() -> None:
    """Scenes have the camera's verbs and directions, and somebody who does what they say."""
    rng = np.random.default_rng(5)
    scenes = [scene_wording(rng) for _ in range(3000)]
    for way in (" to the left", " to the right", " up", " down", " forward", " back", " closer"):
        assert sum(way in scene for scene in scenes) > 10, way
    wish = re.compile(r"\b(the camera|we|our view|the lens) (pans?|moves?|tilts?|turns?|zooms?) ")
    assert not any(wish.search(scene) for scene in scenes)


def test_a_time_of_day_has_its_weather_in_one_breath() -> None:
    rng = np.random.default_rng(0)
    drawn = {wording(rng, Section("hold", light="dawn", weather="fog")).lower() for _ in range(400)}
    assert any("foggy morning" in text for text in drawn) and any("misty dawn" in text for text in drawn)
