"""Takes whose steps are left out by what was measured of the weights: the same wherever blocks lie, refused without."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from studio.backbones.framepack import load as framepack
from studio.backbones.helios import load as helios
from studio.backbones.load import load
from studio.backbones.registry import sizes_of
from studio.catalogue.cards import ModelCard, ModelError, read_card
from studio.catalogue.step_ratios import StepRatios, ratios_path, read_ratios, write_ratios
from studio.commands.calibrate import calibrate
from studio.engine.events import Failed
from studio.engine.jobs import Stop
from studio.engine.render import Renderer
from studio.placement.choose import choose_plan
from studio.placement.machine import imagine_machine
from studio.placement.profile import find_profiles
from tests import folders
from tests.engine.conftest import Ask
from tests.engine.test_cached import Counted, film

STEPS, BLOCKS = 6, 4
STILL = StepRatios(((1.0,) * STEPS,))
"""Of one stage, in which a threshold leaves out three of four steps after each that runs."""
EXACT = replace(next(p for p in find_profiles() if p.name == "card-24gb"), weights="bf16", text_weights="bf16", resident=1)
LOADERS = {"framepack": framepack, "helios": helios}


@pytest.fixture(scope="module", params=LOADERS)
def card(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ModelCard:
    folder = tmp_path_factory.mktemp("models") / request.param
    if request.param == "helios":
        return folders.helios(folder, stages=1, num_layers=BLOCKS)
    return folders.large(folder, num_layers=2, num_single_layers=BLOCKS - 2)


def test_streamed_blocks_of_steps_that_are_left_out_are_not_copied(card: ModelCard, ask: Ask) -> None:
    write_ratios(card, STILL)
    plain = load(card, "cpu")
    settings = {"sections": 2, "steps": STEPS, "guidance": 1.0, "cache": 0.06, "cache_rule": "magnitude"}
    expected, on = film(plain, ask("plain", **settings)), Counted()
    plan = choose_plan(imagine_machine(24, 64, "Linux"), sizes_of(card), (64, 32), override=EXACT)
    model = LOADERS[card.kind].load_placed(         # type: ignore[attr-defined]
        card, plan, torch.device("cpu"), None, lambda _: None, engine=lambda _: on)
    model.placement._override = EXACT
    assert torch.equal(film(model, ask("placed", **settings)), expected)
    model.release()
    # Of six steps the first and the fifth run, in two sections; the streamer fetches two blocks ahead.
    assert 0 < on.copies <= 2 * 2 * (BLOCKS - 1) + 2, on.copies


def test_without_a_measurement_a_take_is_refused_before_anything_is_computed(card: ModelCard, ask: Ask) -> None:
    ratios_path(card).unlink(missing_ok=True)
    renderer = Renderer(load(card, "cpu"))
    for written in ("", "{}", '{"fingerprint": "another", "stages": [[1.0]]}'):
        if written:
            ratios_path(card).parent.mkdir(exist_ok=True)
            ratios_path(card).write_text(written)
        *before, last = renderer.render(ask("a", steps=STEPS, cache=0.06, cache_rule="magnitude"), Stop())
        assert not before and isinstance(last, Failed) and f"models calibrate {card.name}" in last.message
    assert not isinstance(list(renderer.render(ask("b", steps=2), Stop()))[-1], Failed), "other presets work"


def test_the_command_measures_once(
    card: ModelCard, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STUDIO_PROFILE", "cpu")
    ratios_path(card).unlink(missing_ok=True)
    models = card.folder.parent
    assert calibrate(card.name, models, size=(64, 32)) == 0
    found = read_ratios(read_card(card.folder))
    assert len(found.stages) == 1 and len(found.stages[0]) == card.steps and found.stages[0][0] == 1
    assert "steps are left out" in capsys.readouterr().err
    write_ratios(card, STILL)
    assert calibrate(card.name, models, size=(64, 32)) == 0 and read_ratios(card) == STILL
    assert "--again" in capsys.readouterr().err
    assert calibrate(card.name, models, again=True, size=(64, 32)) == 0 and read_ratios(card) == found


def test_models_that_leave_out_no_steps_say_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folders.helios(tmp_path / "distilled", distilled=True)
    folders.small(tmp_path / "small")
    for name in ("distilled", "small"):
        assert calibrate(name, tmp_path) == 1 and "leaves out no steps" in capsys.readouterr().err
    assert calibrate("nothing", tmp_path) == 1 and "There is no model 'nothing'" in capsys.readouterr().err
    with pytest.raises(ModelError, match="models calibrate small"):
        read_ratios(read_card(tmp_path / "small"))
