"""The readers of light and weather on true films they did not learn from: nearly all must be known."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from studio.lab.measure import class_means, learn_classes, light_features, weather_features
from studio.lab.measure.discriminant import Discriminant
from studio.lab.measure.filming import Subject, photographs, scenes
from studio.lab.world import LIGHTS, WEATHERS, Section

SUBJECTS = [*photographs(("astronaut", "coffee")), *scenes(2, 40)]
LIGHT, WEATHER = learn_classes.classifier_of(class_means.LIGHT), learn_classes.classifier_of(class_means.WEATHER)


def wrong(kind: str, names: tuple[str, ...], features: Callable[[Tensor], Tensor], reader: Discriminant) -> list[object]:
    return [
        (name, subject.name, found) for name in names for subject in SUBJECTS
        if (found := reader(features(subject.truth([Section(**{kind: name})], 192, 128)))) != name
    ]


def test_lights_are_known() -> None:
    assert len(wrong("light", LIGHTS, light_features.features, LIGHT)) <= 0.05 * len(LIGHTS) * len(SUBJECTS)


def test_weathers_are_known() -> None:
    assert len(wrong("weather", WEATHERS, weather_features.features, WEATHER)) <= 0.05 * len(WEATHERS) * len(SUBJECTS)


def test_gains_are_measured_as_they_are() -> None:
    picture = photographs(("coffee",))[0].picture(192, 128)
    frames = picture * torch.linspace(1, 0.5, 37).view(-1, 1, 1, 1)
    red, green, blue, pool, flicker = light_features.features(frames).tolist()
    assert (red, green, blue) == pytest.approx([-0.66] * 3, abs=0.03)
    assert abs(pool) < 0.05
    assert flicker < 0.03


def test_a_flicker_is_measured_as_it_is() -> None:
    picture = photographs(("coffee",))[0].picture(192, 128)
    wave = 0.4 * torch.sin(torch.arange(37) * 2 * torch.pi / 12)
    assert float(light_features.features(picture * wave.exp().view(-1, 1, 1, 1))[4]) == pytest.approx(0.4, abs=0.1)


def test_weather_needs_a_section() -> None:
    with pytest.raises(ValueError, match="more than 12 frames"):
        weather_features.features(torch.zeros(12, 3, 64, 64))


def test_what_is_learned_is_written_and_read_again(tmp_path: Path) -> None:
    path = tmp_path / "class_means.py"
    learn_classes.write(LIGHT, WEATHER, path)
    assert path.read_text("utf-8") == learn_classes.FILE.read_text("utf-8")
    kept: dict[str, dict[str, tuple[float, ...]]] = {}
    exec(path.read_text("utf-8"), kept)
    assert kept["LIGHT"] == class_means.LIGHT
    assert kept["WEATHER"] == class_means.WEATHER
    again = learn_classes.learn_light([Subject("brick", 5, True)], [(64, 64)])
    assert set(again.labels) == set(LIGHTS)
