"""Memory edits by the model that ships, at a size whose memory is a map: places that are forgotten, and those that are pinned."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from studio.engine import take_folder
from studio.engine.events import Failed, Pin
from studio.engine.render import Renderer
from studio.media.difference import psnr
from studio.memory.protocol import EditsPlaces
from studio.memory.snapshot import read_snapshot
from tests.engine.test_memory_tests import LARGE, Take, frames, renderer, take  # noqa: F401 - fixtures

OUT, IN = "the camera zooms out", "the camera zooms in"


def psi(folder: Path) -> Tensor:
    found = read_snapshot(folder / take_folder.SNAPSHOT).psi
    assert found is not None
    return found[0]


@pytest.fixture()
def film(take: Take, tmp_path: Path) -> Path:  # noqa: F811
    """The film zooms out and in again, and stands still until no recent frame shows the margins."""
    for name, parent, prompt in (("a", None, OUT), ("b", "a", IN), ("c", "b", ""), ("d", "c", "")):
        take(name, parent, prompt)
    return tmp_path


def test_what_is_forgotten_is_invented_again(take: Take, film: Path, renderer: Renderer) -> None:  # noqa: F811
    part = take_folder.read_map(film / "d")
    assert part and (part["rows"], part["columns"]) == (32, 64)
    memory = renderer.model.memory
    assert isinstance(memory, EditsPlaces)
    every = tuple(range(32 * 64))
    take("kept", "d", OUT, psi_of=film / "d")
    take("forgotten", "d", OUT, psi_of=film / "d", forget=every)
    take("begin", "d", OUT, psi_of="begin")
    assert np.array_equal(frames(film / "forgotten"), frames(film / "begin")), "with all of the map forgotten it is psi_0"
    shown = memory.shown_cells(psi(film / "a")[None], read_snapshot(film / "a" / take_folder.SNAPSHOT).recent[:, :, -9:])
    left = [cell for cell in every if shown[cell] and cell % 64 > 32]               # columns below 0, to the left of the middle
    assert 20 < len(left) < int(shown.sum())
    edited = memory.forget(psi(film / "d")[None], left)[0]
    changed = (edited != psi(film / "d")).any(dim=1).nonzero().flatten().tolist()
    assert set(changed) == set(left), "nothing but the painted cells"
    take("half", "d", OUT, psi_of=film / "d", forget=tuple(left))
    recalled = take_folder.read_recalled(film / "half")
    assert recalled is not None
    assert not recalled[-1][:, :24].any() and recalled[-1][20:170, -60:].any(), "the left margin is forgotten, the right one is not"
    right = np.zeros_like(recalled)
    right[:, :, 200:] = True
    same = psnr(frames(film / "half"), frames(film / "kept"), right)
    assert same is None or same > 38


def test_a_pinned_take_is_never_written_over(take: Take, film: Path, renderer: Renderer) -> None:  # noqa: F811
    pin = Pin(film / "a", 1)
    memory = renderer.model.memory
    assert isinstance(memory, EditsPlaces)
    cells = memory.shown_cells(psi(film / "a")[None], read_snapshot(film / "a" / take_folder.SNAPSHOT).recent[:, :, -9:])
    assert 200 < int(cells.sum()) < 600, "a frame of 20 x 12 cells, and what the zoom has added"
    take("free", "d", "night falls, the camera pans right")
    take("pinned", "d", "night falls, the camera pans right", pins=(pin,))
    assert torch.equal(psi(film / "pinned")[cells], psi(film / "a")[cells]), "bit for bit"
    assert not torch.equal(psi(film / "free")[cells], psi(film / "a")[cells])
    assert torch.equal(psi(film / "pinned")[~cells].isfinite(), torch.ones_like(psi(film / "pinned")[~cells]).bool())
    take("again", "d", OUT, psi_of="begin", pins=(pin,))
    recalled = take_folder.read_recalled(film / "again")
    assert recalled is not None and recalled.mean() > 0.1, "what is pinned is offered also where psi knows nothing else"
    take("both", "d", OUT, psi_of=film / "d", pins=(pin,), forget=tuple(range(32 * 64)))
    assert torch.equal(psi(film / "both")[cells], psi(film / "a")[cells]), "what is pinned is not forgotten"


def test_a_large_film_is_not_touched(take: Take, tmp_path: Path) -> None:  # noqa: F811
    take("a", None, "the camera pans right", size=LARGE)
    take("b", "a", "the camera pans left", size=LARGE)
    take("c", "a", "the camera pans left", size=LARGE, pins=(Pin(tmp_path / "a", 1),), forget=(1, 2, 3))
    assert np.array_equal(frames(tmp_path / "b"), frames(tmp_path / "c"))
    assert take_folder.read_map(tmp_path / "a") is None


def test_a_pin_that_has_lost_its_files(take: Take, tmp_path: Path) -> None:  # noqa: F811
    take("a")
    (tmp_path / "gone").mkdir()
    failed = take("b", "a", pins=(Pin(tmp_path / "gone", 1),))
    assert isinstance(failed, Failed) and "is missing" in failed.message


def test_a_damaged_map(tmp_path: Path) -> None:
    part = {"rows": 32, "columns": 64, "left": -10.5, "top": -6.5, "width": 20, "height": 12}
    take_folder.write_map(tmp_path, part)
    assert take_folder.read_map(tmp_path) == part
    for damage in ("", "[]", '{"rows": 32}', (tmp_path / take_folder.MAP).read_text().replace("64", "0"),
                   (tmp_path / take_folder.MAP).read_text().replace("64", "6400")):
        (tmp_path / take_folder.MAP).write_text(damage)
        assert take_folder.read_map(tmp_path) is None
