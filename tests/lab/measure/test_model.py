"""The command, end to end on a tiny model; and what is said when it cannot measure."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from studio.lab.__main__ import main
from studio.lab.measure import film_cases
from studio.lab.measure.filming import HELD_OUT
from studio.lab.world import CAMERAS, LIGHTS, WEATHERS
from studio.media.clip import probe
from tests import folders


def run(*arguments: str) -> int:
    return main(["measure", *arguments])


@pytest.mark.slow
def test_the_command_measures_a_tiny_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folders.small(tmp_path / "small")
    monkeypatch.setattr(film_cases, "QUICK", replace(film_cases.QUICK, sections=2, clips=1, figures=0))
    out = tmp_path / "out"
    assert run("model", "--quick", "--model", str(tmp_path / "small"), "--size", "64x32", "-o", str(out)) == 0
    figures = json.loads((out / "figures.json").read_text())
    assert figures["size"] == [64, 32]
    followed = figures["camera"]["followed"]
    assert sum(row["model"]["of"] for row in followed.values()) == len(CAMERAS)
    assert all(0 <= row["model"]["interval"][0] <= row["model"]["interval"][1] <= 1 for row in followed.values())
    assert len(figures["light"]["films"]) == len(LIGHTS) - 1
    assert len(figures["weather"]["films"]) == len(WEATHERS) - 1
    assert len(figures["steadiness"]["hold"]["astronaut"]["psnr"]) == 2
    assert figures["autoencoder"]["still mean"]["psnr"] > 5
    assert figures["cost"]["weights_mb"] > 0
    for name in ("camera.png", "light.png", "weather.png", "astronaut.webp", "guess/films.webp"):
        assert min(Image.open(out / name).size) > 60
    clips = sorted((out / "guess").glob("film-*.mp4"))
    assert len(clips) == 10
    assert probe(clips[0]).frames == 1 + 12
    prompts = {film["prompt"] for kind in ("camera", "light", "weather") for film in figures[kind]["films"]}
    key = (out / "guess" / "key.md").read_text().splitlines()[2:]
    assert len(key) == 10 and {line.split(". ", 1)[1] for line in key} <= prompts
    table = (out / "card.md").read_text()
    assert table in capsys.readouterr().out
    assert "| camera moves told apart | photographs |" in table


@pytest.mark.slow
def test_a_part_without_prompts_is_measured_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No film can be guessed then: there is no blind test, and the figures are written all the same."""
    folders.small(tmp_path / "small")
    monkeypatch.setattr(film_cases, "QUICK", replace(film_cases.QUICK, clips=1))
    out = tmp_path / "out"
    command = ("model", "--quick", "--only", "autoencoder", "--model", str(tmp_path / "small"), "--size", "64x32", "-o", str(out))
    assert run(*command) == 0
    assert json.loads((out / "figures.json").read_text())["autoencoder"]["still mean"]["psnr"] > 5
    assert not (out / "guess").exists()


def test_plans_are_seeded_held_out_and_say_something() -> None:
    cases = [*film_cases.camera(film_cases.FULL), *film_cases.light(film_cases.FULL), *film_cases.weather(film_cases.FULL)]
    assert cases == [*film_cases.camera(film_cases.FULL), *film_cases.light(film_cases.FULL), *film_cases.weather(film_cases.FULL)]
    assert all(case.subject.seed >= HELD_OUT for case in cases)
    assert all(all(case.prompts) for case in cases)
    assert {case.expected for case in cases} == {*CAMERAS, *LIGHTS, *WEATHERS}
    assert {case.script[0].light for case in cases if case.expected == "day"} == {"night"}


def test_what_cannot_be_measured_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("model", "--model", "nobody") == 1
    assert "There is no model 'nobody'" in capsys.readouterr().err
    folders.small(tmp_path / "small")
    assert run("model", "--quick", "--model", str(tmp_path / "small"), "--size", "72x40", "-o", str(tmp_path)) == 1
    assert "multiple" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        run("model", "--size", "wide")
    assert "write it like 320x192" in capsys.readouterr().err
