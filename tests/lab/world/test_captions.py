"""Captions and plans of the procedural world: they say what is asked, and films come back to where they were."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest

from studio.lab.world import ACTIONS, CAMERAS, FRAMES, LIGHTS, PHRASES, WEATHERS, Section, caption, random_script
from studio.lab.world import phrases as say
from studio.lab.world.camera import camera_path
from studio.lab.world.random_script import CHANGE_SHARE

SIDES = {"left", "right", "up", "down"}


def words(text: str) -> set[str]:
    return set(re.findall("[a-z]+", text.lower().replace("wards", "")))


@pytest.mark.parametrize("camera", sorted(SIDES))
def test_captions_say_direction_and_pace(camera: str) -> None:
    rng = np.random.default_rng(0)
    for _ in range(100):
        said = words(caption(rng, Section(camera, "slow")))
        assert camera in said
        assert not (SIDES - {camera}) & said
        assert {"slowly", "slow", "gently", "gradually", "calmly", "softly", "unhurriedly"} & said


@pytest.mark.parametrize("camera", ["in", "out", "dolly in", "dolly out"])
def test_zooms_and_dollies_have_words_of_their_own(camera: str) -> None:
    rng = np.random.default_rng(0)
    zooms = {"zoom", "zooms", "zooming", "magnifies", "magnify"}
    for _ in range(100):
        assert bool(zooms & words(caption(rng, Section(camera)))) == (camera in ("in", "out"))


@pytest.mark.parametrize(("field", "lists"), [
    ("light", say.LIGHT), ("weather", say.WEATHER), ("camera", {"shake": say.SHAKE}),
])
def test_captions_name_light_weather_and_shake(field: str, lists: dict[str, tuple[str, ...]]) -> None:
    rng = np.random.default_rng(0)
    for value, phrases in lists.items():
        for _ in range(20):
            text = caption(rng, Section(**{field: value})).lower()  # type: ignore[arg-type]
            assert any(phrase in text for phrase in phrases)


def test_captions_name_what_the_figure_does() -> None:
    rng = np.random.default_rng(0)
    for action in ACTIONS:
        for _ in range(30):
            text = caption(rng, Section("left", action=action)).lower()
            assert any(who in text for who in say.WHO)
            assert any(done in text for done in say.ACTION[action])


def test_articles_go_with_the_next_word() -> None:
    rng = np.random.default_rng(0)
    text = " ".join(f"{section.caption.lower()} ." for _ in range(600) for section in random_script(rng, 3))
    articles = re.findall(r"\b(an?) ([a-z])", text)
    assert {article for article, _ in articles} == {"a", "an"}
    assert [pair for pair in articles if (pair[0] == "an") != (pair[1] in "aeiou")] == []


def test_an_eased_move_is_said() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        text = caption(rng, Section("right", eased=True)).lower()
        assert any(soft in text for soft in say.EASED)


def test_no_phrase_of_a_light_or_weather_means_two() -> None:
    for lists in (say.LIGHT, say.WEATHER, say.ACTION):
        counted = Counter(phrase for phrases in lists.values() for phrase in phrases)
        assert max(counted.values()) == 1


def test_the_palette_offers_all_kinds() -> None:
    assert set(PHRASES) == {"camera", "light", "weather", "figures"}
    assert all(len(set(phrases)) == len(phrases) >= 5 for phrases in PHRASES.values())
    assert set(say.LIGHT) == set(LIGHTS)
    assert set(say.WEATHER) == set(WEATHERS)
    assert set(say.ACTION) == set(ACTIONS)


def test_most_plans_of_three_sections_come_back() -> None:
    rng, back, count = np.random.default_rng(0), 0, 300
    for _ in range(count):
        path = camera_path(random_script(rng, 3, calm=True))
        states = path.states()[::FRAMES, :4]
        moved = (states - states[:, None]).abs().amax(-1) > 1e-6
        back += any(
            not moved[i, k] and bool(moved[i, i + 1 : k].any()) for i in range(4) for k in range(i + 2, 4)
        )
    assert back / count > 0.5


def test_shares_of_plans() -> None:
    rng = np.random.default_rng(0)
    sections = [section for _ in range(400) for section in random_script(rng, 3, figure=True)]
    cameras = Counter(section.camera for section in sections)
    for camera in CAMERAS:
        assert 0.05 < cameras[camera] / len(sections) < 0.17
    assert np.mean([bool(section.light) for section in sections]) == pytest.approx(CHANGE_SHARE, abs=0.05)
    assert np.mean([bool(section.weather) for section in sections]) == pytest.approx(CHANGE_SHARE, abs=0.05)
    assert 0.53 < np.mean([bool(section.action) for section in sections]) < 0.67
    assert {section.light for section in sections} == {"", *LIGHTS}
    assert {section.weather for section in sections} == {"", *WEATHERS}
    assert {section.action for section in sections} == {"", *ACTIONS}


def test_only_who_is_hidden_returns() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        hidden = False
        for section in random_script(rng, 6, figure=True):
            if section.action:
                assert hidden == (section.action == "return")
                hidden = section.action == "hide"


def test_calm_plans_only_move_the_camera() -> None:
    for section in random_script(np.random.default_rng(0), 200, calm=True):
        assert not (section.light or section.weather or section.action)


def test_empty_prompts_mean_nothing_happens() -> None:
    empty = [section for section in random_script(np.random.default_rng(0), 900, figure=False) if not section.caption]
    assert empty
    for section in empty:
        assert section == Section()


def test_unknown_words_are_refused() -> None:
    with pytest.raises(ValueError, match="camera must be one of hold, left"):
        Section("sideways")
    with pytest.raises(ValueError, match="weather must be one of clear"):
        Section(weather="hail")
