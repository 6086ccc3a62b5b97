"""Measuring the step cache: figures of a small random model of the large kind, counted and not guessed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio.backbones.load import load
from studio.catalogue.cards import ModelCard, ModelError
from studio.lab.__main__ import main
from studio.lab.measure import step_cache_costs
from tests import folders


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> ModelCard:
    return folders.large(tmp_path_factory.mktemp("models") / "deep", num_layers=2, num_single_layers=3)


def test_more_is_skipped_and_more_is_lost_the_higher_the_threshold(card: ModelCard) -> None:
    figures = step_cache_costs.measure(load(card, "cpu"), (64, 32), 6, (1e-6, 0.3, 1.0))
    assert figures["block_calls"] == 2 * 6 * 5
    never, some, most = figures["rows"]
    assert (never["skipped_share"], never["latent_error"], never["psnr"]) == (0.0, 0.0, 100.0)
    assert most["skipped_share"] == pytest.approx(4 / 5 * 5 / 6), "one whole pass of six, and one block in the others"
    assert 0 < some["skipped_share"] <= most["skipped_share"]
    assert 0 < some["latent_error"] <= most["latent_error"] and most["psnr"] < 100
    assert all(row["time_ratio"] > 0 for row in figures["rows"])
    table = step_cache_costs.markdown(figures)
    assert "| 1 | 67% |" in table and "60 block calls" in table


def test_the_command_writes_figures_and_table(
    card: ModelCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STUDIO_PROFILE", "cpu")
    arguments = ["cache", "--model", str(card.folder), "--size", "64x32", "--steps", "3", "--thresholds", "0.5"]
    assert main(["measure", *arguments, "-o", str(tmp_path)]) == 0
    figures = json.loads((tmp_path / "cache.json").read_text())
    assert [row["threshold"] for row in figures["rows"]] == [0.5] and figures["steps"] == 3
    assert (tmp_path / "cache.md").read_text() == capsys.readouterr().out


def test_what_has_none_says_so(card: ModelCard, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="has no step cache"):
        step_cache_costs.measure(load(folders.small(tmp_path / "small"), "cpu"), (64, 32))
    with pytest.raises(ValueError, match="above 0"):
        step_cache_costs.measure(load(card, "cpu"), (64, 32), thresholds=(0.0,))
