"""Training a toy film model for seconds: it learns, it resumes to the bit, its schedule and pool are what a resumed run sees."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from studio.diffusion.autoencoder import VALUES, PatchVideoAutoencoder
from studio.training.film import Recipe, begin, rate
from studio.training.keeping import Average, Curve, RecipeError, read_recipe
from studio.training.reel import Encoded, Schedule, Stage, cut

RECIPES = Path(__file__).parents[2] / "studio" / "training" / "recipes"


@pytest.fixture(scope="module")
def autoencoder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Sixteen channels of coarse cosines."""
    torch.manual_seed(0)
    model = PatchVideoAutoencoder(latent_channels=16, width=16, blocks=1, fine_width=4, fine_blocks=1)
    lines = torch.arange(16)
    waves = torch.stack([torch.cos(torch.pi * k * (lines + 0.5) / 16) for k in range(2)])
    planes = torch.einsum("iy,jx->ijyx", waves, waves).flatten(0, 1)                       # [4, 16, 16]
    basis = torch.zeros(16, 3, 4, 16, 16)
    for channel in range(3):
        basis[4 * channel : 4 * channel + 4, channel] = planes[:, None]
    basis[12:, :, :2], basis[12:, :, 2:] = planes[:, None, None], -planes[:, None, None]
    flat = basis.view(16, VALUES)
    model.set_basis(flat / flat.norm(dim=1, keepdim=True), torch.linspace(8, 2, 16), torch.zeros(VALUES))
    folder = tmp_path_factory.mktemp("vae")
    model.save_pretrained(folder)
    return str(folder)


def toy(run: Path, autoencoder: str) -> Recipe:
    shape = {"channels": 16, "heads": 2, "head_width": 16, "double_layers": 1, "single_layers": 1, "side_width": 32,
             "side_layers": 1, "beside": 8}
    return Recipe(
        run=str(run), autoencoder=autoencoder, shape=shape, films=4, warm=3, pace=0.25, rate=4e-3, warmup=4, words=0,
        motion=3, motion_films=2,
        stages=[{"steps": 12, "sizes": [[64, 32]], "batch": 4}, {"steps": 4, "sizes": [[32, 64]], "batch": 2}],
        bfloat16=False, threads=1, workers=0, look_every=0,
    )


def test_a_resumed_run_is_the_run_that_was_not_stopped(tmp_path: Path, autoencoder: str) -> None:
    whole = begin(toy(tmp_path / "whole", autoencoder))
    losses = [whole.advance()[0] for _ in range(14)]

    stopped = begin(toy(tmp_path / "stopped", autoencoder))
    first = [stopped.advance()[0] for _ in range(7)]
    stopped.save()
    resumed = begin(toy(tmp_path / "stopped", autoencoder))
    assert resumed.step == 7
    assert first + [resumed.advance()[0] for _ in range(7)] == losses
    for name, tensor in whole.average.weights.items():
        assert torch.equal(tensor, resumed.average.weights[name])


def test_it_learns(tmp_path: Path, autoencoder: str) -> None:
    """On one batch, again and again: the loss falls by a fifth within seconds."""
    recipe = replace(toy(tmp_path, autoencoder), pace=0.0, stages=[{"steps": 60, "sizes": [[64, 32]], "batch": 8}])
    run = begin(recipe)
    batch = run.pool.batch(0, torch.Generator().manual_seed(0))
    run.pool.batch = lambda step, rng: batch  # type: ignore[method-assign]
    losses = [run.advance()[0] for _ in range(60)]
    assert sum(losses[-15:]) < 0.8 * sum(losses[:15])


def test_stages_have_their_own_films() -> None:
    plan = Schedule([Stage(100, ((192, 128), (160, 160)), 8), Stage(50, ((320, 192),), 4)], pool=40, warm=10, pace=0.5)
    assert plan.stage_of_step(99) == 0
    assert plan.stage_of_step(100) == 1
    boundary = plan.film_ends[0]
    assert plan.size(boundary) == (320, 192)
    assert plan.size(boundary - 1) in {(192, 128), (160, 160)}
    assert plan.needed(100) - boundary == 10  # the second stage begins with a warm pool
    assert plan.first(20) == 0
    assert plan.first(90) == boundary - 40  # the pool stopped moving on five films ago
    assert plan.first(100) == boundary


def test_sections_are_cut_with_their_history() -> None:
    """Latent k of this film holds the number k, its stills 100 + section: what is cut says where it comes from."""
    count = torch.arange(28.0).view(1, 28, 1, 1).half()
    film = Encoded(count, torch.tensor([0.0, 101, 102]).view(1, 3, 1, 1).half(), torch.zeros(3, 3, 4, 4).half(), ("a", "b", "c"))
    seen = set()
    for seed in range(60):
        batch = cut(film, torch.Generator().manual_seed(seed))
        section = "abc".index(batch.captions[0])
        assert batch.target.flatten().tolist() == list(range(1 + 9 * section, 10 + 9 * section))
        recent = batch.recent.flatten().tolist()
        begun = {0.0: 0, 101.0: 1, 102.0: 2}[batch.start.item()]
        seen.add((begun, section))
        history = [batch.start.item(), *map(float, range(1 + 9 * begun, 1 + 9 * section))]
        assert recent == ([0.0] * 19 + history)[-19:]
    assert seen == {(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)}


def test_the_average_starts_near_and_lends() -> None:
    layer = torch.nn.Linear(1, 1, bias=False)
    layer.weight.data.fill_(0.0)
    average = Average(layer, 0.999)
    layer.weight.data.fill_(1.0)
    for _ in range(40):
        average.follow(layer)
    own = average.lend(layer)
    assert 0.95 < layer.weight.item() < 1.0
    layer.load_state_dict(own)
    assert layer.weight.item() == 1.0


def test_rate_rises_and_falls() -> None:
    recipe = Recipe(run="", autoencoder="", stages=[], rate=1.0, warmup=10, fall=0.5)
    assert rate(recipe, 0, 100) == pytest.approx(0.1)
    assert rate(recipe, 40, 100) == 1.0
    assert rate(recipe, 99, 100) < 0.03


def test_a_curve_forgets_what_a_resumed_run_does_again(tmp_path: Path) -> None:
    curve = Curve(tmp_path / "curve.csv", 0)
    for step in range(1, 6):
        curve.add(step=step, loss=1 / step)
    again = Curve(tmp_path / "curve.csv", 3)
    again.add(step=4, loss=9.0)
    again.draw("loss")
    assert (tmp_path / "curve.csv").read_text().splitlines()[-2:] == ["3.0,0.3333333333333333", "4,9.0"]
    assert (tmp_path / "curve.png").is_file()


def test_recipes_are_read_and_strangers_named(tmp_path: Path) -> None:
    assert read_recipe(RECIPES / "film-cpu.toml", Recipe).stages
    bad = tmp_path / "bad.toml"
    bad.write_text('run = "x"\nautoencoder = "y"\nstages = []\nspeed = 1\n')
    with pytest.raises(RecipeError, match=r"bad\.toml: unknown key 'speed'"):
        read_recipe(bad, Recipe)
