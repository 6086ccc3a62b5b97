"""Matching colours: what the change does to a picture, its strength, its way through a clip, and what it leaves alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.media import MediaError
from studio.media.clip import Frame, probe, read_clip, write_clip
from studio.media.colour_match import NO_CHANGE, ColourChange, LabStatistics, between, change_clip, change_frame, fit_change
from studio.media.look import lab_statistics

EXAMPLES = Path(__file__).parents[2] / "assets" / "examples"


def sample(name: str) -> Frame:
    return np.asarray(Image.open(EXAMPLES / name / f"{name}.jpg").convert("RGB").resize((160, 96)))


def statistics(frame: Frame) -> LabStatistics:
    mean, deviation = lab_statistics(frame)
    return LabStatistics(tuple(mean.tolist()), tuple(deviation.tolist()))


def distance(one: Frame, other: Frame) -> float:
    """Between the statistics of two pictures, in units of CIELAB."""
    a, b = statistics(one), statistics(other)
    return float(np.abs(np.subtract((*a.mean, *a.deviation), (*b.mean, *b.deviation))).sum())


def faded(frame: Frame) -> Frame:
    """As a film drifts: brighter, with less contrast, and warmer."""
    return (frame * np.array([0.7, 0.62, 0.5]) + np.array([60, 50, 40])).astype(np.uint8)


def test_a_drifted_picture_gets_its_colours_back() -> None:
    forest = sample("forest")
    drifted = faded(forest)
    change = fit_change(statistics(drifted), statistics(forest), 1)
    matched = change_frame(drifted, change)
    assert distance(matched, forest) < 0.15 * distance(drifted, forest)
    assert float(np.abs(matched.astype(int) - forest).mean()) < 4 < 15 < float(np.abs(drifted.astype(int) - forest).mean())


def test_strength_goes_evenly_from_nothing_to_all() -> None:
    source, target = statistics(faded(sample("sea"))), statistics(sample("sea"))
    assert fit_change(source, target, 0) == NO_CHANGE
    full, half = fit_change(source, target, 1), fit_change(source, target, 0.5)
    assert half.gain == pytest.approx(between(NO_CHANGE, full, 0.5).gain, abs=1e-4)
    assert half.offset == pytest.approx(between(NO_CHANGE, full, 0.5).offset, abs=1e-3)
    frame = sample("sea")
    assert np.abs(change_frame(frame, NO_CHANGE).astype(int) - frame).max() <= 1


def test_black_frames_are_left_alone_and_nothing_is_matched_to_them() -> None:
    black, grey = (statistics(np.full((48, 64, 3), value, np.uint8)) for value in (0, 128))
    for flat in (black, grey):
        assert fit_change(flat, statistics(sample("sea")), 1) == NO_CHANGE
        assert fit_change(statistics(sample("sea")), flat, 1) == NO_CHANGE
    faint = LabStatistics((50, 0, 0), (1.1, 0, 0))
    assert fit_change(faint, statistics(sample("sea")), 1).gain == (2.5, 1, 1), "stretched no further, and no colour out of none"


def test_within_a_clip_the_change_goes_from_the_beginning_to_the_end(tmp_path: Path) -> None:
    write_clip(tmp_path / "clip.mp4", np.stack([sample("room")] * 9), 12, {"title": "a"})
    brighter = ColourChange((1, 1, 1), (16, 0, 0))
    change_clip(tmp_path / "clip.mp4", tmp_path / "out.mp4", NO_CHANGE, brighter)
    light = [statistics(frame).mean[0] for frame in read_clip(tmp_path / "out.mp4")]
    steps = np.diff(light)
    assert light[0] == pytest.approx(statistics(sample("room")).mean[0], abs=0.5)
    assert light[-1] - light[0] == pytest.approx(16, abs=1) and steps.min() > 1.4 and steps.max() < 2.6
    assert probe(tmp_path / "out.mp4").metadata == {"title": "a"} and probe(tmp_path / "out.mp4").frames == 9


def test_one_frame_and_no_clip(tmp_path: Path) -> None:
    write_clip(tmp_path / "one.mp4", sample("room")[None], 12)
    change_clip(tmp_path / "one.mp4", tmp_path / "out.mp4", NO_CHANGE, ColourChange((1, 1, 1), (16, 0, 0)))
    (frame,) = read_clip(tmp_path / "out.mp4")
    assert statistics(frame).mean[0] - statistics(sample("room")).mean[0] == pytest.approx(16, abs=1)
    with pytest.raises(MediaError, match=r"gone\.mp4 is not there any more"):
        change_clip(tmp_path / "gone.mp4", tmp_path / "other.mp4", NO_CHANGE, NO_CHANGE)
    assert not (tmp_path / "other.mp4").exists()
