"""Training a toy film model for seconds: it learns, it resumes to the bit, seeds matter, and the stages change."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from studio.backbones.animatic.autoencoder import LappedAutoencoder
from studio.lab.train.checkpoints import WeightAverage
from studio.lab.train.curve import Curve
from studio.lab.train.film import FilmTraining, learning_rate, open_training, train
from studio.lab.train.film_pool import TrainingStage
from studio.lab.train.film_recipe import FilmRecipe
from studio.lab.train.shapes import AnimaticShape
from studio.lab.world import Section, shoot
from studio.media.clip import write_clip
from tests.bases import of_colours

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("blank_plots")]


@pytest.fixture(scope="module")
def autoencoder(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("vae")
    of_colours(4).save_pretrained(folder)
    return str(folder)


def toy(run: Path, autoencoder: str, **changes: Any) -> FilmRecipe:
    """Two heads of 16, films of two sections of 64 x 32 pixels; a second stage of higher ones."""
    shape = AnimaticShape(
        heads=2, head_width=16, double_layers=1, single_layers=1, side_width=32, side_layers=1, image_size=32, vocabulary=300,
        tokens=32,
    )
    recipe = FilmRecipe(
        run=str(run), autoencoder=autoencoder, shape=shape, sections=2, films=4, warm=3, pace=0.5, rate=2e-3, warmup=2, words=2,
        stages=(TrainingStage(3, ((64, 32),), 3), TrainingStage(1, ((32, 64),), 2, calm=True)),
        bfloat16=False, threads=1, workers=0, look_every=0, save_every=2,
    )
    return replace(recipe, **changes)


def weights(run: FilmTraining) -> dict[str, Tensor]:
    return {**run.objective.state_dict(), **{f"average.{name}": tensor for name, tensor in run.average.weights.items()}}


def test_a_resumed_run_is_the_run_that_was_not_stopped(tmp_path: Path, autoencoder: str) -> None:
    whole = open_training(toy(tmp_path / "whole", autoencoder))
    losses = [whole.advance() for _ in range(4)]

    stopped = open_training(toy(tmp_path / "stopped", autoencoder))
    first = [stopped.advance() for _ in range(2)]
    stopped.save()
    resumed = open_training(toy(tmp_path / "stopped", autoencoder))
    assert resumed.step == 2
    assert first + [resumed.advance() for _ in range(2)] == losses
    ends, again = weights(whole), weights(resumed)
    assert ends.keys() == again.keys()
    assert [name for name in ends if not torch.equal(ends[name], again[name])] == []
    assert torch.equal(whole.objective.backbone.deviation, resumed.objective.backbone.deviation)


def test_a_trained_run_keeps_curve_and_checkpoint_and_begins_again_where_it_was(tmp_path: Path, autoencoder: str) -> None:
    """The last stage has higher frames, and another seed another beginning."""
    shown: list[Path] = []
    run = train(toy(tmp_path, autoencoder, look_every=4), preview=lambda _, folder: shown.append(folder))
    assert run.step == run.steps == 4
    assert shown == [tmp_path]
    lines = (tmp_path / "curve.csv").read_text().splitlines()
    assert lines[0].startswith("step,loss,norm,way,flow,light,weather,gates,drawn,")
    assert [int(float(line.split(",")[0])) for line in lines[1:]] == [1, 2, 3, 4]
    assert (tmp_path / "last.pt").is_file()
    assert run.pool.batch(2, torch.Generator().manual_seed(0)).start.shape[-2:] == (2, 4)
    assert run.pool.batch(3, torch.Generator().manual_seed(0)).start.shape[-2:] == (4, 2)
    assert open_training(toy(tmp_path, autoencoder)).step == 4
    other = open_training(toy(tmp_path / "other", autoencoder, seed=2)).advance()
    assert other["loss"] != float(lines[1].split(",")[1])


def test_it_learns(tmp_path: Path, autoencoder: str) -> None:
    """On one batch, again and again: the loss falls by a fifth within seconds."""
    recipe = toy(tmp_path, autoencoder, pace=0.0, rate=8e-3, stages=(TrainingStage(20, ((64, 32),), 4),))
    run = open_training(recipe)
    batch = run.pool.batch(0, torch.Generator().manual_seed(0))
    run.pool.batch = lambda step, rng: batch  # type: ignore[method-assign]
    losses = [run.advance()["loss"] for _ in range(20)]
    assert sum(losses[-5:]) < 0.8 * sum(losses[:5])


def test_a_new_model_says_nothing_and_its_autoencoder_is_not_trained(tmp_path: Path, autoencoder: str) -> None:
    run = open_training(toy(tmp_path, autoencoder))
    batch = run.pool.batch(0, torch.Generator().manual_seed(0))
    parts = run.objective(batch, torch.Generator().manual_seed(0)).parts
    way = batch.truth.way * torch.tensor([1.0, 1.0, 6.0])
    size = torch.nn.functional.smooth_l1_loss(way, torch.zeros_like(way), reduction="none", beta=0.1).sum(-1).mean()
    assert parts["way"] == pytest.approx(float(size), rel=1e-4)
    assert not any(id(parameter) for parameter in run.objective.backbone.autoencoder.parameters())
    before = LappedAutoencoder.from_pretrained(autoencoder)
    run.advance()
    assert torch.equal(run.objective.backbone.autoencoder.components, before.components)
    assert (run.objective.backbone.deviation >= 1e-3).all()
    assert run.objective.backbone.deviation.unique().numel() > 1


def test_the_average_starts_near_and_is_lent() -> None:
    layer = torch.nn.Linear(1, 1, bias=False)
    layer.weight.data.fill_(0.0)
    average = WeightAverage(layer, 0.999)
    layer.weight.data.fill_(1.0)
    for _ in range(40):
        average.step(layer)
    average.store(layer)
    average.copy_to(layer)
    assert 0.95 < layer.weight.item() < 1.0
    average.restore(layer)
    assert layer.weight.item() == 1.0


def test_rate_rises_and_falls() -> None:
    recipe = FilmRecipe(run="", autoencoder="", stages=(), rate=1.0, warmup=10, fall=0.5)
    assert learning_rate(recipe, 0, 100) == pytest.approx(0.1)
    assert learning_rate(recipe, 40, 100) == 1.0
    assert learning_rate(recipe, 99, 100) < 0.03


def test_a_curve_forgets_what_a_resumed_run_does_again(tmp_path: Path) -> None:
    curve = Curve(tmp_path / "curve.csv", 0)
    for step in range(1, 6):
        curve.add(step=step, loss=1 / step)
    again = Curve(tmp_path / "curve.csv", 3)
    again.add(step=4, loss=9.0)
    again.draw("loss")
    assert (tmp_path / "curve.csv").read_text().splitlines()[-2:] == ["3.0,0.3333333333333333", "4,9.0"]
    assert (tmp_path / "curve.png").is_file()


def test_it_trains_on_a_folder_of_videos(tmp_path: Path, autoencoder: str) -> None:
    """Two films of the world, seen as anybody's: written as files with captions, read, registered, learned."""
    folder = tmp_path / "films"
    folder.mkdir()
    for seed in (3, 4):
        script = [Section("right", "slow"), Section("right", "slow")]
        write_clip(folder / f"{seed}.mp4", shoot(script, 96, 64, seed).frames().movedim(1, -1).numpy(), 12)
        (folder / f"{seed}.txt").write_text("the camera pans right slowly\n")
    recipe = toy(tmp_path / "run", autoencoder, footage=str(folder), sections=1, films=2, warm=2, rate=5e-3,
                 stages=(TrainingStage(12, ((96, 64),), 4),))
    losses = [row["way"] for row in (run.advance() for run in [open_training(recipe)] for _ in range(12))]
    assert sum(losses[-3:]) < 0.7 * sum(losses[:3])
