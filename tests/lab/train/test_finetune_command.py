"""The forcing command end to end: on the shipped model's encoders, as the F1 recipe goes, and as two processes."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from studio.catalogue.cards import ADAPTER
from studio.lab.commands.train import RECIPES
from studio.lab.train import finetune
from studio.lab.train.checkpoints import load_checkpoint
from studio.lab.train.finetune import BASE
from studio.lab.train.trainee import LORA, WEIGHTS
from tests import folders
from tests.lab.train.test_film_store import moving

pytestmark = pytest.mark.slow


def test_a_whole_run_on_the_shipped_models_encoders(tmp_path: Path) -> None:
    """The command, end to end, for both kinds: films, the stage before, two arms, drift. It is done once: again costs no step."""
    root = Path(__file__).parents[3]
    table = {
        "model": str(root / "models" / "memorypack-mini"), "arms": ["teacher", "direct"], "seeds": [1], "curriculum": [[2, 1]],
        "sections": 2, "films": 1, "width": 64, "height": 32, "held_out": 2, "drift_steps": 1, "device": "cpu",
    }
    small = {"channels": 4, "heads": 2, "head_width": 16, "double_layers": 1, "single_layers": 1}
    for name, more in (
        ("mini", {}),
        ("small", {"small": small, "before": [[1, 1]], "memory": {"heads": 2, "window": [9, 1, 1], "keep": [1, 1, 1]}}),
    ):
        path = tmp_path / f"{name}.toml"
        whole = {"run": str(tmp_path / name), **table, **more}
        path.write_text("".join(f"{key} = {_toml(value)}\n" for key, value in whole.items()))
        finetune.finetune(path)
        rows = json.loads((tmp_path / name / "drift.json").read_text())
        assert [row["arm"] for row in rows] == ["start", "teacher", "direct"]
        assert all(len(row["curve"]["psnr"]) == 2 for row in rows)
        assert ("way" in rows[0]["drift"]) == (name == "mini")
        dependences = [len(row["dependence"]["curve"]["own"]) for row in rows if "dependence" in row]
        assert dependences == [2] * (3 if name == "small" else 0)
        assert (tmp_path / name / "drift.png").is_file()
        finetune.finetune(path)
        assert json.loads((tmp_path / name / "drift.json").read_text()) == rows


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


def test_two_processes_make_the_steps_of_one(tmp_path: Path) -> None:
    """One process, and the command as two processes that talk over gloo: the same weights, but for the order of sums."""
    root = Path(__file__).parents[3]
    table: dict[str, object] = {
        "model": str(root / "models" / "memorypack-mini"), "arms": ["direct"], "seeds": [1], "curriculum": [[1, 1], [2, 2]],
        "sections": 2, "films": 3, "width": 64, "height": 32, "held_out": 1, "drift_steps": 1, "device": "cpu", "batch": 3,
        "rate": 1e-3, "warmup": 1, "before": [[1, 1]], "memory": {"heads": 2, "window": [9, 1, 1], "keep": [1, 1, 1]},
        "small": {"channels": 4, "heads": 2, "head_width": 16, "double_layers": 1, "single_layers": 1},
    }

    def recipe(name: str) -> Path:
        path = tmp_path / f"{name}.toml"
        path.write_text("".join(f"{key} = {_toml(value)}\n" for key, value in {**table, "run": str(tmp_path / name)}.items()))
        return path

    finetune.finetune(recipe("one"))
    subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", "-m", "studio.lab", "train",
         "force", str(recipe("two"))], check=True, cwd=root, timeout=240, env={**os.environ, "OMP_NUM_THREADS": "1"})
    one, two = (tmp_path / name / "direct-1" for name in ("one", "two"))
    begun = load_checkpoint(one / "last.pt")
    assert begun is not None and begun["step"] == 3
    for file in (WEIGHTS, ADAPTER):
        ours, theirs = load_file(one / file), load_file(two / file)
        assert ours.keys() == theirs.keys()
        assert [name for name in ours if not torch.allclose(ours[name], theirs[name], rtol=1e-4, atol=1e-5)] == []
    curves = [list(csv.DictReader((folder / "curve.csv").open())) for folder in (one, two)]
    assert len(curves[0]) == len(curves[1]) == 3                       # only the first process writes
    for mine, other in zip(*curves, strict=True):
        assert float(mine["loss"]) == pytest.approx(float(other["loss"]), rel=1e-3) and mine["forwards"] == other["forwards"]
    drifts = [json.loads((tmp_path / name / "drift.json").read_text()) for name in ("one", "two")]
    assert drifts[0][-1]["films"]["psnr"][0] == pytest.approx(drifts[1][-1]["films"]["psnr"][0], abs=0.1)


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + " }"
    return json.dumps(value)
