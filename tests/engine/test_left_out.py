"""An earlier take left out of what a section reads: the recent latents emptied, psi written again without it, rows not read."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from studio.engine import left_out, take_folder
from studio.engine.events import Event, LeftOut, RenderRequest, TakeDone
from studio.engine.jobs import Stop
from studio.engine.render import Renderer
from studio.media.clip import read_clip
from studio.memory.context_sizes import RECENT
from studio.memory.snapshot import read_snapshot
from tests.engine.conftest import SMALL, Ask, Take, take_inputs


def made(folder: Path, parent: Path | None, reference: Path, **changes: Any) -> RenderRequest:
    """How a take of the lighthouse was made."""
    facts: dict[str, Any] = {
        "take": folder.name, "model": "memorypack-mini", "prompt": "", "seed": 3, "sections": 1, "steps": 1, "guidance": 1.0,
        "size": SMALL, "reference": reference, "parent": parent, "folder": folder}
    return RenderRequest(**{**facts, **changes})


def result(running: Generator[Event, None, Any]) -> Any:
    while True:
        try:
            next(running)
        except StopIteration as done:
            return done.value


def film(zoomed: Path) -> tuple[RenderRequest, ...]:
    parents = {"a": None, "b": zoomed / "a", "c": zoomed / "b", "d": zoomed / "c"}
    prompts = {"a": "the camera zooms out", "b": "the camera zooms in"}
    return tuple(made(zoomed / name, parent, zoomed / "lighthouse.png", prompt=prompts.get(name, ""))
                 for name, parent in parents.items())


def test_a_replay_that_leaves_nothing_out_is_psi_bit_for_bit(shipped: Renderer, long: Path, zoomed: Path, tmp_path: Path) -> None:
    """Also of a take whose first sections its snapshot does not hold, which are made again."""
    asked = made(long, zoomed / "a", zoomed / "lighthouse.png", prompt="the camera pans right", sections=3)
    nothing = replace(asked, folder=tmp_path / "gone")           # it would have begun where the long take did
    reader = shipped._inputs
    again = result(left_out._replay(shipped.model, reader, [nothing, asked], lambda r: shipped._latents(r, Stop())))
    kept = read_snapshot(long / take_folder.SNAPSHOT).psi
    assert kept is not None and torch.equal(again, kept)
    b, c, d = film(zoomed)[1:]
    nothing = replace(b, folder=tmp_path / "gone")
    again = result(left_out._replay(shipped.model, reader, [nothing, b, c, d], lambda r: pytest.fail("all is there")))
    assert torch.equal(again, read_snapshot(zoomed / "d" / take_folder.SNAPSHOT).psi)


def test_what_a_section_loses(shipped: Renderer, take: Take, zoomed: Path, zoomed_out: Path, tmp_path: Path) -> None:
    """Of take a, none of whose latents is recent, it is what a wrote into psi."""
    takes, zoom = film(zoomed), "the camera zooms out"
    memory, kept = shipped.model.memory, [read_snapshot(zoomed / name / take_folder.SNAPSHOT) for name in "abcd"]
    assert memory is not None
    psi = memory.begin(shipped._inputs.conditioning(takes[0])).float()
    for snapshot in kept[1:]:
        psi = memory.update(psi, snapshot.recent[:, :, -shipped.model.card.window :].contiguous()).float()
    left = LeftOut(frozenset({zoomed / "a"}), takes, True)
    request = replace(takes[3], take="e", parent=zoomed / "d", prompt=zoom, folder=tmp_path)
    inputs = take_inputs(shipped, request)
    without = result(left_out.leave_out(shipped.model, shipped._inputs, request, left, inputs, lambda _: pytest.fail("")))
    assert torch.equal(without.snapshot.recent, kept[3].recent)
    assert torch.equal(without.snapshot.psi, psi) and not torch.equal(psi, kept[3].psi)
    done = take("without-a", zoomed / "d", zoom, left_out=left)
    assert isinstance(done, TakeDone) and done.sections == 1
    own, other = (read_clip(folder / take_folder.CLIP).astype(float) for folder in (zoomed_out / "own", tmp_path / "without-a"))
    assert np.abs(own - other).mean() > 0.2
    unread = take("unread", zoomed / "d", zoom, left_out=replace(left, folders=frozenset({tmp_path})))
    assert isinstance(unread, TakeDone) and unread.sections == 0 and not (tmp_path / "unread" / take_folder.CLIP).exists()


def test_recent_latents_become_zeros_but_for_the_newest(renderer: Renderer, ask: Ask, tmp_path: Path) -> None:
    parent, takes = None, []
    for name in "ab":
        takes.append(ask(name, parent=parent, model=renderer.model.card.name))
        list(renderer.render(takes[-1], Stop()))
        parent = takes[-1].folder
    request, window = ask("c", parent=parent, model=renderer.model.card.name), renderer.model.card.window
    inputs = take_inputs(renderer, request)
    given = inputs.snapshot.recent
    for number, kept in ((0, given[:, :, -window:]), (1, given[:, :, -1:])):
        left = LeftOut(frozenset({takes[number].folder}), tuple(takes), True)
        without = result(left_out.leave_out(renderer.model, renderer._inputs, request, left, inputs, lambda _: pytest.fail("")))
        recent = without.snapshot.recent
        assert torch.equal(recent[:, :, -kept.shape[2] :], kept)
        begin, end = (RECENT - 2 * window, RECENT - window) if number == 0 else (RECENT - window, RECENT - 1)
        assert not recent[:, :, max(0, begin) : end].any() and given[:, :, max(0, begin) : end].any()
