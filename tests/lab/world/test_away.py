"""Films that need a memory: they look again at what neither their first frame nor the recent window shows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from studio.lab.measure.views import unseen_mask
from studio.lab.train.film_store import goes_away, held_out_films, load_or_make_films
from studio.lab.train.forcing_recipe import ForcingRecipe, check_recipe
from studio.lab.train.recipe import RecipeError, read_recipe
from studio.lab.world import FRAMES, RECENT_SECTIONS, ScriptError, Section, random_script
from studio.lab.world.camera import camera_path
from studio.memory.context_sizes import RECENT
from tests.lab.train.toys import animatic_model

WIDTH, HEIGHT = 80, 48
WINDOW = RECENT * 4


def remembered(script: list[Section]) -> list[float]:
    """Of each section's last view, the share that was shown before and that only a memory can tell."""
    pose, shares = camera_path(script).pose(), list[float]()
    for n in range(len(script)):
        begin = FRAMES * n + 1
        context = torch.cat([pose[:1], pose[max(0, begin - WINDOW) : begin]])
        view = pose[FRAMES * (n + 1)]
        new = unseen_mask(view, context, WIDTH, HEIGHT)
        unknown = unseen_mask(view, pose[:begin], WIDTH, HEIGHT) if new.any() else new
        shares.append(float((new & ~unknown).float().mean()))
    return shares


@pytest.mark.parametrize("sections", [5, 8, 12])
def test_every_film_that_goes_away_comes_back_to_what_only_memory_holds(sections: int) -> None:
    rng, away = np.random.default_rng(0), []
    for _ in range(30):
        script = random_script(rng, sections, late_return=True)
        assert len(script) == sections
        shares = remembered(script)
        assert max(shares) > 0.25 and max(shares[: RECENT_SECTIONS + 2]) < 0.25
        away.append(shares)
    others = [remembered(random_script(rng, sections)) for _ in range(30)]
    assert np.mean(away) > 2 * np.mean(others)


def test_gaps_are_of_all_lengths() -> None:
    rng = np.random.default_rng(1)
    when = {int(np.argmax(np.array(remembered(random_script(rng, 8, calm=True, late_return=True))) > 0.25)) for _ in range(50)}
    assert when >= {3 + gap for gap in range(1, 5)}


def test_too_few_sections_are_refused() -> None:
    with pytest.raises(ScriptError, match=f"a film needs {RECENT_SECTIONS + 3}, not 4. Give the films more sections"):
        random_script(np.random.default_rng(0), 4, late_return=True)
    recipe = read_recipe(Path("studio/lab/train/recipes/force-away-cpu.toml"), ForcingRecipe)
    assert check_recipe(recipe) is recipe
    for changes in ({"away": 1.5}, {"away": -0.1}, {"sections": 4, "curriculum": ((4, 1),), "before": ()}):
        with pytest.raises(RecipeError, match="away is a share"):
            check_recipe(replace(recipe, **changes))


def test_a_share_of_the_films_goes_away_and_they_are_kept_apart(tmp_path: Path) -> None:
    gone = [number for number in range(400) if goes_away(number, 0.75)]
    assert 260 < len(gone) < 340 and not any(goes_away(number, 0.0) for number in range(50))
    model, number = animatic_model(), gone[0]
    plain, away = (load_or_make_films(model, tmp_path, [number], (64, 32), 5, away=share)[0] for share in (0.0, 0.75))
    again = load_or_make_films(model, tmp_path, [number], (64, 32), 5)[0]
    assert torch.equal(plain.latents, again.latents) and not torch.equal(plain.latents, away.latents)
    assert away.encoded is not None
    cameras = [section.camera for section in away.encoded.sections]
    assert cameras[0] in cameras[2 + RECENT_SECTIONS :]
    held = [held_out_films(model, tmp_path, 0, 1, (64, 32), 5, away=share)[0] for share in (0.0, 1.0)]
    assert not torch.equal(held[0].frames, held[1].frames)
