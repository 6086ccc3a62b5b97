"""How a studio connects to a cluster, without Ray: once more where its head had no process for the studio in time."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from studio.farm.address import Address
from studio.farm.pool import FarmError
from studio.farm.ray_pool import RayPool

LATE = ConnectionAbortedError("Initialization failure from server:\nTraceback (most recent call last):\nRuntimeError: too late\n")


@pytest.fixture
def attempts(monkeypatch: pytest.MonkeyPatch) -> list[Exception | None]:
    """How the next attempts to connect end; a machine with one processor is there once one has succeeded."""
    answers: list[Exception | None] = []

    def init(*_: Any, **__: Any) -> None:
        if error := answers.pop(0):
            raise error

    actor = SimpleNamespace(close=SimpleNamespace(remote=lambda: None))
    fake = SimpleNamespace(
        init=init, shutdown=lambda: None, get=lambda *_, **__: None, cluster_resources=dict,
        nodes=lambda: [{"Alive": True, "Resources": {"CPU": 1}}],
        remote=lambda **_: lambda _: SimpleNamespace(remote=lambda **_: actor))
    monkeypatch.setitem(sys.modules, "ray", fake)            # type: ignore[arg-type]
    for name in ("RAY_USAGE_STATS_ENABLED", "RAY_DISABLE_FAILURE_SIGNAL_HANDLER", "RAY_AUTH_MODE"):
        monkeypatch.setenv(name, "")                         # and as it was before at the end
    return answers


def test_a_head_that_was_late_is_asked_once_more(attempts: list[Exception | None]) -> None:
    attempts[:] = [LATE, None]
    pool = RayPool(Address(cluster="ray://10.0.0.5:10001"))
    assert len(pool.connect()) == 1 and attempts == []
    pool.close()


@pytest.mark.parametrize(("answers", "left", "told"), [
    ([LATE, LATE, None], 1, "(RuntimeError: too late)"),
    ([ConnectionError("ray client connection timeout\nand more"), None], 1, "(ray client connection timeout)"),
])
def test_a_farm_that_cannot_be_reached_says_why(
    attempts: list[Exception | None], answers: list[Exception | None], left: int, told: str
) -> None:
    attempts[:] = answers
    with pytest.raises(FarmError, match="cannot be reached") as failed:
        RayPool(Address(cluster="ray://10.0.0.5:10001")).connect()
    assert told in str(failed.value) and len(attempts) == left
