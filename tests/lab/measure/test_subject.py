"""The measure of lifted subjects, and the thresholds that strokes and clicks keep."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from studio.lab.measure import subject
from studio.lab.measure.subject_cases import cases, composed, overlap
from studio.media.subject import subject_alpha


def test_cases_know_their_subjects() -> None:
    found = cases(160)
    assert len(found) >= 10 and len({case.name for case in found}) == len(found)
    for case in found:
        height, width = case.mask.shape
        assert case.picture.shape == (height, width, 3) and 0.001 < case.mask.mean() < 0.7
        for x, y in [*case.stroke, *case.click]:
            assert case.mask[int(y * height), int(x * width)] or case.name in ("lighthouse with its rock", "boat"), case.name


def test_overlaps() -> None:
    one, other = np.zeros((2, 4), bool), np.zeros((2, 4), bool)
    one[:, :2], other[:, 1:3] = True, True
    assert overlap(one, one) == 1 and overlap(one, other) == pytest.approx(1 / 3) and overlap(one, ~one) == 0


@pytest.mark.parametrize("name", ["cloth over forest", "horse over hills"])
def test_strokes_keep_their_threshold(name: str) -> None:
    case = next(case for case in composed(320) if case.name == name)
    assert overlap(subject_alpha(case.picture, [case.stroke]) > 0.5, case.mask) > 0.85


def test_figures_table_and_sheet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "cases", lambda longest: composed(longest)[2:3])
    figures = subject.measure(tmp_path, 96)
    table = subject.markdown(figures)
    assert "| ball over sea |" in table and "| median |" in table and (tmp_path / "subject.png").stat().st_size > 1000
