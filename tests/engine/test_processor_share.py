"""A section is computed with fewer threads while other programs use the processor, and is the same bit for bit."""

from __future__ import annotations

import hashlib
import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from studio.diffusion.backbone import IgnoresThreads
from studio.engine import processor_share
from studio.engine.give_way import give_way
from studio.engine.processor_share import ProcessorShare, Times, processor_times
from studio.engine.render import Renderer
from studio.lab.measure.section_costs import SectionRenderer, render_sections

PROMPTS = ("night falls, strong wind and heavy snow while the camera pushes in and pans to the left",)


@pytest.fixture(autouse=True)
def threads() -> Iterator[int]:
    """The number of threads before, which is set again afterwards."""
    before = torch.get_num_threads()
    yield before
    torch.set_num_threads(before)


def share(monkeypatch: pytest.MonkeyPatch, readings: list[Times], cores: int = 4, may_change: bool = True) -> ProcessorShare:
    """On a machine of so many cores, that sees these readings one after the other."""
    monkeypatch.setattr(processor_share, "usable_cores", lambda: cores)
    torch.set_num_threads(cores)
    return ProcessorShare(may_change, iter(readings).__next__)


def test_threads_follow_what_other_programs_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    readings = [(0.0, 0.0, 0.0), (1.0, 4.0, 2.6), (1.1, 4.4, 2.7), (2.0, 8.0, 3.0), (3.0, 12.0, 3.0), (4.0, 15.9, 6.8)]
    machine, counts = share(monkeypatch, readings), []
    for _ in readings:
        machine.adapt()
        counts.append(torch.get_num_threads())
    assert counts == [4, 3, 3, 1, 1, 4], "1.4 cores taken; too soon to look again; 3.6 taken; all taken; free again"


def test_the_end_gives_all_threads_back(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = share(monkeypatch, [(0.0, 0.0, 0.0), (1.0, 4.0, 0.0), (60.0, 240.0, 0.0),
                                  (60.06, 240.24, 0.0), (60.2, 240.8, 0.56), (80.0, 320.0, 80.0)])
    machine.adapt()
    machine.adapt()
    assert torch.get_num_threads() == 1
    machine.end()
    assert torch.get_num_threads() == 4
    machine.adapt()
    assert torch.get_num_threads() == 4, "what was seen before the end says nothing of now"
    machine.adapt()
    assert torch.get_num_threads() == 1, "the first look comes soon"
    machine.adapt()
    assert torch.get_num_threads() == 1, "the second one only after a while"
    machine.adapt()
    assert torch.get_num_threads() == 4, "also where a step has taken long"


def test_a_model_that_rounds_otherwise_keeps_its_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = share(monkeypatch, [], may_change=False)
    machine.adapt()
    machine.end()
    assert torch.get_num_threads() == 4


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such kind of thread")
def test_a_thread_gives_way_with_those_that_it_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds: list[int] = []

    def give_way_and_start() -> None:
        give_way()
        kinds.append(os.sched_getscheduler(0))
        child = threading.Thread(target=lambda: kinds.append(os.sched_getscheduler(0)))
        child.start()
        child.join()

    thread = threading.Thread(target=give_way_and_start)
    thread.start()
    thread.join()
    assert kinds == [os.SCHED_BATCH, os.SCHED_BATCH] and os.sched_getscheduler(0) == os.SCHED_OTHER
    monkeypatch.setattr(os, "sched_setscheduler", lambda *_: (_ for _ in ()).throw(PermissionError))
    give_way()


def test_this_machine_is_read() -> None:
    first = processor_times()
    while processor_times()[2] - first[2] < 0.05:
        pass
    last = processor_times()
    assert last[0] > first[0] and last[1] >= first[1]


def test_a_film_is_the_same_on_any_number_of_threads(shipped: Renderer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clip and latents of the shipped model, on processors with MKL's strict mode and without."""
    monkeypatch.setattr(ProcessorShare, "adapt", lambda self: None)
    model, films = replace(shipped.model, card=replace(shipped.model.card, steps=2)), []         # all steps compute the same way
    backbone = model.backbone
    assert isinstance(backbone, IgnoresThreads) and backbone.ignores_threads(loras=False)
    for count in (1, 2):
        torch.set_num_threads(count)
        folder = tmp_path / str(count)
        folder.mkdir()
        render_sections(SectionRenderer(model, (640, 384), folder), 1, PROMPTS)
        files = [path for path in folder.rglob("*") if path.suffix in (".mp4", ".safetensors")]
        films.append({hashlib.sha256(path.read_bytes()).hexdigest() for path in files})
        assert len(films[-1]) >= 3
    assert films[0] == films[1]
