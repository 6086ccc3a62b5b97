"""Memory edits by the model that ships, at a size whose memory is a map: places that are forgotten, and those that are pinned."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from studio.engine import take_folder
from studio.engine.events import Failed, Pin
from studio.engine.render import Renderer
from studio.media.difference import psnr
from studio.memory.protocol import EditsPlaces
from studio.memory.snapshot import read_snapshot
from tests.engine.conftest import LARGE, Take
from tests.engine.test_memory_tests import frames

OUT = "the camera zooms out"


def psi(folder: Path) -> Tensor:
    found = read_snapshot(folder / take_folder.SNAPSHOT).psi
    assert found is not None
    return found[0]


def test_what_is_forgotten_is_invented_again(
    take: Take, zoomed: Path, zoomed_out: Path, tmp_path: Path, shipped: Renderer
) -> None:
    part = take_folder.read_map(zoomed / "d")
    assert part and (part["rows"], part["columns"]) == (32, 64)
    memory = shipped.model.memory
    assert isinstance(memory, EditsPlaces)
    every = tuple(range(32 * 64))
    take("forgotten", zoomed / "d", OUT, psi_of=zoomed / "d", forget=every)
    assert np.array_equal(frames(tmp_path / "forgotten"), frames(zoomed_out / "begin")), "with all of the map forgotten it is psi_0"
    shown = memory.shown_cells(psi(zoomed / "a")[None], read_snapshot(zoomed / "a" / take_folder.SNAPSHOT).recent[:, :, -9:])
    left = [cell for cell in every if shown[cell] and cell % 64 > 32]               # columns below 0, to the left of the middle
    assert 20 < len(left) < int(shown.sum())
    edited = memory.forget(psi(zoomed / "d")[None], left)[0]
    changed = (edited != psi(zoomed / "d")).any(dim=1).nonzero().flatten().tolist()
    assert set(changed) == set(left), "nothing but the painted cells"
    take("half", zoomed / "d", OUT, psi_of=zoomed / "d", forget=tuple(left))
    recalled = take_folder.read_recalled(tmp_path / "half")
    assert recalled is not None
    assert not recalled[-1][:, :12].any() and recalled[-1][10:85, -30:].any(), "the left margin is forgotten, the right one is not"
    right = np.zeros_like(recalled)
    right[:, :, 100:] = True
    same = psnr(frames(tmp_path / "half"), frames(zoomed_out / "own"), right)
    assert same is None or same > 38


def test_a_pinned_take_is_never_written_over(
    take: Take, zoomed: Path, tmp_path: Path, shipped: Renderer
) -> None:
    pin = Pin(zoomed / "a", 1)
    memory = shipped.model.memory
    assert isinstance(memory, EditsPlaces)
    cells = memory.shown_cells(psi(zoomed / "a")[None], read_snapshot(zoomed / "a" / take_folder.SNAPSHOT).recent[:, :, -9:])
    assert 50 < int(cells.sum()) < 150, "a frame of 10 x 6 cells, and what the zoom has added"
    take("pinned", zoomed / "d", "night falls, the camera pans right", pins=(pin,))
    shown = read_snapshot(tmp_path / "pinned" / take_folder.SNAPSHOT).recent[:, :, -shipped.model.card.window :].contiguous()
    free = memory.update(psi(zoomed / "d")[None], shown)[0]
    assert torch.equal(psi(tmp_path / "pinned")[cells], psi(zoomed / "a")[cells]), "bit for bit"
    assert not torch.equal(free[cells], psi(zoomed / "a")[cells]), "without a pin they are written over"
    assert torch.equal(psi(tmp_path / "pinned")[~cells].isfinite(), torch.ones_like(psi(tmp_path / "pinned")[~cells]).bool())
    take("both", zoomed / "d", OUT, psi_of=zoomed / "d", pins=(pin,), forget=tuple(range(32 * 64)))
    recalled = take_folder.read_recalled(tmp_path / "both")
    assert recalled is not None and recalled.mean() > 0.1, "what is pinned is offered also where psi knows nothing else"
    assert torch.equal(psi(tmp_path / "both")[cells], psi(zoomed / "a")[cells]), "what is pinned is not forgotten"


def test_a_large_film_is_not_touched(take: Take, large_pan: Path, tmp_path: Path) -> None:
    first = large_pan / "a"
    take("c", first, "the camera pans left", size=LARGE, pins=(Pin(first, 1),), forget=(1, 2, 3))
    assert np.array_equal(frames(large_pan / "b"), frames(tmp_path / "c"))
    assert take_folder.read_map(first) is None


def test_a_pin_that_has_lost_its_files(take: Take, tmp_path: Path) -> None:
    take("a")
    (tmp_path / "gone").mkdir()
    failed = take("b", tmp_path / "a", pins=(Pin(tmp_path / "gone", 1),))
    assert isinstance(failed, Failed) and "is missing" in failed.message


def test_a_damaged_map(tmp_path: Path) -> None:
    part = {"rows": 32, "columns": 64, "left": -10.5, "top": -6.5, "width": 20, "height": 12}
    take_folder.write_map(tmp_path, part)
    assert take_folder.read_map(tmp_path) == part
    for damage in ("", "[]", '{"rows": 32}', (tmp_path / take_folder.MAP).read_text().replace("64", "0"),
                   (tmp_path / take_folder.MAP).read_text().replace("64", "6400")):
        (tmp_path / take_folder.MAP).write_text(damage)
        assert take_folder.read_map(tmp_path) is None
