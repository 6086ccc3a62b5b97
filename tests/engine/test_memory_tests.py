"""Memory tests by the model that ships: a section with its own psi, with psi_0, and with that of another take."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from studio.engine import take_folder
from studio.engine.events import Failed
from studio.media.clip import read_clip
from studio.media.difference import psnr
from studio.memory.snapshot import read_snapshot
from tests.engine.conftest import LARGE, Take


def frames(folder: Path) -> NDArray[np.uint8]:
    return read_clip(folder / take_folder.CLIP)


def test_what_only_memory_can_supply(take: Take, tmp_path: Path, zoomed: Path, zoomed_out: Path) -> None:
    """The film zooms out once more."""
    take("plain", zoomed / "d", "the camera zooms out")
    own = frames(zoomed_out / "own")
    assert np.array_equal(own, frames(tmp_path / "plain")), "its own psi is what the film goes on with"
    assert not (tmp_path / "plain" / take_folder.RECALLED).exists()
    recalled = take_folder.read_recalled(zoomed_out / "own")
    assert recalled is not None and recalled.shape == own.shape[:3]
    assert 0.1 < recalled.mean() < 0.5
    last = recalled[-1]
    assert last[10:85, 4:14].mean() > 0.95 and not last[15:75, 25:135].any(), "the margin, and nothing that recent frames show"
    begin, there, elsewhere = frames(zoomed_out / "begin"), *(part for part in (recalled, ~recalled))
    without = psnr(own, begin, there)
    outside = psnr(own, begin, elsewhere)
    assert without is not None and outside is not None and without < 30 < outside
    nothing = take_folder.read_recalled(zoomed_out / "begin")
    assert nothing is not None and nothing.mean() < recalled.mean() / 2, "psi_0 knows little of the margins"


def test_a_still_section_asks_memory_for_nothing(take: Take, tmp_path: Path) -> None:
    take("a")
    take("own", tmp_path / "a", psi_of=tmp_path / "a")
    recalled = take_folder.read_recalled(tmp_path / "own")
    assert recalled is not None and not recalled.any() and recalled.shape == frames(tmp_path / "own").shape[:3]


def test_a_large_film_is_the_same_without_what_it_has_seen(take: Take, large_pan: Path, tmp_path: Path) -> None:
    """What the page says of large films: psi is the picture, and does not change."""
    first = large_pan / "a"
    take("own", first, "the camera pans left", size=LARGE, psi_of=first)
    take("begin", first, "the camera pans left", size=LARGE, psi_of="begin")
    assert np.array_equal(frames(tmp_path / "own"), frames(tmp_path / "begin"))
    kept, begun = (read_snapshot(folder / take_folder.SNAPSHOT).psi for folder in (first, tmp_path / "begin"))
    assert kept is not None and begun is not None and bool((kept == begun).all())
    assert take_folder.read_recalled(tmp_path / "own") is None


def test_a_psi_that_is_not_there(take: Take, tmp_path: Path) -> None:
    take("a")
    (tmp_path / "gone").mkdir()
    failed = take("own", tmp_path / "a", psi_of=tmp_path / "gone")
    assert isinstance(failed, Failed) and "is missing" in failed.message
