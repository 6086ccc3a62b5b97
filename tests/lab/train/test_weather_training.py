"""Training toy weather: the distance sees what textures differ in, it falls, and a run that was cut off goes on exactly."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import torch

from studio.backbones.animatic.weather import WeatherSynthesis
from studio.lab.train import weather
from studio.lab.train.recipe import RecipeError, read_recipe
from studio.lab.train.weather import WeatherRecipe, sliced_wasserstein, target_textures, train

RECIPES = Path(weather.__file__).parent / "recipes"


def toy(run: Path, steps: int) -> WeatherRecipe:
    return WeatherRecipe(
        run=str(run), widths=(4, 4, 4), size=256, height=96, width=48, directions=8, steps=steps, every=2, rate=2e-2)


def test_the_shipped_recipe_is_a_recipe() -> None:
    assert read_recipe(RECIPES / "weather-cpu.toml", WeatherRecipe).steps > 0


def test_a_wrong_recipe_names_its_key(tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text('run = "x"\nflakes = 3\n')
    with pytest.raises(RecipeError, match="flakes"):
        read_recipe(tmp_path / "r.toml", WeatherRecipe)


@pytest.mark.parametrize("size", [(40, 128), (192, 8)])
def test_textures_too_small_to_compare_are_refused(tmp_path: Path, size: tuple[int, int]) -> None:
    with pytest.raises(RecipeError, match=f"height must be 96 or more and width 32 or more, not {size[0]} and {size[1]}"):
        train(WeatherRecipe(run=str(tmp_path), height=size[0], width=size[1], steps=1))
    train(WeatherRecipe(run=str(tmp_path), height=96, width=32, size=256, steps=1, directions=4))


def test_the_distance_tells_textures_apart() -> None:
    """Two draws of the same snow are nearer to each other than snow is to rain or to larger snow."""
    draw = torch.Generator().manual_seed(0)
    one, two = (target_textures("snow", np.random.default_rng(seed), 192, 128) for seed in (1, 2))
    rain = target_textures("rain", np.random.default_rng(3), 192, 256)[1][0]
    far, near = one[0][0], one[2][0]

    def distance(a: torch.Tensor, b: torch.Tensor) -> float:
        return float(sliced_wasserstein(a, b, weather.SCALES["snow"], 32, draw))

    alike = distance(far, two[0][0])
    assert distance(far, far) == 0
    assert distance(far, near) > 3 * alike
    assert distance(far, rain) > 3 * alike


def test_the_depths_of_the_world() -> None:
    """As many as the recipe's, in 0..1, nearer ones faster; the world's own way for each."""
    for kind, depths in zip(weather.KINDS, WeatherRecipe(run="").depths, strict=True):
        seen = target_textures(kind, np.random.default_rng(1), 96, 64)
        assert len(seen) == depths
        assert all(float(alpha.min()) >= 0 and float(alpha.max()) <= 1 for alpha, _ in seen)
        speeds = [abs(x) + abs(y) for _, (x, y) in seen]
        assert speeds == sorted(speeds)
        assert len(set(speeds)) == depths


def test_it_learns(tmp_path: Path) -> None:
    model = train(toy(tmp_path, 16))
    losses = [float(row[1]) for row in list(csv.reader((tmp_path / "curve.csv").open()))[1:]]
    assert sum(losses[-4:]) < 0.5 * sum(losses[:4])
    assert (tmp_path / "textures.png").is_file()
    again = WeatherSynthesis.from_pretrained(tmp_path / "model").eval()
    assert torch.equal(again.overlay("snow", 1.0, 2.5, 64, 64), model.overlay("snow", 1.0, 2.5, 64, 64))
    assert again.velocities.tolist() == [list(way) for kind in weather.KINDS
                                         for _, way in target_textures(kind, np.random.default_rng(1), 96, 48)]


def test_a_run_that_was_cut_off_goes_on_exactly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = train(toy(tmp_path / "whole", 6)).state_dict()
    measured = weather.distances

    def breaks(model: WeatherSynthesis, recipe: WeatherRecipe, step: int) -> torch.Tensor:
        if step == 5:
            raise KeyboardInterrupt
        return measured(model, recipe, step)

    monkeypatch.setattr(weather, "distances", breaks)
    with pytest.raises(KeyboardInterrupt):
        train(toy(tmp_path / "cut", 6))
    monkeypatch.undo()
    resumed = train(toy(tmp_path / "cut", 6)).state_dict()
    assert all(torch.equal(resumed[name], whole[name]) for name in whole)
    steps = [float(row[0]) for row in list(csv.reader((tmp_path / "cut" / "curve.csv").open()))[1:]]
    assert steps == [1, 2, 3, 4, 5, 6]
