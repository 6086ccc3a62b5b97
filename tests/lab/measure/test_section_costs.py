"""Sections are timed by the engine itself: every part of the time, the memory, and FFmpeg's filter beside them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.backbones.load import load
from studio.lab.measure import section_costs, size_costs, zoompan
from studio.lab.measure.section_costs import PARTS, SectionRenderer, render_sections
from tests import folders

ROW: dict[str, float] = {
    "section": 2.0, "take": 2.2, "first picture": 0.3, "reading": 0.1, "denoising": 1.0, "decoding": 0.4, "encoding": 0.2,
    "snapshot": 0.1, "processor": 3.0, "closing": 0.2, "snapshot MB": 4.0, "resident_mib": 900.0,
}


def test_every_section_goes_on_after_the_one_before_it(tmp_path: Path) -> None:
    model = load(folders.small(tmp_path / "small"))
    renderer = SectionRenderer(model, (64, 32), tmp_path / "takes")
    rows = render_sections(renderer, 3)
    for row in rows:
        assert all(row[part] > 0 for part in PARTS)
        assert sum(row[part] for part in PARTS) == pytest.approx(row["take"], rel=0.01)
        assert 0 < row["first picture"] < row["section"]
        assert row["snapshot MB"] > 0
    assert len(list((tmp_path / "takes").iterdir())) == 3, "a snapshot may name parts that lie with any take before it"
    renderer.begin()
    assert renderer.before is None


def test_what_the_engine_cannot_render_is_told(tmp_path: Path) -> None:
    renderer = SectionRenderer(load(folders.small(tmp_path / "small")), (72, 40), tmp_path / "takes")
    with pytest.raises(RuntimeError, match="a section of 72x40 failed"):
        renderer.next("pan left")


class Process:
    """Stands in for a process that renders: a film costs as much as its frame is wide."""

    def __init__(self, model: Path | None, size: tuple[int, int]) -> None:
        self.size = size

    def film(self, sections: int, prompts: tuple[str, ...] = (), peak: bool = False) -> dict[str, Any]:
        rows = [{**ROW, "section": self.size[0] / 100} for _ in range(sections)]
        return {"size": self.size, "rows": rows, "peak_flops": 1e9 if peak else None, "most_mb": 2000.0 + self.size[0]}

    def close(self) -> None:
        pass


def test_sizes_are_compared_and_held_against_the_aims(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(size_costs, "SectionProcess", Process)
    monkeypatch.setattr(size_costs.zoompan, "seconds", lambda size, fps, frames: {"frames": 0.1, "clip": 0.3})
    model = load(folders.small(tmp_path / "small"))
    figures = size_costs.measure(model, [(320, 192), (640, 384), (1280, 768)], rounds=2, long=40)
    assert figures["sizes"]["1280x768"]["ratio"] == pytest.approx(4)
    assert figures["sizes"]["640x384"]["share of matrix product"] > 0
    assert figures["late"]["time"] == figures["late"]["processor time"] == 1
    reached = {bar["what"]: bar["reached"] for bar in figures["bars"]}
    assert reached["640x384: section over one of the first size"]
    assert not reached["1280x768: most MB of memory"]
    table = size_costs.markdown(figures)
    assert "| over the first size | 1.00 | 2.00 | 4.00 |" in table
    assert "**missed**" in table


def test_the_filter_makes_the_same_move() -> None:
    if not zoompan.has_zoompan():
        pytest.skip("this FFmpeg has no zoompan")
    across = np.broadcast_to(np.arange(128, dtype=np.uint8)[None, :, None], (64, 128, 3)).copy()
    frames = zoompan.pan_left(across, frames=5, step=4, fps=24)
    assert frames.shape == (5, 32, 64, 3)
    assert np.abs(frames[4, 8:24, 20].astype(int) - frames[0, 8:24, 20].astype(int)).max() >= 14
    assert frames[4, 16, 20, 0] < frames[0, 16, 20, 0], "the view goes to the left, where this picture is darker"


def test_the_reference_has_the_frame_in_its_middle() -> None:
    assert zoompan.reference((64, 32)).shape == (64, 128, 3)
    x, y, width, height = section_costs.half_frame((320, 192))
    assert (x + width / 2, y + height / 2) == pytest.approx((0.5, 0.5))
