"""The command `memory`, end to end: two models beside each other, one with a long-term memory and one without."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from studio.lab.__main__ import main
from studio.lab.measure import memory
from tests import folders
from tests.lab.measure import recollections


def run(*arguments: str) -> int:
    return main(["measure", *arguments])


@pytest.mark.slow
@pytest.mark.usefixtures("blank_plots")
def test_the_command_compares_two_models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [str(getattr(folders, name)(tmp_path / name).folder) for name in ("small", "remembering")]
    monkeypatch.setattr(memory, "QUICK", replace(
        memory.QUICK, scenes=0, figures=0, sections=2, journeys=("return", "hold", "changed")))
    out = tmp_path / "out"
    arguments = ("memory", "--quick", "--model", *paths, "--size", "64x32", "--gaps", "3", "1", "-o", str(out))
    assert run(*arguments) == 0
    figures = json.loads((out / "memory.json").read_text())
    assert figures["scale"]["gaps"] == [1, 3] and "absent: no folder of a DINO" in figures["consistency"]["subject consistency"]
    small, remembering = (figures["models"][name] for name in ("small", "remembering"))
    assert "not applicable" in small["kinds"]["return"]["memory dependence"] and set(small["kinds"]["return"]) == {
        "none", "memory dependence"}
    gained = remembering["kinds"]["return"]["memory dependence"]
    assert set(gained) == {"paired", "none"}
    assert gained["paired"]["gap 3"]["whole psnr"]["count"] == 1
    assert len(remembering["films"]) == 3 * len(small["films"]) == 3 * 2 * 3
    assert remembering["drift"]["hold"]["psnr"]["count"] == 1
    for name in ("gap-return-whole-psnr.png", "drift-tour-palette.png", "returns-small.webp", "returns-remembering.webp"):
        assert min(Image.open(out / name).size) > 60
    table = (out / "memory.md").read_text()
    assert table in capsys.readouterr().out
    assert "| return | small | not applicable" in table and "| hold | remembering |" in table


def test_what_cannot_be_compared_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small = str(folders.small(tmp_path / "small").folder)
    assert run("memory", "--model", small, small, "-o", str(tmp_path / "out")) == 1
    assert "same name" in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        run("memory", "--model", small, "--gaps", "0", "--size", "64x32", "-o", str(tmp_path / "out"))
    assert ended.value.code == 2 and "at least one section" in capsys.readouterr().err
    assert run("memory", "--model", small, "--encoder", str(tmp_path), "-o", str(tmp_path / "out")) == 1
    assert "no image encoder" in capsys.readouterr().err
    assert run("memory", "--model", "nobody") == 1
    assert "There is no model 'nobody'" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        run("model", "--model", small, small)
    assert "unrecognized arguments" in capsys.readouterr().err


def test_models_of_other_lengths_are_not_compared() -> None:
    one = recollections.model("a", listens=True)
    other = recollections.model("b", listens=True)
    with pytest.raises(ValueError, match="different lengths"):
        memory.measure([one, replace(other, card=replace(other.card, section_frames=36, window=9))], memory.QUICK, 64, 32,
                       Path(), lambda part: None)
