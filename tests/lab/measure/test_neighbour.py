"""Sections beside a neighbour: which films are timed, and what is compared."""

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.lab.measure import neighbour


def test_arms_take_turns_at_the_size_that_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[tuple[int, int] | None] = []

    class Process:
        def __init__(self, model: Path | None, size: tuple[int, int] | None, variables: Mapping[str, str]) -> None:
            begun.append(size)
            self.seconds = 2.0 if variables["GOMP_SPINCOUNT"] == "0" else 1.0

        def film(self, sections: int) -> dict[str, Any]:
            return {"size": begun[-1] or (640, 384), "rows": [{"section": self.seconds}] * sections}

        def close(self) -> None:
            pass

    monkeypatch.setattr(neighbour, "SectionProcess", Process)
    for surrounding in ("busy_process", "browser"):
        monkeypatch.setattr(neighbour, surrounding, contextlib.nullcontext)
    figures = neighbour.measure((960, 576), rounds=2)
    assert begun == [(960, 576)] * len(neighbour.ARMS)
    assert figures["size"] == (960, 576)
    assert {name: row["ratio"] for name, row in figures["alone_over_spin"].items()} == {"studio": 1, "sleep": 2, "spin": 1}
    assert neighbour.measure(rounds=1)["size"] == (640, 384), "the model's default size, which the process tells"


def test_the_interval_of_a_ratio_holds_it_and_narrows_with_the_turns() -> None:
    draw = np.random.default_rng(1)
    few, many = (neighbour._ratio(list(draw.normal(1.1, 0.05, n)), list(draw.normal(1.0, 0.05, n))) for n in (6, 60))
    assert many["low"] < 1.1 < many["high"] and many["low"] > 1.05
    assert many["high"] - many["low"] < few["high"] - few["low"]
