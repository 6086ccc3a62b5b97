"""The card that an export writes is the card that ships, but for the files' list."""

from __future__ import annotations

import tomllib
from pathlib import Path

from studio.lab.train.export import card_text
from studio.lab.train.film_recipe import FilmRecipe
from studio.lab.train.recipe import read_recipe

ROOT = Path(__file__).parents[3]


def test_the_exported_card_is_the_one_that_ships() -> None:
    recipe = read_recipe(ROOT / "studio/lab/train/recipes/film-cpu.toml", FilmRecipe)
    shipped = tomllib.loads((ROOT / "models/memorypack-mini/model.toml").read_text("utf-8"))
    del shipped["files"]
    assert tomllib.loads(card_text(recipe)) == shipped
