"""The forcing command end to end: on the shipped model's encoders, as the F1 recipe goes, and as two processes."""

from __future__ import annotations

import csv
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from studio.catalogue.cards import ADAPTER
from studio.lab.commands.train import RECIPES
from studio.lab.measure.startup import free_port
from studio.lab.train import finetune
from studio.lab.train.checkpoints import load_checkpoint
from studio.lab.train.finetune import BASE
from studio.lab.train.trainee import LORA, WEIGHTS
from tests import folders
from tests.lab.train import forcing_child
from tests.lab.train.test_film_store import moving

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("blank_plots")]

ROOT = Path(__file__).parents[3]
MINI: dict[str, object] = {
    "model": str(ROOT / "models" / "memorypack-mini"), "seeds": [1], "sections": 2, "width": 64, "height": 32, "drift_steps": 1,
    "device": "cpu",
}
SMALL: dict[str, object] = {
    **MINI, "curriculum": [[1, 1], [2, 2]], "films": 3, "batch": 3, "rate": 1e-3, "warmup": 1, "before": [[1, 1]],
    "memory": {"heads": 2, "window": [9, 1, 1], "keep": [1, 1, 1]},
    "small": {"channels": 4, "heads": 2, "head_width": 16, "double_layers": 1, "single_layers": 1},
}
"""A new network of the large kind on the shipped model's encoders, with a stage before the arms."""


def recipe(folder: Path, name: str, table: dict[str, object]) -> Path:
    """A recipe whose run is the folder of that name."""
    path = folder / f"{name}.toml"
    path.write_text("".join(f"{key} = {_toml(value)}\n" for key, value in {**table, "run": str(folder / name)}.items()))
    return path


def drifts(run: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((run / "drift.json").read_text())
    return rows


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory, blank_plots: None) -> Path:
    """The small network trained by one process, in two arms: the recipe."""
    path = recipe(tmp_path_factory.mktemp("one"), "one", {**SMALL, "arms": ["teacher", "direct"], "held_out": 2})
    finetune.finetune(path)
    return path


def test_a_whole_run_of_a_small_network(one: Path) -> None:
    """Films, the stage before, two arms, drift, dependence on psi. It is done once: again costs no step."""
    run = one.with_suffix("")
    rows = drifts(run)
    assert [row["arm"] for row in rows] == ["start", "teacher", "direct"]
    assert all(len(row["curve"]["psnr"]) == 2 and len(row["dependence"]["curve"]["own"]) == 2 for row in rows)
    assert "way" not in rows[0]["drift"] and (run / "drift.png").is_file()
    finetune.finetune(one)
    assert drifts(run) == rows


def test_a_whole_run_on_the_shipped_model(tmp_path: Path) -> None:
    """Without a stage before: the arm begins with the model itself, whose camera is measured as well."""
    finetune.finetune(recipe(tmp_path, "mini", {**MINI, "curriculum": [[2, 1]], "films": 1, "arms": ["direct"], "held_out": 1}))
    rows = drifts(tmp_path / "mini")
    assert [row["arm"] for row in rows] == ["start", "direct"]
    assert all(len(row["curve"]["psnr"]) == 2 and "dependence" not in row for row in rows)
    assert "way" in rows[0]["drift"] and (tmp_path / "mini" / "drift.png").is_file()


@pytest.mark.parametrize(("name", "memory"), [
    ("force-framepack-f1", {"heads": 2, "window": [3, 1, 1], "keep": [1, 1, 1]}),
    ("force-query-f1", {"kind": "frame-preservation", "rate": [1, 1, 1], "stages": [6, 8, 8], "heads": 2}),
])
def test_the_way_of_the_f1_recipes(tmp_path: Path, name: str, memory: dict[str, object]) -> None:
    """What they ask for, on a small folder of that kind: footage, LoRA in both stages, activations again."""
    moving(_folder(tmp_path / "videos") / "a.mp4", seconds=8)
    (tmp_path / "videos" / "a.txt").write_text("the camera pans left")
    shipped = tomllib.loads((RECIPES / f"{name}.toml").read_text())
    table = {
        **shipped, "run": str(tmp_path / "run"), "model": str(folders.large(tmp_path / "large").folder),
        "footage": str(tmp_path / "videos"), "films": 1, "sections": 2, "width": 64, "height": 32, "device": "cpu", "rank": 2,
        "before": [[1, 2]], "curriculum": [[2, 2]], "memory": memory,
    }
    path = tmp_path / "f1.toml"
    path.write_text("".join(f"{key} = {_toml(value)}\n" for key, value in table.items()))
    finetune.finetune(path)
    (arm,) = shipped["arms"]
    folder = tmp_path / "run" / f"{arm}-1"
    base, forced = (load_file(tmp_path / "run" / f"{each}-1" / LORA) for each in (BASE, arm))
    assert base.keys() == forced.keys() and any(not torch.equal(base[name], forced[name]) for name in base)
    assert (folder / ADAPTER).is_file() and not (tmp_path / "run" / "drift.json").exists()


def test_two_processes_make_the_steps_of_one(one: Path, tmp_path: Path) -> None:
    """One process, and the command as two processes that talk over gloo: the same weights, but for the order of sums."""
    other = recipe(tmp_path, "two", {**SMALL, "arms": ["direct"], "held_out": 1})
    context, port = forcing_child.processes(), free_port()
    both = [context.Process(target=forcing_child.force, args=(other, rank, port), daemon=True) for rank in range(2)]
    for process in both:
        process.start()
    try:
        for process in both:
            process.join(240)
            assert process.exitcode == 0
    finally:
        for process in both:
            process.kill()
    runs = [path.with_suffix("") for path in (one, other)]
    ours, theirs = (run / "direct-1" for run in runs)
    begun = load_checkpoint(ours / "last.pt")
    assert begun is not None and begun["step"] == 3
    for file in (WEIGHTS, ADAPTER):
        mine, other_weights = load_file(ours / file), load_file(theirs / file)
        assert mine.keys() == other_weights.keys()
        assert [name for name in mine if not torch.allclose(mine[name], other_weights[name], rtol=1e-4, atol=1e-5)] == []
    curves = [list(csv.DictReader((folder / "curve.csv").open())) for folder in (ours, theirs)]
    assert len(curves[0]) == len(curves[1]) == 3                       # only the first process writes
    for row, other_row in zip(*curves, strict=True):
        assert float(row["loss"]) == pytest.approx(float(other_row["loss"]), rel=1e-3)
        assert float(row["forwards"]) == float(other_row["forwards"])  # a run that is gone on with writes them as 3.0
    first, second = (drifts(run)[-1]["films"]["psnr"][0] for run in runs)
    assert first == pytest.approx(second, abs=0.1)


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + " }"
    return json.dumps(value)
