"""Freed memory goes back to the system: a film of many sections holds no more than one of few."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import pytest

from studio.engine import heap


def resident_mib() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


@pytest.mark.skipif(heap._trim() is None, reason="this system has no malloc_trim")
def test_what_was_freed_is_given_back() -> None:
    heap.give_back()                                      # what earlier tests left would be used again
    before = resident_mib()
    blocks = [b"\x01" * 100_000 for _ in range(2000)]     # too small for pages of their own
    above = b"\x01" * 100_000                             # lies over them, so that nothing falls off the end by itself
    assert resident_mib() > before + 150
    del blocks
    assert heap.give_back()
    assert resident_mib() < before + 50
    assert len(above) == 100_000


@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_other_systems_do_without(system: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", system)
    heap._trim.cache_clear()
    try:
        assert heap.give_back() is False
    finally:
        monkeypatch.undo()
        heap._trim.cache_clear()
