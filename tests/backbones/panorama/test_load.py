"""Loading a panorama model: damaged files are named with what to do, and a trained network becomes a folder."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from studio.backbones.load import load
from studio.backbones.panorama.denoiser import DenoiserConfig
from studio.backbones.panorama.folder import CONFIG, WEIGHTS
from studio.backbones.panorama.latents import Views
from studio.backbones.panorama.load import load_network
from studio.backbones.registry import memory_grows, reads_cast, sizes_of
from studio.catalogue.cards import MEMORY, ModelCard, ModelError, read_card
from studio.catalogue.fingerprint import fingerprint
from studio.lab.__main__ import main
from studio.lab.panorama import training
from studio.lab.panorama.arms import Network
from studio.lab.panorama.films import draw_films, moves_between
from studio.lab.panorama.training import Run, train
from studio.lab.panorama.world import World

SHIPPED = Path(__file__).parents[3] / "models" / "panorama-mini"


@pytest.fixture()
def card(tmp_path: Path) -> ModelCard:
    return read_card(Path(shutil.copytree(SHIPPED, tmp_path / "panorama-mini")))


def spoil(path: Path) -> None:
    """Change a file without changing its size."""
    content = bytearray(path.read_bytes())
    content[:64] = b"{" * 64
    path.write_bytes(content)


@pytest.mark.parametrize("name", [WEIGHTS, MEMORY, CONFIG])
def test_a_damaged_file_is_named(card: ModelCard, name: str) -> None:
    spoil(card.path(name))
    with pytest.raises(ModelError, match=r"is missing or damaged .*Get the folder panorama-mini again") as found:
        load(card)
    assert str(card.path(name)) in str(found.value) and "\n" not in str(found.value)


def test_weights_that_are_not_numbers_are_refused(card: ModelCard) -> None:
    path = card.path(MEMORY)
    content = path.read_bytes()
    path.write_bytes(content[:-2] + np.array([np.inf], np.float16).tobytes())
    with pytest.raises(ModelError, match="not numbers"):
        load(card)


def test_weights_of_another_network_are_refused(card: ModelCard) -> None:
    values = json.loads(card.path(CONFIG).read_text())
    card.path(CONFIG).write_text(json.dumps({**values, "memory_value": values["memory_value"] // 2}))
    with pytest.raises(ModelError, match="damaged"):
        load(replace(card, files=()))
    card.path(CONFIG).write_text(json.dumps({**values, "grid": 0}))
    with pytest.raises(ModelError, match="'grid' must be a whole number from 1 on"):
        load(replace(card, files=()))
    card.path(CONFIG).write_text(json.dumps({**values, "heads": 3}))
    with pytest.raises(ModelError, match="no denoiser"):
        load(replace(card, files=()))


def test_what_the_studio_knows_of_it(card: ModelCard) -> None:
    assert card.has_memory and memory_grows(card, (256, 256)) and not reads_cast(card)
    assert sizes_of(card).transformer.total.parameters > 1e6
    name = fingerprint(card)
    sums = {file.path: file.sha256[:16] for file in card.files}
    assert name == f"panorama-mini:{sums[WEIGHTS]}:{sums[MEMORY]}"


def test_a_run_is_trained_and_written_as_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "BANK", 16)                       # walks to choose from
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(f'run = "{tmp_path / "runs"}"\nmodel = "{tmp_path / "made"}"\nsteps = 2\nbatch = 1\ngrid = 4\n')
    assert main(["train", "panorama", str(recipe)]) == 0
    made = load(read_card(tmp_path / "made"))
    checkpoint = tmp_path / "runs" / Run("delta-exact", world=World(), steps=2).name / "checkpoint.pt"
    weights = torch.load(checkpoint, weights_only=True)["average"]["weights"]
    denoiser = made.backbone.network.denoiser.state_dict()          # type: ignore[attr-defined]
    assert all(torch.equal(weights[f"denoiser.{name}"].half().float(), tensor) for name, tensor in denoiser.items())
    memory = made.backbone.network.memory                           # type: ignore[attr-defined]
    assert memory.leaves_place and read_card(tmp_path / "made").path(CONFIG).read_text().count('"memory_leaves_place": true') == 1
    (tmp_path / "made" / "README.md").write_text("kept")
    assert main(["train", "panorama", str(recipe), "--checkpoint", str(checkpoint)]) == 0
    assert (tmp_path / "made" / "README.md").read_text() == "kept"
    train(Run("window", steps=1), tmp_path)
    other = tmp_path / Run("window", steps=1).name / "checkpoint.pt"
    assert main(["train", "panorama", str(recipe), "--checkpoint", str(other)]) == 1
    assert "delta rule" in capsys.readouterr().err


@torch.no_grad()
def test_the_studio_reads_of_the_memory_that_ships_what_the_bench_does(card: ModelCard) -> None:
    """Section by section, and in training all at once."""
    network, world = load_network(card), World(grid=4)
    bench = Network("delta-exact", DenoiserConfig(), "known")
    assert bench.memory is not None
    bench.denoiser.load_state_dict(network.denoiser.state_dict())
    bench.memory.load_state_dict(network.memory.state_dict())
    films, _ = draw_films(2, 5, 1, world, "known", network.config.harmonics)
    along = bench.read_memory(films, films.frames, films.places)
    assert along is not None
    columns, psi = torch.from_numpy(films.walks).float(), network.memory.begin(2)
    for n, moves in enumerate(moves_between(columns, world).unbind(1)):
        read = network.read(psi, network.places(columns[:, n], moves))
        torch.testing.assert_close(read.tokens[:, 0], along.tokens[:, n])
        psi = network.write(psi, Views(films.frames[:, n], columns[:, n], moves))
