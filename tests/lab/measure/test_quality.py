"""An image-quality model that the user has installed: a stand-in with pyiqa's interface on the path, and none at all."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from studio.lab.__main__ import main
from studio.lab.measure import drift, memory, quality
from tests import folders
from tests.lab.measure.test_consistency import saved

STAND_IN = '''
import torch

KNOWN = {"grey": ("NR", False), "noisy": ("NR", True), "twin": ("FR", False), "far": ("NR", False), "one": ("NR", False)}


class Metric(torch.nn.Module):
    def __init__(self, name):
        super().__init__()
        self.name = name
        self.metric_mode, self.lower_better = KNOWN[name]

    def forward(self, target, ref=None):
        assert target.dim() == 4 and target.shape[1] == 3 and target.min() >= 0 and target.max() <= 1
        assert target.shape[3] > 16, "too small"
        mean = target.mean((1, 2, 3))
        return {"one": mean.mean(), "noisy": target.std((1, 2, 3))[:, None]}.get(self.name, mean)


def create_metric(metric_name, as_loss=False, device=None, **kwargs):
    assert metric_name in KNOWN, f"Metric {metric_name} not implemented yet."
    if metric_name == "far":
        raise OSError("no way to the weights")
    return Metric(metric_name)
'''


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "pyiqa.py").write_text(STAND_IN)
    monkeypatch.syspath_prepend(tmp_path / "path")
    monkeypatch.delitem(sys.modules, "pyiqa", raising=False)


@pytest.mark.usefixtures("stand_in")
def test_every_frame_is_scored() -> None:
    frames = torch.linspace(-0.2, 1, 20).view(-1, 1, 1, 1).expand(-1, 3, 32, 32)
    grey = quality.load_metric("grey")
    assert grey.score_frames(frames) == pytest.approx(frames.clamp(0, 1)[:, 0, 0, 0].tolist(), abs=1e-6)
    noisy = quality.load_metric("noisy")
    assert noisy.lower_is_better and not grey.lower_is_better and len(noisy.score_frames(frames)) == 20      # [N, 1]
    course = drift.courses(frames, frames.flip(0), {"grey": grey.score_frames})
    assert course["grey"] == grey.score_frames(frames[4::4]) and course["grey of truth"] == grey.score_frames(frames.flip(0)[4::4])


@pytest.mark.usefixtures("stand_in")
def test_what_cannot_be_scored_with_is_said() -> None:
    for name, message in (("nobody", "no metric 'nobody'"), ("twin", "compares with a reference"), ("far", "no way to the")):
        with pytest.raises(ValueError, match=message):
            quality.load_metric(name)
    with pytest.raises(ValueError, match="frames of 16 x 32 pixels: too small"):
        quality.load_metric("grey").score_frames(torch.zeros(1, 3, 32, 16))
    with pytest.raises(ValueError, match="no score for each frame"):
        quality.load_metric("one").score_frames(torch.zeros(3, 3, 32, 32))


def test_without_it_one_sentence_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "pyiqa", None)
    assert main(["measure", "memory", "--quality", "musiq", "-o", str(tmp_path)]) == 1
    assert "pyiqa is not installed" in capsys.readouterr().err
    (tmp_path / "pyiqa.py").write_text("raise RuntimeError('made for another torch')")
    monkeypatch.delitem(sys.modules, "pyiqa")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ValueError, match="cannot be loaded: made for another torch"):
        quality.load_metric("musiq")


@pytest.mark.usefixtures("stand_in")
def test_the_command_tells_subject_background_and_quality(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model = folders.small(tmp_path / "small").folder
    encoders = [str(saved(tmp_path, kind)) for kind in ("clip", "dinov2")]
    monkeypatch.setattr(memory, "QUICK", replace(memory.QUICK, scenes=0, figures=0, sections=2, journeys=("hold",)))
    out = tmp_path / "out"
    assert main([
        "measure", "memory", "--quick", "--model", str(model), "--size", "64x32", "--gaps", "1", "-o", str(out),
        "--encoder", *encoders, "--quality", "grey", "noisy"]) == 0
    table = capsys.readouterr().out
    heads = ["grey (of truth)", "noisy (of truth)", "motion energy over truth", "the same place again, dB",
             "own encoder's consistency"]
    assert f"| {' | '.join(heads)} " in table
    assert "| subject consistency | background consistency |" in table
    assert "Subject consistency (VBench, 2311.17982): dinov2." in table and "consistency (VBench, 2311.17982): clip." in table
    assert "grey (higher is better), noisy (lower is better)" in table
    figures = json.loads((out / "memory.json").read_text())
    row = figures["models"]["small"]["drift"]["hold"]
    assert {"grey", "grey of truth", "noisy", "subject consistency", "background consistency"} <= set(row)
    assert 0 < row["subject consistency"]["mean"] <= 1 + 1e-6 and row["grey of truth"]["mean"] < 0.05
    assert (out / "drift-hold-grey.png").is_file() and (out / "drift-tour-noisy.png").is_file()
