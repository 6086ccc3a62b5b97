"""How fast the machine is: measured once behind the page, kept, and asked for other sizes and steps."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from studio.catalogue.cards import ModelCard, read_card
from studio.engine.engine import Engine
from studio.engine.events import RenderRequest
from studio.engine.rates import Rate, Rates
from tests.engine.test_jobs import Log

MODEL = read_card(Path(__file__).parents[2] / "models" / "memorypack-mini")


def test_rates_are_kept_and_scaled(tmp_path: Path) -> None:
    rates = Rates(tmp_path / "rates")
    assert rates.rate("a", (640, 384)) is None and not rates.known("a")
    rates.record("a", (640, 384), Rate(1.0, 2.0, 1000.0))
    again = Rates(tmp_path / "rates")
    assert again.known("a") and not again.known("b") and again.rate("b", (640, 384)) is None
    half = again.rate("a", (320, 384))
    assert half == Rate(0.5, 1.0, 500.0) and half.seconds(8) == 5
    again.record("a", (640, 384), Rate(2.0, 2.0, 1000.0))
    exact = again.rate("a", (640, 384))
    assert exact and exact.step == pytest.approx(0.7 + 0.6)


WRONG = '{"a 640x384": [1, "x", 3], "b": [1, 2, 3], "c 0x2": [1, 2, 3], "d 2x2": [1e999, 1, 1]}'


@pytest.mark.parametrize("text", ["", "[]", "nonsense", WRONG])
def test_a_damaged_file_knows_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "rates").write_text(text)
    rates = Rates(tmp_path / "rates")
    assert not any(rates.known(name) for name in "abcd")
    rates.record("a", (2, 2), Rate(1, 1, 1))
    assert Rates(tmp_path / "rates").known("a")


def test_a_file_that_cannot_be_written_costs_nothing(tmp_path: Path) -> None:
    rates = Rates(tmp_path / "no" / "such" / "folder" / "rates")
    rates.record("a", (2, 2), Rate(1, 1, 1))
    assert rates.known("a")


def wait_for(condition: object) -> None:
    end = time.monotonic() + 60
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize("card", [MODEL], ids=["mini"])
def test_a_machine_is_measured_once_behind_the_page(tmp_path: Path, card: ModelCard) -> None:
    engine = Engine((card,), rates=Rates(tmp_path / "rates"))
    engine.start(calm=0)
    wait_for(lambda: engine.rates.known(card.name))
    rate = engine.rates.rate(card.name, card.default_size)
    assert rate and rate.step > 0 and rate.rest > 0 and rate.size > 100_000
    assert engine._calibration is not None and engine._calibration.wait(10)
    again = Engine((card,), rates=Rates(tmp_path / "rates"))
    again.start(calm=0)
    assert again._warm.wait(60)
    time.sleep(0.3)
    assert again._calibration is None


def test_an_artist_does_not_wait_for_the_measurement(tmp_path: Path) -> None:
    engine = Engine((MODEL,), rates=Rates(tmp_path / "rates"))
    engine.start(calm=0)
    wait_for(lambda: engine._calibration is not None)
    assert engine._calibration
    job = engine.submit(iter(list[RenderRequest]()), Log())
    assert job.wait(60) and engine._calibration.state == "cancelled"
