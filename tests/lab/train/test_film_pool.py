"""Films as latents and truth: the truth composes the scene in the places the engine looks up; sections have their history."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from studio.backbones.animatic.autoencoder import VALUES, LappedAutoencoder
from studio.backbones.animatic.composition import source_coordinates
from studio.backbones.animatic.heads import DRAWN_CHANNELS, Heads, wind_flow
from studio.backbones.animatic.state import STATE_CHANNELS, split_latents
from studio.lab.train.encoding import WINDOW, EncodedFilm, TrainingFilm, Truth, encode_film, procedural_films
from studio.lab.train.film_pool import FilmDataset, FilmPool, FilmSchedule, SectionBatch, TrainingStage, collate, draw_section
from studio.lab.train.film_recipe import FilmRecipe
from studio.lab.train.recipe import RecipeError, read_recipe
from studio.lab.world import CELL, FRAMES, Film, Section, shoot
from tests.bases import of_colours

SIZE = (96, 64)


@pytest.fixture(scope="module")
def autoencoder() -> LappedAutoencoder:
    return of_colours(4)


@pytest.fixture(scope="module")
def shots() -> list[TrainingFilm]:
    """Scenes that stay, are panned over, zoomed, and lit."""
    scripts = [
        [Section("right"), Section("left", "fast")], [Section("in"), Section("down", "slow", light="night")],
        [Section("dolly out", weather="fog"), Section("hold", weather="snow")],
    ]
    return [TrainingFilm(shoot(script, *SIZE, seed=seed), (True, True)) for seed, script in enumerate(scripts, 11)]


@pytest.fixture(scope="module")
def films(shots: list[TrainingFilm], autoencoder: LappedAutoencoder) -> list[EncodedFilm]:
    return [encode_film(shot, autoencoder, 32) for shot in shots]


def test_shapes(films: list[EncodedFilm]) -> None:
    h, w = SIZE[1] // CELL, SIZE[0] // CELL
    for film in films:
        assert film.latents.shape == (48 + STATE_CHANNELS, 1 + 2 * WINDOW, h, w)
        assert film.stills.shape == (48 + STATE_CHANNELS, 2, h, w)
        assert film.pictures.shape == (2, 3, 32, 32)
        for truth in film.truths:
            assert truth.scene.shape == truth.base.shape == (DRAWN_CHANNELS, WINDOW, h, w)
            assert truth.known.shape == (WINDOW, h, w)
            assert truth.way.shape == (WINDOW, 3)
            assert truth.flow.shape == (WINDOW, 2, h, w)
            assert truth.light.shape == (WINDOW, 3, h, w)


def test_what_is_composed_from_the_truth_is_near_the_scene_where_it_is_known(films: list[EncodedFilm]) -> None:
    """In decibels of the drawn channels, whose cosines are orthonormal: far nearer than the frame that the section began with."""
    for film in films:
        for k, truth in enumerate(film.truths):
            held = film.stills[:DRAWN_CHANNELS, k : k + 1].float().expand(-1, WINDOW, -1, -1)
            sure = (truth.known.float() > 0.99).float()
            near, far = (_psnr(base.float(), truth.scene.float(), sure) for base in (truth.base, held))
            if film.sections[k].camera != "hold":
                assert near > 26, film.sections[k]
                assert near > far + 6, film.sections[k]


def _psnr(made: Tensor, true: Tensor, sure: Tensor) -> float:
    error = (sure * (made - true).square()).sum() / sure.sum() / VALUES
    return float(10 * torch.log10(4 / error))


def test_way_and_flow_together_look_up_where_the_film_says(shots: list[TrainingFilm], films: list[EncodedFilm]) -> None:
    """As the engine does it: pose by `source_coordinates`, flow added. The film's flow counts from cells' middles, in pixels."""
    rest = torch.zeros(1, 3)
    middle = slice(CELL // 2 - 1, None, CELL)
    for shot, film in zip(shots, films, strict=True):
        for k, truth in enumerate(film.truths):
            last = k * FRAMES + FRAMES
            pose = truth.way[-1:].clone()[None]
            # The way counts cells of the base frame; a pose counts cells of the scene at magnification 1: here the base's is 1.
            at = source_coordinates(pose, rest, SIZE[1], SIZE[0])[0, 0]
            here = source_coordinates(torch.zeros(1, 1, 3), rest, SIZE[1], SIZE[0])[0, 0]
            moved = (at - here)[middle, middle] + 0.5 * torch.expm1(-truth.way[-1, 2])
            found = moved.movedim(-1, 0) + CELL * truth.flow[-1].float()
            assert (found - shot.film.flow[last]).abs().max() < 0.1


def test_the_way_leads_to_the_films_poses(films: list[EncodedFilm]) -> None:
    """Heads that say the truth make the state that the latents hold."""
    for film in films:
        state = split_latents(film.latents[None].float())[1]
        for k, truth in enumerate(film.truths):
            before = state[WINDOW * k : WINDOW * k + 1]
            heads = _said(truth)
            after = heads.film_state(before)
            held = state[1 + WINDOW * k : 1 + WINDOW * (k + 1)]
            assert (after.pose - held.pose).abs().max() < 0.02
            assert (after.light - held.light).abs().max() < 0.01
            assert (after.weather - held.weather).abs().max() < 0.01
            assert torch.equal(after.clock, held.clock)


def test_the_winds_sway_is_the_flow_of_a_film_in_which_only_the_wind_blows(autoencoder: LappedAutoencoder) -> None:
    """The world bends what it shows; cells' middles are looked up half a pixel beside."""
    blown = shoot([Section(weather="wind"), Section()], *SIZE, seed=11)
    windy = encode_film(TrainingFilm(blown, (True, True)), autoencoder, 32).truths[0]
    assert windy.flow.abs()[:, :, windy.known.amin(0) > 0].max() < 0.02
    drawn = wind_flow(torch.tensor([1.0, 0.5]), FRAMES, SIZE[1] // CELL, SIZE[0] // CELL)
    assert (drawn[0] - blown.flow[1 : FRAMES + 1] / CELL).abs().max() < 0.02 < 0.25 < drawn.abs().max()
    assert torch.equal(drawn[1], drawn[0] / 2) and not drawn[:, -1].any()


def _said(truth: Truth) -> Heads:
    t = WINDOW
    return Heads(
        drawn=truth.scene[None].float(), camera=truth.way[None], flow=truth.flow[None].float(), light=truth.light[None].float(),
        flicker=torch.zeros(1, t), light_gate=torch.ones(1, t), weather=truth.weather[None], weather_gate=torch.ones(1, t),
        wind=torch.zeros(1),
    )


def test_what_is_asked_for_is_noted(films: list[EncodedFilm]) -> None:
    assert [truth.says.tolist() for truth in films[0].truths] == [[0, 0], [0, 0]]
    assert [truth.says.tolist() for truth in films[1].truths] == [[0, 0], [1, 0]]
    assert [truth.says.tolist() for truth in films[2].truths] == [[0, 1], [0, 1]]


def test_footage_is_freed_of_the_light_that_is_in_it(shots: list[TrainingFilm], autoencoder: LappedAutoencoder) -> None:
    """A film half as bright from frame 20 on, with its gain: the scene to be learned is the one before."""
    plain = shots[0].film
    light = torch.zeros_like(plain.light)
    light[20:] = torch.tensor(0.5).log()
    dim = (plain.scene.float() * torch.where(torch.arange(len(plain.scene)) < 20, 1.0, 0.5).view(-1, 1, 1, 1)).round()
    taken = Film(**{**vars(plain), "scene": dim.to(torch.uint8), "light": light})
    film, true = encode_film(TrainingFilm(taken, (True, False), lit=True), autoencoder, 32), encode_film(shots[0], autoencoder, 32)
    first, wanted = film.truths[0], true.truths[0]
    assert (first.scene.float() - wanted.scene.float()).abs().mean() < 0.2
    assert first.says.tolist() == [-1, -1]
    assert [float(truth.trusted) for truth in film.truths] == [1.0, 0.0]
    assert torch.allclose(first.light[-1].float(), light[-1], atol=1e-3)
    assert not split_latents(film.latents[None].float())[1].light.any()


def _numbered() -> EncodedFilm:
    """Latent k of this film holds the number k, its stills 100 + section: what is cut says where it comes from."""
    def truth(section: int) -> Truth:
        number = torch.arange(1.0 + WINDOW * section, 1 + WINDOW * (section + 1))
        field = number.view(1, WINDOW, 1, 1)
        return Truth(field, field, field[0], number.view(WINDOW, 1).expand(-1, 3), field.movedim(0, 1), field.movedim(0, 1),
                     number.view(WINDOW, 1).expand(-1, 3), torch.zeros(2), torch.ones(()))

    return EncodedFilm(
        torch.arange(1.0 + 3 * WINDOW).view(1, -1, 1, 1).half(), torch.tensor([0.0, 101, 102]).view(1, 3, 1, 1).half(),
        torch.arange(3.0).view(3, 1, 1, 1).expand(3, 3, 4, 4).half(), tuple(truth(k) for k in range(3)),
        tuple(Section(caption=name) for name in "abc"),
    )


def test_sections_are_cut_with_their_history() -> None:
    seen = set()
    for seed in range(60):
        batch = draw_section(_numbered(), torch.Generator().manual_seed(seed))
        section = "abc".index(batch.captions[0])
        assert batch.truth.way[0, :, 0].tolist() == list(range(1 + WINDOW * section, 1 + WINDOW * (section + 1)))
        begun = {0.0: 0, 101.0: 1, 102.0: 2}[batch.start.item()]
        assert batch.picture[0, 0, 0, 0] == begun
        seen.add((begun, section))
        history = [batch.start.item(), *map(float, range(1 + WINDOW * begun, 1 + WINDOW * section))]
        assert batch.recent.shape == (1, 1, 19, 1, 1)
        assert batch.recent.flatten().tolist() == ([0.0] * 19 + history)[-19:]
    assert seen == {(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)}


def test_sections_are_collated() -> None:
    parts = [draw_section(_numbered(), torch.Generator().manual_seed(seed)) for seed in range(3)]
    batch = collate(parts)
    assert batch.start.shape[0] == batch.recent.shape[0] == batch.picture.shape[0] == len(batch.captions) == 3
    assert batch.truth.trusted.shape == (3,)
    assert batch.truth.says.shape == (3, 2)
    assert torch.equal(batch.truth.way[1], parts[1].truth.way[0])


def test_stages_have_their_own_films() -> None:
    stages = [TrainingStage(100, ((192, 128), (160, 160)), 8), TrainingStage(50, ((320, 192),), 4)]
    plan = FilmSchedule(stages, pool=40, warm=10, pace=0.5)
    assert plan.stage_of_step(99) == 0
    assert plan.stage_of_step(100) == 1
    assert plan.stage_of_step(150) == 1     # a finished run that is begun again
    boundary = plan.film_ends[0]
    assert plan.size(boundary) == (320, 192)
    assert plan.size(boundary - 1) in {(192, 128), (160, 160)}
    assert plan.films_before(100) - boundary == 10  # the second stage begins with a warm pool
    assert plan.first_film(20) == 0
    assert plan.first_film(90) == boundary - 40  # the pool stopped moving on five films ago
    assert plan.first_film(100) == boundary


def test_a_pool_changes_to_the_next_stages_films_and_resumes_there(autoencoder: LappedAutoencoder) -> None:
    stages = [TrainingStage(2, ((64, 32),), 2), TrainingStage(2, ((32, 64), (48, 48)), 3, calm=True)]
    plan = FilmSchedule(stages, pool=4, warm=2, pace=1.0)
    reel = FilmDataset(autoencoder, plan, procedural_films(3, 2), 32)

    def drawn(pool: FilmPool, step: int) -> SectionBatch:
        return pool.batch(step, torch.Generator().manual_seed(step))

    straight = FilmPool(reel, plan, 0, workers=0)
    batches = [drawn(straight, step) for step in range(4)]
    assert [tuple(batch.start.shape[-2:]) for batch in batches] == [(2, 4), (2, 4), (4, 2), (3, 3)]
    assert [len(batch.captions) for batch in batches] == [2, 2, 3, 3]
    late = FilmPool(reel, plan, 3, workers=0)
    assert torch.equal(drawn(late, 3).recent, batches[3].recent)
    assert not any(split_latents(batch.recent)[1].weather.any() for batch in batches[2:])


def test_recipes_are_read_and_strangers_named(tmp_path: Path) -> None:
    recipes = Path(__file__).parents[3] / "studio" / "lab" / "train" / "recipes"
    assert read_recipe(recipes / "film-cpu.toml", FilmRecipe).stages
    bad = tmp_path / "bad.toml"
    bad.write_text('run = "x"\nautoencoder = "y"\nstages = []\nspeed = 1\n')
    with pytest.raises(RecipeError, match=r"bad\.toml: unknown key 'speed'"):
        read_recipe(bad, FilmRecipe)
