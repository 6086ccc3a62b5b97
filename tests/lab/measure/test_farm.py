"""What a farm gives, on stations in this process whose takes cost a while: one round of an audition on one and on two of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.lab.measure.farm import compare, markdown
from tests.fake_engine import card
from tests.farm.fake_pool import FakePool


def test_an_audition_on_two_workers_takes_about_half_as_long(tmp_path: Path) -> None:
    pool = FakePool(tmp_path)
    for worker in pool.workers:
        worker.engine.step_seconds = 0.02
    found = compare(pool, (card(),), 2, 4, 1, (64, 48), 8)
    only, = found["rounds"]
    assert only["one"] > 4 * 8 * 0.02 and only["several"] > 2 * 8 * 0.02 and 1.3 < only["times"] < 2.5
    assert found["times"] == {"median": only["times"], "least": only["times"], "most": only["times"]}
    assert found["overhead_ms"]["number"] == 4 and found["overhead_ms"]["least"] > 0
    assert all(len(worker.engine.requests) >= 2 for worker in pool.workers)
    table = markdown(found)
    assert "Audition of 4 takes (64x48, 8 steps)" in table and f"| times as fast | {only['times']:.2f} |" in table


def test_what_cannot_be_measured_is_said(tmp_path: Path) -> None:
    pool = FakePool(tmp_path)
    with pytest.raises(ValueError, match="2 to 9 takes"):
        compare(pool, (card(),), 2, 1, 1, (64, 48), 8)
    with pytest.raises(ValueError, match="two workers or more"):
        compare(pool, (card(),), 1, 4, 1, (64, 48), 8)
    pool.problem = "The farm at local:2 cannot be reached."
    with pytest.raises(ValueError, match="cannot be reached"):
        compare(pool, (card(),), 2, 4, 1, (64, 48), 8)
