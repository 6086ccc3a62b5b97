"""Freed memory goes back to the system, and Python looks for garbage where some can be."""

from __future__ import annotations

import gc
import resource
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.engine import heap
from tests.conftest import FREEZE, UNFREEZE


@pytest.fixture(autouse=True)
def _as_in_the_studio(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Python's own functions, which other tests do without."""
    monkeypatch.setattr(gc, "freeze", FREEZE)
    monkeypatch.setattr(gc, "unfreeze", UNFREEZE)
    yield
    gc.collect()
    FREEZE()


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


class Ring:
    """Refers to itself, so that only a search for garbage finds it."""

    def __init__(self) -> None:
        self.ring = self


def test_what_is_kept_is_searched_again_when_all_is_freed() -> None:
    with heap.keep_all():
        assert not gc.isenabled()
        kept = weakref.ref(Ring())
    assert gc.isenabled() and gc.get_freeze_count()
    gc.collect()
    assert kept() is not None
    heap.free_all()
    assert kept() is None


def test_after_an_error_garbage_is_found_as_before() -> None:
    lost: list[weakref.ref[Ring]] = []
    with pytest.raises(OSError, match="cut short"), heap.keep_all():
        lost.append(weakref.ref(Ring()))
        raise OSError("cut short")
    assert gc.isenabled()
    gc.collect()
    assert lost[0]() is None
