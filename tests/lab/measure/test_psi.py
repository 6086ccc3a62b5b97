"""The cost of psi: the same from the first section to the last, written as a table and a plot."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from PIL import Image

from studio.backbones.animatic.place_memory import PlaceMemory
from studio.backbones.animatic.state import split_latents
from studio.backbones.load import load
from studio.lab.__main__ import main
from studio.lab.measure import psi
from tests import folders


def test_the_camera_wanders_and_the_picture_stays(tmp_path: Path) -> None:
    model = load(folders.remembering(tmp_path / "it"))
    assert isinstance(model.memory, PlaceMemory)
    walked = list(psi._wander(model, torch.rand(1, 3, 32, 64) * 2 - 1, 4))
    scenes, poses = zip(*((scene, state.pose[0]) for scene, state in map(split_latents, walked)), strict=True)
    assert all(torch.equal(scene, scenes[0]) for scene in scenes)
    ways = torch.cat(poses).diff(dim=0)
    assert bool((ways[:, :2].abs().amax(1) > 0).all()) and float(ways.abs().max()) <= psi.STEP and not bool(ways[:, 2].any())


@pytest.mark.parametrize("kind", ["remembering", "contextual"])
def test_the_command_tells_both_ends(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = getattr(folders, kind)(tmp_path / "it").folder
    assert main(["measure", "psi", "--model", str(folder), "--sections", "40", "-o", str(tmp_path)]) == 0
    figures = json.loads((tmp_path / "psi.json").read_text())
    assert len(figures["rows"]) == 40 and figures["ends"]["bytes"]["ratio"] == 1.0
    assert figures["rows"][-1]["bytes"] == 4 * figures["tokens"][0] * figures["tokens"][1]
    assert ("reading ms" in figures["ends"]) == (kind == "remembering")
    assert figures["FramePack-F1, counted"]["parameters"] > 2e8
    assert min(Image.open(tmp_path / "psi.png").size) > 60
    out = capsys.readouterr().out
    assert "| bytes |" in out and "| 1.000 |" in out and out == (tmp_path / "psi.md").read_text()


def test_what_cannot_be_measured_is_said(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no long-term memory"):
        psi.measure(load(folders.small(tmp_path / "small")), 40)
    with pytest.raises(ValueError, match="needs 40, not 39"):
        psi.measure(load(folders.remembering(tmp_path / "it")), 39)
