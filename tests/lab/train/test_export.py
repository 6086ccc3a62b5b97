"""Exporting a run: a folder with a true card, the average weights at half precision, that the engine loads and renders with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from studio.backbones.animatic.weather import WeatherSynthesis
from studio.backbones.load import load
from studio.catalogue.cards import ModelCard, check, read_card
from studio.diffusion.flow import noise
from studio.diffusion.section import Sampling, SectionResult, denoise_section
from studio.lab.train import export as module
from studio.lab.train.checkpoints import load_checkpoint
from studio.lab.train.export import export
from studio.lab.train.film import open_training
from studio.lab.train.film_pool import TrainingStage
from studio.lab.train.study import study
from studio.lab.train.text_codes import fit_wind
from studio.memory.snapshot import Snapshot
from tests.bases import of_colours
from tests.lab.train.test_film_training import toy

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("blank_plots")]


@pytest.fixture(scope="module", autouse=True)
def wind_of_few_captions() -> Iterator[None]:
    """How well the wind is fitted is tested where the codes are taught."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "fit_wind", partial(fit_wind, captions=400))
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of one step, exported to `model`."""
    root = tmp_path_factory.mktemp("export")
    of_colours(4).save_pretrained(root / "vae")
    WeatherSynthesis(size=256).save_pretrained(root / "weather")
    recipe = toy(root / "run", str(root / "vae"))
    table = {
        "run": recipe.run, "autoencoder": recipe.autoencoder, "weather": str(root / "weather"), "sections": 2, "films": 4,
        "warm": 3, "pace": 0.5, "words": 0, "bfloat16": False, "threads": 1, "workers": 0,
    }
    stages = "[[stages]]\nsteps = 3\nsizes = [[64, 32]]\nbatch = 2\n"
    shape = "[shape]\n" + "".join(f"{name} = {value}\n" for name, value in vars(recipe.shape).items() if not name.startswith("_"))
    path = root / "film.toml"
    path.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in table.items()) + stages + shape, "utf-8")
    with pytest.raises(FileNotFoundError, match=r"no checkpoint in .*run: train first"):
        export(path, root / "model")
    run = open_training(replace(recipe, words=0, stages=(TrainingStage(3, ((64, 32),), 2),)))
    run.advance()
    run.save()
    export(path, root / "model")
    return root


@pytest.fixture(scope="module")
def card(folder: Path) -> ModelCard:
    return read_card(folder / "model")


def test_its_card_is_true(card: ModelCard) -> None:
    check(card, thorough=True)
    assert card.kind == "animatic"
    assert card.prompt_tokens == 32
    assert card.section_frames == 4 * card.window == 36
    assert {"camera", "light", "weather"} <= set(card.phrases)
    written = {path.relative_to(card.folder).as_posix() for path in card.folder.rglob("*") if path.is_file()}
    assert written - {"model.toml"} == {file.path for file in card.files}


def test_it_holds_the_average_at_half_precision(folder: Path, card: ModelCard) -> None:
    state = load_checkpoint(folder / "run" / "last.pt")
    assert state is not None
    kept = load_file(card.folder / "transformer" / "diffusion_pytorch_model.safetensors")
    assert {tensor.dtype for tensor in kept.values()} == {torch.float16}
    average = state["average"]["weights"]["backbone.transformer.proj_out.weight"]
    assert torch.equal(kept["proj_out.weight"], average.half())
    assert not torch.equal(kept["proj_out.weight"], state["model"]["backbone.transformer.proj_out.weight"].half())
    assert torch.equal(load_file(card.folder / "deviation.safetensors")["deviation"], state["deviation"])
    assert load_file(card.folder / "vae" / "diffusion_pytorch_model.safetensors")["components"].dtype == torch.float16


def test_it_names_no_folder_of_the_machine_it_was_made_on(folder: Path, card: ModelCard) -> None:
    for path in (*card.folder.rglob("*.json"), card.folder / "model.toml"):
        text = path.read_text("utf-8")
        assert str(folder) not in text, path
        assert "_name_or_path" not in text, path


def test_the_engine_renders_with_it(card: ModelCard) -> None:
    model = load(card, "cpu")
    picture = torch.rand(1, 3, 32, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    start = model.codec.encode(picture)
    snapshot = Snapshot.initial(start, model.fingerprint)
    sampling = Sampling(steps=2, guidance=card.guidance, window=card.window, shift=card.shift)
    shape = (1, model.channels, card.window, 2, 4)
    conditioning = model.conditioner("the camera pans left", picture)
    *_, done = denoise_section(model.backbone, snapshot, conditioning, noise(shape, 0), sampling)
    assert isinstance(done, SectionResult)
    frames = model.codec.stream(snapshot.recent, 0).push(done.latents)
    assert frames.shape == (1, 3, 36, 32, 64)
    # One step of training: the film all but stands.
    assert (frames - model.codec.stream(snapshot.recent, 0).push(start)[:, :, -1:]).abs().mean() < 0.1


def test_a_memory_goes_with_it_and_is_asked(folder: Path, tmp_path: Path) -> None:
    """Train a toy of every kind of memory on the run's encoders, export one, and render with it: psi lives in the snapshot."""
    export(folder / "film.toml", tmp_path / "model")
    (tmp_path / "memory.toml").write_text(
        f'run = "{tmp_path}/memory"\nmodel = "{tmp_path}/model"\narms = ["map", "nothing"]\nseeds = [1]\nfilms = 3\nheld_out = 2\n'
        "width = 64\nheight = 32\nsections = 2\nsteps = 2\nbatch = 2\nqueries = 4\nsave_every = 1\nbfloat16 = false\n"
        "keep = 8\n[shape]\nwidth = 64\nheads = 2\nlayers = 1\nslots = [8, 16]\nimage_side = 2\n", "utf-8",
    )
    study(tmp_path / "memory.toml")
    results = json.loads((tmp_path / "memory" / "results.json").read_text())
    assert [(row["arm"], row["seed"]) for row in results] == [("map", 1), ("nothing", 1)]
    assert all(row["begun"][-1]["age"] == row["curve"][-1]["age"] == 0 for row in results)
    assert results[0]["begun"][-1]["error"] < 0.05 < 0.5 < results[1]["begun"][-1]["error"]
    recipe = tmp_path / "film.toml"
    recipe.write_text(f'memory = "{tmp_path}/memory/map-1"\n' + (folder / "film.toml").read_text())
    export(recipe, tmp_path / "model")
    model = load(read_card(tmp_path / "model"), "cpu")
    assert model.card.has_memory and model.memory is not None
    start = model.codec.encode(torch.rand(1, 3, 32, 64) * 2 - 1)
    conditioning = model.conditioner("the camera pans right", torch.rand(1, 3, 32, 64) * 2 - 1)
    shape = (1, model.channels, model.card.window, 2, 4)
    snapshot = Snapshot.initial(start, model.fingerprint)
    for number in range(2):
        sampling = Sampling(steps=2, guidance=1.0, window=model.card.window, shift=3.0)
        *_, last = denoise_section(model.backbone, snapshot, conditioning, noise(shape, number), sampling, memory=model.memory)
        assert isinstance(last, SectionResult)
        snapshot = last.snapshot
    assert snapshot.psi is not None and snapshot.psi.shape[1:] == (128, 64)
    export(folder / "film.toml", tmp_path / "model")
    assert not read_card(tmp_path / "model").has_memory
