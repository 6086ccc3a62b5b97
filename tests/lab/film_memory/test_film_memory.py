"""Learned memories beside the map: the same cells, the same places, true answers, and runs that go on where they stopped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from studio.backbones.animatic.place_memory import EXTRA_CHANNELS, PlaceMemory
from studio.lab.__main__ import main
from studio.lab.film_memory import evaluation, training
from studio.lab.film_memory.arms import MEMORIES, PARAMETERS, LearnedAnswers, MapAnswers, NoAnswers
from studio.lab.film_memory.bench import ArmResult, Plan, map_memory, read_plan
from studio.lab.film_memory.evaluation import Costs, HeldOut, ceilings, evaluate, measure_costs, question_after, remembered_frame
from studio.lab.film_memory.films import Batch, Film, crop, prepare, shoot_film, true_cells
from studio.lab.film_memory.tables import figures, markdown, plot
from studio.lab.film_memory.training import Run, memory_loss, train
from studio.lab.film_memory.walks import FRAMES, Pixels, Stage, draw_walk, sections_since_shown
from studio.lab.panorama.arms import count_parameters
from studio.lab.train.recipe import RecipeError
from studio.lab.train.resumable import RunError
from studio.lab.train.start_by_place import start_by_place
from studio.memory.recall import Recall, RecallConfig
from studio.memory.semantic_pack import SemanticPack
from studio.memory.semantic_pack_config import SemanticPackConfig
from tests.bases import of_colours

STAGE = Stage((288, 128), (96, 64))
CELLS = 8 * 6
PARAMETERS_HERE = 850_000
RUN = Run("full", steps=4, films=2)


@pytest.fixture(scope="module")
def memory() -> PlaceMemory:
    """A map, as it is before any training."""
    torch.manual_seed(0)
    autoencoder = of_colours(4)
    pack = SemanticPack(SemanticPackConfig(
        width=96, channels=48 + EXTRA_CHANNELS, text=6, image=8, heads=3, patch=(1, 1, 1), window=(1, 2, 2), keep=(1, 2, 2),
        structure="map", slots=(16, 32)))
    recall = Recall(RecallConfig(96, 48, 3))
    made = PlaceMemory(pack, recall, autoencoder).requires_grad_(False)
    recall.scale.copy_(true_cells(made, picture(0)).square().mean(dim=(1, 2)).sqrt())
    start_by_place(pack, recall)
    return made


def picture(number: int) -> Tensor:
    """A smooth picture [3, H, W] uint8."""
    y, x = torch.meshgrid(torch.arange(128.0), torch.arange(288.0), indexing="ij")
    waves = [(0.05 * x + 0.03 * y + number).sin(), (0.06 * y).sin() * (0.02 * x + 2 * number).cos(), (0.04 * x - number).cos()]
    return (torch.stack(waves) * 100 + 128).byte()


def there_and_back(away: int) -> Pixels:
    """A walk that leaves its first view for so many sections and comes back."""
    stops = np.array([[8, 8], *[[136, 8]] * (away + 1), [16, 8], [16, 8]])
    share = np.arange(1, FRAMES + 1)[:, None] / FRAMES
    moves = stops[:-1, None] + share * np.diff(stops, axis=0)[:, None]
    return np.concatenate([stops[:1], moves.reshape(-1, 2).round().astype(np.int64)])


def film(memory: PlaceMemory, number: int = 0, away: int = 2) -> Film:
    return shoot_film(memory, picture(number), there_and_back(away), STAGE)


def held_out(memory: PlaceMemory) -> HeldOut:
    own, other = film(memory, 0), film(memory, 1)
    return HeldOut("a", own, other, true_cells(memory, own.picture), memory.written_cells(own.latents),
                   memory.written_cells(other.latents))


def batch(memory: PlaceMemory) -> Batch:
    return prepare(memory, [film(memory, 0), film(memory, 1)])


def answers(arm: str, memory: PlaceMemory) -> LearnedAnswers:
    torch.manual_seed(0)
    made = LearnedAnswers(arm, 48, CELLS, PARAMETERS_HERE)
    made.deviation.copy_(memory.recall.scale)
    return made


def test_a_walk_stays_in_the_picture_and_begins_on_its_cells() -> None:
    for seed in range(20):
        walk = draw_walk(8, 5, STAGE, np.random.default_rng(seed))
        assert len(walk) == 1 + 8 * FRAMES and walk.min() >= 0 and (walk <= STAGE.room).all()
        assert ((walk[0] + np.array(STAGE.view) // 2 - 8) % 16 == 0).all()
        assert abs(np.diff(walk, axis=0)).max() <= 3, "no jumps"
    assert any(sections_since_shown(draw_walk(8, 5, STAGE, np.random.default_rng(seed)), STAGE).max() >= 3 for seed in range(20))


def test_a_picture_that_cannot_be_left_is_refused() -> None:
    with pytest.raises(ValueError, match="too small"):
        Stage((256, 128), (96, 64))


def test_the_gap_counts_sections_since_a_cell_was_shown_whole() -> None:
    gap = sections_since_shown(there_and_back(away=2), STAGE)                      # sections: out, away, away, back, stays
    assert gap.shape == (5, *STAGE.cells) and (gap[0] == 0).all() and (gap[1] == 0).all(), "the newest section is no gap"
    assert gap[3, 1, 3] == 3 and gap[4, 1, 3] == 0 and gap[3, 1, 1] == 0, "last shown by section 0, and again by section 3"
    assert gap[3, 7].max() == 0, "below every view"


def test_the_truth_of_a_place_is_the_picture(memory: PlaceMemory) -> None:
    own = held_out(memory)
    asked = question_after(own.own, 3)
    assert asked is not None and set(asked.gap.tolist()) == {0, 3}
    truth = own.own.truth(3)
    assert torch.equal(truth, picture(0)[:, 8:72, 16:112]) and torch.equal(truth, crop(own.own.picture, own.own.walk[-1], STAGE))
    shown = remembered_frame(memory, evaluation._true_values(own, asked), asked).add(1).mul(127.5)
    assert (shown - truth).abs()[:, 16:-16, 16:-16].mean() < 2
    at = asked.gap == 3
    trained = batch(memory)
    index = (trained.weight[0, 3] == 1)
    assert torch.allclose(trained.truth[0, 3][index].float(), evaluation._true_values(own, asked)[0, at], atol=0.02)


def test_the_maps_arm_answers_as_the_engine_is_answered(memory: PlaceMemory) -> None:
    own, arm = held_out(memory), MapAnswers(memory)
    psi, engine_psi = arm.begin(), arm.begin()
    for n in range(3):
        psi = arm.write(psi, own.own_cells[n : n + 1])
        engine_psi = memory.update(engine_psi, own.own.latents[n : n + 1])
    assert torch.allclose(psi, engine_psi, atol=1e-5)
    asked = question_after(own.own, 3)
    assert asked is not None
    found = memory.answer(engine_psi, own.own.latents[3:4, :, 1:])
    assert torch.allclose(remembered_frame(memory, arm.values(psi, asked.places), asked), found.frame, atol=1e-4)


def test_own_memory_is_told_from_another_films(memory: PlaceMemory) -> None:
    films = [held_out(memory)]
    found = [*evaluate(memory, MapAnswers(memory), films), *ceilings(memory, films)]
    scores = {(score.memory, score.gap): score for score in found}
    assert scores["own", "3-4"].psnr > scores["other", "3-4"].psnr + 5
    assert scores["own", "3-4"].latents > 10 > scores["other", "3-4"].latents
    assert all(score.latents == pytest.approx(0) for score in evaluate(memory, NoAnswers(48), films)), "nothing is known"
    assert scores["autoencoder", "all"].psnr > 25 and scores["cells", "all"].psnr >= scores["own", "all"].psnr - 0.5
    costs = measure_costs(MapAnswers(memory), films[0], (2, 4))
    assert costs.kilobytes == {2: 196, 4: 196} and costs.read > 0


@pytest.mark.parametrize("arm", MEMORIES)
def test_every_arm_has_as_many_parameters(arm: str) -> None:
    assert count_parameters(LearnedAnswers(arm, 128, 96)) == pytest.approx(PARAMETERS, rel=0.02)


@pytest.mark.parametrize("arm", MEMORIES)
@torch.no_grad()
def test_training_sees_what_a_film_sees_section_by_section(arm: str, memory: PlaceMemory) -> None:
    network, films = answers(arm, memory), batch(memory).of(torch.tensor([0, 1]), 5)
    for parameter in network.parameters():
        parameter.add_(0.02 * torch.randn_like(parameter))
    along = network(films) * network.deviation
    cells, psi = memory.written_cells(film(memory, 0).latents), network.begin()
    cells[:, :49] = cells[:, :49].half().float()        # as training has them
    for n in range(5):
        if n:                                           # before the first section nothing is asked for
            found = network.values(psi, films.asked[:1, n])[0]
            assert (along[0, n] - found).norm() < 1e-3 * found.norm(), n
        psi = network.write(psi, cells[n : n + 1])


@pytest.mark.parametrize("arm", ["full", "snapshots", "retrieval"])
@torch.no_grad()
def test_what_keeps_all_finds_places_before_training(arm: str, memory: PlaceMemory) -> None:
    scale = memory.cells.autoencoder.scale[memory.cells.stills]
    films = batch(memory).of(torch.tensor([0, 1]), 5)
    assert memory_loss(answers(arm, memory), films, scale) < 0.2 * memory_loss(answers("window", memory), films, scale)


def test_a_loss_falls_and_a_run_that_was_stopped_ends_with_the_same_weights(
    memory: PlaceMemory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "EVERY", 2)
    monkeypatch.setattr(training, "SHORTEST", 5)
    monkeypatch.setattr(training, "LONGEST", 5)
    monkeypatch.setattr(training, "make_answers", lambda memory, run: answers(run.arm, memory))
    monkeypatch.setattr(training, "load_or_make_batch", lambda *_: batch(memory))
    run = replace(RUN, arm="delta", steps=10, rate=3e-3)
    straight = train(memory, run, tmp_path / "straight")
    assert straight.done.losses[-1] < 0.8 * straight.done.losses[0]
    real, steps = training.memory_loss, []

    def stop(*arguments: object) -> Tensor:
        steps.append(1)
        if len(steps) > 5:
            raise KeyboardInterrupt
        return real(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(training, "memory_loss", stop)
        train(memory, run, tmp_path / "stopped")
    again = train(memory, run, tmp_path / "stopped")
    for name, value in straight.answers.state_dict().items():
        assert torch.equal(value, again.answers.state_dict()[name]), name
    with pytest.raises(RunError, match="of another run"):
        train(memory, replace(run, batch=1), tmp_path / "stopped")


def test_results_become_figures_a_table_and_a_plot(memory: PlaceMemory, tmp_path: Path) -> None:
    films, plan = [held_out(memory)], Plan("?", "!", ("map", "full"), films=(1,), sections=(5,))
    costs = Costs({5: 196}, 1.0, 2.0)
    results = [ArmResult("map", 0, 0, 0, [], costs, {5: [*ceilings(memory, films), *evaluate(memory, MapAnswers(memory), films)]}),
               ArmResult("full", 0, 9, 1, [0.5], costs, {5: evaluate(memory, answers("full", memory).eval(), films)})]
    table = markdown(plan, results)
    assert "| map |  | not trained |" in table and "| full | 1 | 9 |" in table and "the autoencoder alone" in table
    assert figures(plan, results)["arms"]["map"]["films"][5]["own"]["all"]["films"] == 1
    plot(plan, results, tmp_path / "plot.png")
    assert (tmp_path / "plot.png").stat().st_size > 1000


def test_the_plan_can_be_used_and_strangers_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = read_plan()
    assert plan.arms[0] == "map" and len(plan.expected) > 200
    assert main(["measure", "film-memory", "--arms", "nobody", "-o", str(tmp_path)]) == 2
    assert "There is no arm 'nobody'" in capsys.readouterr().err
    path = tmp_path / "plan.toml"
    path.write_text('question = "?"\nexpected = "!"\narms = ["map", "nobody"]\n')
    with pytest.raises(RecipeError, match="no arm 'nobody'"):
        read_plan(path)


def test_a_model_without_a_map_is_refused() -> None:
    class Stranger:
        backbone, conditioner, memory = None, None, None

        class card:  # noqa: N801 - as FilmModel has it
            name = "stranger"

    with pytest.raises(ValueError, match="is no map"):
        map_memory(Stranger())  # type: ignore[arg-type]
